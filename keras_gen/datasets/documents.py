"""Documents as counts of words, in the format of LDA-C."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_gen.datasets.sources import Source, split_error
from keras_gen.domains import Counts

_VOCABULARY = "vocab.txt"
# Which documents of a single file are in which split, by their number modulo ten.
_SPLITS = {"train": range(8), "validation": [8], "test": [9], "all": range(10)}


def documents_source(path, split) -> Source:
    """The documents of a folder in the format of LDA-C, as counts of words.

    `vocab.txt` has a word a line. Each line of a `.dat` file is a document: the number
    of its different words, and then `word:count` for each, words numbered from 0. If
    there is one file, every tenth document is `"test"`, the one before it
    `"validation"`, the others `"train"`, and `"all"` are all. If there are several,
    their names are the splits. Empty documents are passed over.

    Args:
        path: Path of the folder.
        split: String.

    Raises:
        ValueError: If there is no such split, a file is not in UTF-8, or a line is no
            document.
    """
    path = Path(path).expanduser()
    names = vocabulary(path)
    files = {file.stem: file for file in sorted(path.glob("*.dat"))}
    kept = range(10)
    if split in files:
        file = files[split]
    elif len(files) == 1 and split in _SPLITS and not files.keys() & _SPLITS.keys():
        (file,), kept = files.values(), _SPLITS[split]
    else:
        is_single = len(files) == 1 and not files.keys() & _SPLITS.keys()
        raise split_error(str(path), split, _SPLITS if is_single else files)
    lines = _text_of(file).splitlines()
    counts = [
        _counts(line, len(names), f"{str(file)!r}, line {number + 1}")
        for number, line in enumerate(lines)
        if number % 10 in kept
    ]
    counts = [row for row in counts if row.any()]
    if not counts:
        raise ValueError(f"{str(file)!r} holds no documents.")
    labels = np.full(len(counts), -1, np.int32)
    elements = tf.data.Dataset.from_tensor_slices((np.stack(counts), labels))
    name = f"{path.name}/{split}"
    return Source(name, len(counts), Counts(len(names)), elements, [])


def vocabulary(path) -> list:
    """The words of a folder of documents, a list of strings in their order."""
    return _text_of(Path(path).expanduser() / _VOCABULARY).split()


def _text_of(file):
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{str(file)!r} is not in UTF-8: {error}") from None


def _counts(line, size, where):
    """The counts of a line, an int32 array of shape `(size,)`."""
    row = np.zeros(size, np.int32)
    try:
        for pair in line.split()[1:]:
            word, count = pair.split(":")
            if int(word) < 0 or int(count) < 0:
                raise ValueError("a number is negative")
            row[int(word)] += int(count)
    except (ValueError, IndexError) as error:
        raise ValueError(f"{where}, is no document in LDA-C form: {error}") from None
    return row
