"""Sprites: images of one white shape, drawn from their factors of variation."""

import math

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, shown
from keras_gen.datasets.sources import Source, bytes_domain, slices_of_set
from keras_gen.random import permutation

#: The values of the factor `shape`.
SHAPES = ("square", "ellipse", "heart")
#: The factors of a sprite, and how many values each has.
SPRITE_FACTORS = {"shape": len(SHAPES), "scale": 6, "angle": 40, "x": 32, "y": 32}
#: The examples of each split, all of them different.
SIZES = {"train": 50_000, "validation": 10_000, "test": 10_000}
# In sides of the image: the greatest radius of a sprite, and where its centre may be.
_RADIUS, _FIRST, _LAST = 0.22, 0.25, 0.75
# The heart reaches this far from its centre.
_HEART = 1.44
_LEAST_SIZE = 16
_PIXELS_AT_ONCE = 2**22


def sprites(factors, size=64) -> np.ndarray:
    """Draws sprites: images of a square, an ellipse or a heart, white on black.

    The factors are the shape; the scale, from a half to the whole in equal steps; the
    angle, in 40 equal steps of the full circle; and the place of the centre from left
    to right and from top to bottom. No sprite touches the edge of its image. A square
    looks the same after a quarter of a turn, an ellipse after half a turn.

    They are like the images of dSprites (Matthey et al., 2017), but drawn by another
    program, so that numbers do not compare.

    Args:
        factors: Integer array of shape `(num, 5)`, which value each of
            `SPRITE_FACTORS` has, from 0.
        size: Integer of at least 16, the height and width of the images in pixels.

    Returns:
        Float32 array of shape `(num, size, size, 1)`, each pixel 0 or 1.

    Raises:
        ValueError: If an argument is wrong.

    Example:
    >>> from keras_gen import datasets
    >>> small, large = datasets.sprites([[0, 0, 0, 9, 9], [0, 5, 0, 9, 9]])
    >>> round(float(large.sum() / small.sum()))
    4
    """
    return _drawn(_checked(factors), size).astype(np.float32)


def sprite_factors(split="train") -> np.ndarray:
    """The factors of the sprites of a split, in the order of the set.

    `datasets.load("sprites", split, training=False)` gives the images in this order.

    Args:
        split: String, a split or a slice of one, as in `keras_gen.datasets.load()`.

    Returns:
        Int32 array of shape `(num, 5)`, which value each of `SPRITE_FACTORS` has.

    Raises:
        ValueError: If there is no such split (a `MissingSplitError`).

    Example:
    >>> from keras_gen import datasets
    >>> datasets.sprite_factors("test[:3]").shape
    (3, 5)
    """
    slices = slices_of_set("sprites", split, SIZES)
    sizes = list(SPRITE_FACTORS.values())
    order = permutation(math.prod(sizes), 0, "sprites").numpy()
    firsts = dict(zip(SIZES, np.cumsum([0, *SIZES.values()]), strict=False))
    parts = [order[firsts[part] + a : firsts[part] + b] for part, a, b in slices]
    factors = np.unravel_index(np.concatenate(parts), sizes)
    return np.stack(factors, axis=1).astype(np.int32)


def sprites_source(split, image_shape=None) -> Source:
    """The sprites of a split, with their shapes as labels.

    See `keras_gen.datasets.load()`. The splits have no sprite in common and do not
    depend on the seed of a training.
    """
    shape = (64, 64, 1) if image_shape is None else tuple(image_shape)
    if len(shape) != 3 or shape != (shape[0], shape[0], 1) or shape[0] < _LEAST_SIZE:
        raise ValueError(
            f"`image_shape` must be (size, size, 1) for sprites, with a size of at "
            f"least {_LEAST_SIZE}. Received: {shown(image_shape)}"
        )
    factors = sprite_factors(split)
    images = _drawn(factors, shape[0])
    elements = tf.data.Dataset.from_tensor_slices((images, factors[:, 0]))
    domain = bytes_domain(shape, levels=2)
    return Source(f"sprites/{split}", len(images), domain, elements, list(SHAPES))


def _drawn(factors, size):
    check_count(size, "size", _LEAST_SIZE)
    block = max(1, _PIXELS_AT_ONCE // size**2)
    images = np.zeros((len(factors), size, size, 1), np.uint8)
    for shape in range(len(SHAPES)):
        rows = np.flatnonzero(factors[:, 0] == shape)
        for first in range(0, len(rows), block):
            some = rows[first : first + block]
            images[some, ..., 0] = _is_inside(shape, factors[some, 1:], size)
    return images


def _is_inside(shape, factors, size):
    """Which pixels lie in sprites of one shape: a boolean array `(num, size, size)`."""
    scale, angle, x, y = factors.T.astype(np.float64)
    counts = list(SPRITE_FACTORS.values())[1:]
    reach = _RADIUS * (0.5 + 0.5 * scale / (counts[0] - 1))
    angle = 2 * math.pi * angle / counts[1]
    x, y = (
        _FIRST + (_LAST - _FIRST) * place / (count - 1)
        for place, count in zip((x, y), counts[2:], strict=True)
    )
    pixel = ((np.arange(size) + 0.5) / size).astype(np.float32)

    def on_axis(of_x, of_y):
        """The coordinates of pixels on an axis of each sprite, in its reaches."""
        of_x, of_y = of_x / reach, of_y / reach
        start, of_x, of_y = (
            value.astype(np.float32)[:, None]
            for value in (-of_x * x - of_y * y, of_x, of_y)
        )
        return (start + of_y * pixel)[:, :, None] + (of_x * pixel)[:, None, :]

    u = on_axis(np.cos(angle), np.sin(angle))
    v = on_axis(-np.sin(angle), np.cos(angle))
    if SHAPES[shape] == "square":
        return np.maximum(np.abs(u), np.abs(v)) <= math.sqrt(0.5)
    if SHAPES[shape] == "ellipse":
        return u**2 + 4 * v**2 <= 1
    u, v = _HEART * u, -_HEART * v
    return (u**2 + v**2 - 1) ** 3 <= u**2 * v**3


def _checked(factors):
    factors, names = np.asarray(factors), tuple(SPRITE_FACTORS)
    if factors.ndim != 2 or factors.shape[1] != len(names) or not len(factors):
        raise ValueError(
            f"`factors` must have shape (num, {len(names)}), for {', '.join(names)}. "
            f"Received shape: {factors.shape}"
        )
    if factors.dtype.kind not in "iu":
        raise ValueError(f"`factors` must be integers. Received: {factors.dtype}")
    for column, (name, count) in zip(factors.T, SPRITE_FACTORS.items(), strict=True):
        if column.min() < 0 or column.max() >= count:
            raise ValueError(
                f"`factors` must have values of {name!r} in [0, {count}). Received "
                f"values from {column.min()} to {column.max()}"
            )
    return factors
