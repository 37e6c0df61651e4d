"""Distributions of points in the plane whose density is known."""

import math

import numpy as np
import tensorflow as tf

from keras_gen.arguments import shown
from keras_gen.datasets.sources import Source, slices_of_set
from keras_gen.domains import Vectors
from keras_gen.random import Rows, check_seed

#: The examples of each split.
SIZES = {"train": 50_000, "validation": 10_000, "test": 10_000}
#: Points of an arc at which its density is summed up: many on the width of its noise.
_POINTS = 1000


class Arcs:
    """Points on arcs of circles, with normal noise. Each arc is equally probable.

    Args:
        arcs: List of `(x, y, radius, first angle, last angle)`, in radians.
        noise: Float, the standard deviation of the noise.
    """

    def __init__(self, arcs, noise):
        self.arcs, self.noise = np.array(arcs), noise

    def draw(self, rows) -> np.ndarray:
        which, along = np.array(rows.uniform((2,), "arcs"), np.float64).T
        arcs = self.arcs[(which * len(self.arcs)).astype(int)]
        points = _on_arcs(arcs, along) + self.noise * rows.normal((2,), "noise").numpy()
        return points.astype(np.float32)

    def log_density(self, points) -> np.ndarray:
        along = (np.arange(_POINTS) + 0.5) / _POINTS
        centres = _on_arcs(
            np.repeat(self.arcs, _POINTS, axis=0), np.tile(along, len(self.arcs))
        )
        squares = (
            (points**2).sum(1)[:, None] + (centres**2).sum(1) - 2 * points @ centres.T
        )
        exponents = -squares / (2 * self.noise**2)
        largest = exponents.max(axis=1)
        total = np.exp(exponents - largest[:, None]).mean(axis=1)
        return largest + np.log(total) - math.log(2 * math.pi * self.noise**2)


class Checkerboard:
    """Uniform on every other unit square of the square from -2 to 2."""

    def draw(self, rows) -> np.ndarray:
        which, x, y = np.array(rows.uniform((3,), "squares"), np.float64).T
        square = (which * 8).astype(int)
        row = square // 2
        column = 2 * (square % 2) + row % 2
        # In float64, or the sum could be rounded up into the next square.
        return (np.stack([column + x, row + y], axis=1) - 2).astype(np.float32)

    def log_density(self, points) -> np.ndarray:
        column, row = np.floor(points + 2).astype(int).T
        inside = ((points >= -2) & (points < 2)).all(axis=1) & ((column + row) % 2 == 0)
        return np.where(inside, -math.log(8), -np.inf)


def _on_arcs(arcs, along):
    x, y, radius, first, last = arcs.T
    angle = first + along * (last - first)
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)


TOYS = {
    "two_moons": Arcs(
        [(-0.5, -0.25, 1, 0, math.pi), (0.5, 0.25, 1, math.pi, 2 * math.pi)], 0.1
    ),
    "rings": Arcs([(0, 0, radius, 0, 2 * math.pi) for radius in (0.6, 1.2, 1.8)], 0.08),
    "checkerboard": Checkerboard(),
}


def toy(name, num, seed=0) -> np.ndarray:
    """Draws points from a distribution in the plane.

    Args:
        name: String: "two_moons", "rings" or "checkerboard".
        num: Integer of at least 1.
        seed: Integer in [0, 2**31).

    Returns:
        Float32 array of shape `(num, 2)`. All points lie about 0, between -3 and 3.

    Raises:
        ValueError: If there is no such distribution, or an argument is wrong.

    Example:
    >>> from keras_gen import datasets
    >>> datasets.toy("rings", 5).shape
    (5, 2)
    """
    return _toy(name).draw(Rows(num, check_seed(seed)))


def toy_log_density(name, points) -> np.ndarray:
    """The exact log density of points under a distribution in the plane.

    Args:
        name: String, as in `toy()`.
        points: Array of shape `(num, 2)`.

    Returns:
        Float64 array of shape `(num,)`, in nats; minus infinity outside the support.

    Raises:
        ValueError: If there is no such distribution, or `points` has another shape.
    """
    distribution = _toy(name)
    points = np.asarray(points, np.float64)
    Vectors(2).check(points, "points")
    parts = np.array_split(points, -(-len(points) // 1000))
    return np.concatenate([distribution.log_density(part) for part in parts])


def _toy(name):
    if name not in TOYS:
        raise ValueError(
            f"`name` must be one of {', '.join(TOYS)}. Received: {shown(name)}"
        )
    return TOYS[name]


def toy_source(name, split, image_shape=None) -> Source:
    """The points of a split, or of slices of splits. See `keras_gen.datasets.load()`.

    The splits are draws of one seed. They do not depend on the seed of a training.
    """
    if image_shape is not None:
        raise ValueError(
            f"`image_shape` must be left out: {name} holds no images. Received: "
            f"{image_shape}"
        )
    slices = slices_of_set(name, split, SIZES)
    parts = [
        TOYS[name].draw(Rows(last - first, 0, first, step=list(SIZES).index(part)))
        for part, first, last in slices
        if last > first
    ]
    points = np.concatenate([np.zeros((0, 2), np.float32), *parts])
    labels = np.full(len(points), -1, np.int32)
    elements = tf.data.Dataset.from_tensor_slices((points, labels))
    return Source(f"{name}/{split}", len(points), Vectors(2), elements, [])
