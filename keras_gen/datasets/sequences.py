"""Text and melodies as windows of one length."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, shown
from keras_gen.datasets.melodies import (
    FILE,
    holds_melodies,
    tunes_by_split,
    tunes_of_file,
)
from keras_gen.datasets.sources import Source, find_folder, slices_of_set, tfds_builder
from keras_gen.datasets.splits import MissingSplitError
from keras_gen.domains import Melodies, Text
from keras_gen.files import read_bytes

# Where the splits of a file of text end, as shares of its characters.
_ENDS = {"train": 0.9, "validation": 0.95, "test": 1.0}
#: The feature of a set in TFDS form that holds the notes of a tune.
NOTES = "notes"


def sequence_source(
    name, split, domain, stride=None, data_dir=None, download=False
) -> Source:
    """Windows of a text or of melodies.

    It is one of these: a `.txt` file in UTF-8, whose first nine tenths are `"train"`,
    and halves of the rest `"validation"` and `"test"`; a folder with `melodies.npz`,
    see `keras_gen.datasets.melodies`; a set in TFDS form with a feature of text, whose
    texts stand one after the other; or one with the notes of tunes. Rests fill up the
    last window of a tune, and what is left at the end of a text is not used.

    Args:
        name: String, a path or the name of a set.
        split: String. A slice such as `"train[:50%]"` is of characters, or of tunes.
        domain: `keras_gen.domains.Text` or `Melodies`, what a window is.
        stride: Optional integer of at least 1, how many symbols a window begins after
            the one before. By default the length of a window.
        data_dir: As in `keras_gen.datasets.load()`.
        download: As in `keras_gen.datasets.load()`.

    Raises:
        ValueError: If there is no such set or split, it holds something else, or an
            argument is wrong.
    """
    if not isinstance(domain, (Text, Melodies)):
        raise ValueError(
            "`domain` must be a `Text` or `Melodies` of `keras_gen.domains`. Received: "
            f"{shown(domain)}"
        )
    parts = _parts_of(name, isinstance(domain, Text), data_dir, download)
    sizes = {part: len(contents) for part, contents in parts.items()}
    slices = slices_of_set(str(name), split, sizes)
    chosen = [parts[part][first:last] for part, first, last in slices]
    if isinstance(domain, Text):
        sequences = [domain.to_symbols("".join(chosen), str(name))]
        return _windows(f"{name}/{split}", sequences, domain, stride)
    tunes = [tune for some in chosen for tune in some]
    sequences = [domain.from_notes(tune, str(name)) for tune in tunes]
    return _windows(f"{name}/{split}", sequences, domain, stride, domain.rest)


def alphabet(name, data_dir=None, download=False) -> str:
    """The characters of all splits of a text, in the order of their code points.

    Args:
        name: String, the path of a `.txt` file, or the name of a set in TFDS form.
        data_dir: As in `keras_gen.datasets.load()`.
        download: As in `keras_gen.datasets.load()`.

    Raises:
        ValueError: If there is no such text.
    """
    parts = _parts_of(name, True, data_dir, download)
    return "".join(sorted(set().union(*parts.values())))


def _parts_of(name, is_text, data_dir, download):
    """What each split has: a dict of strings, or of lists of arrays of notes."""
    is_file = str(name).endswith(".txt")
    folder = find_folder(name, holds_melodies, data_dir)
    if (is_file or folder is not None) and is_file != is_text:
        raise _other_kind(name, is_text)
    if is_file:
        return _parts_of_file(Path(name).expanduser())
    if folder is not None:
        tunes = tunes_by_split(tunes_of_file(folder / FILE))
        return {split: list(some.values()) for split, some in tunes.items()}
    tfds, builder = tfds_builder(name, data_dir, download)
    features = builder.info.features
    texts = [k for k, kind in features.items() if isinstance(kind, tfds.features.Text)]
    wanted = texts[:1] if is_text else [NOTES] * (NOTES in features)
    if not wanted:
        raise _other_kind(name, is_text)
    (key,) = wanted
    config = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
    options = {"shuffle_files": False, "read_config": config}
    found = {
        split: [
            example[key]
            for example in builder.as_dataset(split, **options).as_numpy_iterator()
        ]
        for split in builder.info.splits
    }
    if not is_text:
        return found
    return {split: b"".join(some).decode("utf-8") for split, some in found.items()}


def _other_kind(name, is_text):
    wanted, kind = ("text", "Text") if is_text else ("melodies", "Melodies")
    return ValueError(
        f"{name} holds no {wanted}. Received: `domain` of the kind {kind}"
    )


def _parts_of_file(path):
    try:
        # Not as a text file, which would change the ends of lines.
        text = read_bytes(path).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{str(path)!r} cannot be read: {error}") from error
    parts, start = {}, 0
    for name, share in _ENDS.items():
        end = round(share * len(text))
        parts[name], start = text[start:end], end
    return parts


def _windows(name, sequences, domain, stride, padding=None):
    """The windows of sequences of symbols as a source; padded if there is a symbol."""
    (length,) = domain.shape
    stride = length if stride is None else stride
    check_count(stride, "stride", 1)
    kind = np.uint8 if domain.num_levels <= 256 else np.int32
    parts = []
    for symbols in sequences:
        if padding is not None:
            beyond = max(0, len(symbols) - length)
            missing = length + beyond + -beyond % stride - len(symbols)
            symbols = np.pad(symbols, (0, missing), constant_values=padding)
        if len(symbols) >= length:
            seen = np.lib.stride_tricks.sliding_window_view(symbols, length)
            parts.append(seen[::stride].astype(kind))
    if not parts:
        longest = max(map(len, sequences), default=0)
        raise MissingSplitError(
            f"`split` of {name} must have a window of {length} symbols. Received: "
            f"{longest} symbols"
        )
    examples = np.concatenate(parts)
    labels = np.full(len(examples), -1, np.int32)
    elements = tf.data.Dataset.from_tensor_slices((examples, labels))
    return Source(name, len(examples), domain, elements, [])
