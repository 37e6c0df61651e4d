"""Tunes as notes, and splits that keep the variants of a tune together."""

import hashlib
from pathlib import Path

import numpy as np

from keras_gen.media import on_grid

FILE = "melodies.npz"
#: The splits of tunes, and their shares in tenths.
SPLITS = {"train": range(8), "validation": range(8, 9), "test": range(9, 10)}
# Tunes are variants of one if they share this many consecutive intervals.
_PHRASE = 16


def tunes_of_file(path) -> dict:
    """The tunes of a file in the form of the Nottingham collection.

    The file has the arrays `names`, `offsets`, `onset`, `duration`, `pitch` and
    `ticks_per_quarter`. Tune `i` has the notes from `offsets[i]` to `offsets[i + 1]`.

    Args:
        path: Path of a `.npz` file.

    Returns:
        Dict from the names of the tunes to notes on the nearest sixteenth notes,
        integer arrays of shape `(num, 3)` as `keras_gen.domains.Melodies` takes them.

    Raises:
        ValueError: If there is no such file, or it is not as stated.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            notes = [file[name] for name in ("onset", "duration", "pitch")]
            notes = np.stack([part.astype(np.int64) for part in notes], axis=1)
            names, ends = file["names"].tolist(), file["offsets"][1:-1]
            step = float(file["ticks_per_quarter"]) / 4
        tunes = np.split(notes, ends)
        return {n: on_grid(tune, step) for n, tune in zip(names, tunes, strict=True)}
    except Exception as error:
        # NumPy raises many kinds of errors at files of another kind.
        raise ValueError(f"{str(path)!r} cannot be read: {error}") from error


def splits_of(tunes) -> dict:
    """The split of each tune: a tenth is `"validation"`, a tenth `"test"`.

    Tunes that share 16 consecutive intervals are variants of one tune and get the same
    split. It depends on the first of their names.

    Args:
        tunes: Dict from names to notes.

    Returns:
        Dict from names to `"train"`, `"validation"` or `"test"`.
    """
    parent = {name: name for name in sorted(tunes)}

    def first_of(name):
        while parent[name] != name:
            name = parent[name]
        return name

    seen = {}
    for name in sorted(tunes):
        intervals = np.diff(tunes[name][:, 2])
        for start in range(len(intervals) - _PHRASE + 1):
            phrase = intervals[start : start + _PHRASE].tobytes()
            one, other = sorted(
                (first_of(name), first_of(seen.setdefault(phrase, name)))
            )
            parent[other] = one
    found = {}
    for name in tunes:
        tenth = hashlib.sha256(first_of(name).encode()).digest()[0] * 10 // 256
        (found[name],) = (split for split, part in SPLITS.items() if tenth in part)
    return found


def tunes_by_split(tunes) -> dict:
    """The tunes of each split, a dict of dicts from names to notes."""
    splits = splits_of(tunes)
    return {
        split: {name: notes for name, notes in tunes.items() if splits[name] == split}
        for split in SPLITS
    }


def holds_melodies(folder) -> bool:
    """Whether a folder holds tunes in the form of `tunes_of_file()`."""
    return (Path(folder) / FILE).is_file()
