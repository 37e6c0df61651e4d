"""Splits of a set and slices of them, in the form of TFDS."""

import re

_SLICE = re.compile(r"(?P<name>\w+)(\[(?P<first>[^:\]]*):(?P<last>[^:\]]*)\])?")
_EDGE = re.compile(r"-?\d[\d_]*|-?\d+(\.\d+)?%")


class MissingSetError(ValueError):
    """There is no such set here, and it may not be downloaded."""


class MissingSplitError(ValueError):
    """A set has no such split, or none with examples."""


def slices_of(split, sizes, clip=False):
    """What a split in TFDS form names: a list of `(name, first, last)`.

    Args:
        split: String, splits or slices of them joined by `+`: `"train[:90%]"`.
        sizes: Dict from the names of splits to their numbers of images.
        clip: Boolean, whether a slice may reach beyond its split, as in Python.

    Raises:
        MissingSplitError: If `split` names no split of `sizes` or has another form.

    Example:
    >>> from keras_gen.datasets.splits import slices_of
    >>> slices_of("train[-25%:]+test", {"train": 80, "test": 10})
    [('train', 60, 80), ('test', 0, 10)]
    """
    slices = []
    for part in re.split(r"\s*\+\s*", split):
        found = _SLICE.fullmatch(part)
        if found is None or found["name"] not in sizes:
            raise MissingSplitError(f"There is no split {part!r} of {sorted(sizes)}.")
        size = sizes[found["name"]]
        first = _edge_of(found["first"], 0, size, clip)
        last = _edge_of(found["last"], size, size, clip)
        slices.append((found["name"], first, max(first, last)))
    return slices


def _edge_of(text, default, size, clip):
    """Where a slice begins or ends: `"500"`, `"-10%"`, or nothing for the default."""
    if not text:
        return default
    if not _EDGE.fullmatch(text):
        raise MissingSplitError(
            f"A slice must begin and end at a number. Received: {text!r}"
        )
    is_share = text.endswith("%")
    edge = round(float(text[:-1]) * size / 100) if is_share else int(text)
    if clip:
        edge = max(-size, min(edge, size))
    if abs(edge) > size:
        raise MissingSplitError(
            f"A slice must lie within {size} images. Received: {text!r}"
        )
    return edge + size if edge < 0 else edge
