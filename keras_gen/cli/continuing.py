"""Continues a text, a melody or a sound."""

import itertools

from keras_gen.cli.printing import check_flag, naming_flags


def continues(model):
    """Whether a model continues what a prompt begins."""
    from keras_gen.models.base import marks_of

    return "impute" in marks_of(model) and model.x_domain.prompt is not None


def continue_prompt(model, prompt, num, length, seed, out, conditions):
    """Writes a prompt with what follows it, or shows it as it is drawn if it is text.

    Args:
        model: Model for which `continues()` is true.
        prompt: String: a text, or the file of a melody or a sound; None if missing.
        num: Integer, how many continuations; None for 1.
        length: Integer, how many symbols follow; None for those of an example.
        seed: Integer.
        out: String, the file; None to show text, or for the default of other data.
        conditions: Dict of the arguments of `impute()`.
    """
    import numpy as np

    from keras_gen.media import check_suffix
    from keras_gen.zoo.continuation import continuation

    domain = model.x_domain
    size = domain.shape[0]
    num, length = 1 if num is None else num, size if length is None else length
    check_flag("num", num, 1)
    check_flag("length", length, 1)
    if prompt is None:
        raise ValueError(f"complete needs --prompt, {domain.prompt} to continue")
    if out is None and not domain.is_text:
        out = f"completions{domain.suffix}"
    if out is not None:
        check_suffix(out, domain.suffix)
    with naming_flags(("prompt", *conditions)):
        known = domain.from_prompt(prompt)
        if not len(known):
            raise ValueError(
                "`prompt` must hold a symbol at least; `sample` needs none"
            )
        if len(known) >= size:
            print(
                f"The model sees the last {max(1, size // 2)} of {len(known)} symbols"
            )
        drawn = continuation(model, known, length, num, seed, **conditions)
        parts = itertools.chain([np.tile(known, (num, 1))], drawn)
        if out is None and num == 1:
            for text in domain.to_texts(part[0] for part in parts):
                print(text, end="", flush=True)
            print()
            return
        written = np.concatenate(list(parts), axis=1)
    if out is None:
        print("\n\n".join(map(domain.to_text, written)))
        return
    domain.write(out, written)
    print(f"Wrote {out}: {num} {domain.noun} of {written.shape[1]} symbols")
