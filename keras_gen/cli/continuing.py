"""Goes on with a text, a melody or a sound that was started."""

import itertools

from keras_gen.cli.printing import check_flag, naming_flags


def continues(model):
    """Whether a model goes on with a sequence, by what its data are."""
    from keras_gen.domains import Melodies, Text, Waveforms
    from keras_gen.models.base import marks_of

    is_sequence = isinstance(model.x_domain, (Text, Melodies, Waveforms))
    return is_sequence and "impute" in marks_of(model)


def continue_prompt(model, prompt, num, length, seed, out, conditions):
    """Writes what follows a prompt, or shows it as it is drawn if it is text.

    Args:
        model: Model for which `continues()` is true.
        prompt: String: a text, or the file of a melody or a sound; None if missing.
        num: Integer, how many ways to go on; None for 1.
        length: Integer, how many symbols follow; None for those of an example.
        seed: Integer.
        out: String, the file; None to show text, or for the default of other data.
        conditions: Dict of the arguments of `impute()`.
    """
    import numpy as np

    from keras_gen.domains import Text
    from keras_gen.media import check_suffix
    from keras_gen.zoo.continuation import continuation

    domain = model.x_domain
    is_text = isinstance(domain, Text)
    size = domain.shape[0]
    num, length = 1 if num is None else num, size if length is None else length
    check_flag("num", num, 1)
    check_flag("length", length, 1)
    if prompt is None:
        kind = "a text" if is_text else f"a {domain.suffix} file"
        raise ValueError(f"complete needs --prompt, {kind} to go on with")
    if out is None and not is_text:
        out = f"completions{domain.suffix}"
    if out is not None:
        check_suffix(out, domain.suffix)
    with naming_flags(("prompt", *conditions)):
        known = domain.to_symbols(prompt, "prompt") if is_text else domain.read(prompt)
        if not len(known):
            raise ValueError(
                "`prompt` must hold a symbol at least; `sample` needs none"
            )
        if len(known) >= size:
            print(
                f"The model sees the last {max(1, size // 2)} of {len(known)} symbols"
            )
        parts = continuation(model, known, length, num, seed, **conditions)
        first = np.tile(known, (num, 1))
        if is_text and out is None and num == 1 and domain.alphabet is not None:
            for part in itertools.chain([first], parts):
                print(domain.to_text(part[0]), end="", flush=True)
            print()
            return
        written = np.concatenate([first, *parts], axis=1)
    if out is None:
        print("\n\n".join(map(domain.to_text, written)))
        return
    domain.write(out, written)
    print(f"Wrote {out}: {num} {domain.noun} of {written.shape[1]} symbols")
