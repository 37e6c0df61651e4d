"""Sliced Wasserstein distance: the mean over distances along random directions."""

import math
from typing import NamedTuple

import numpy as np

from keras_gen.arguments import check_count
from keras_gen.metrics.checks import check_samples
from keras_gen.random import Rows, check_seed

_ENTRIES_AT_ONCE = 2**21


class SlicedWasserstein(NamedTuple):
    """A mean over random directions.

    Attributes:
        value: Float of at least 0, in units of the data.
        standard_error: Float, the standard error of the mean over directions; NaN for a
            single direction. More samples do not reduce it.
    """

    value: float
    standard_error: float


def sliced_wasserstein_distance(
    samples_a, samples_b, num_projections=128, seed=0
) -> SlicedWasserstein:
    """Mean 1-Wasserstein distance of two sets projected on random directions.

    Samples may be images, sounds, sequences or features: each sample is taken as one
    vector. Along a direction the distance is the area between the two quantile
    functions, which is exact for sets of any two sizes. The distance of a set from
    itself is 0. For two sets of the same distribution it is positive and falls with the
    square root of their size.

    Args:
        samples_a: Array of shape `(num_samples_a, ...)`.
        samples_b: Array of shape `(num_samples_b, ...)`.
        num_projections: Integer of at least 1, the number of directions, which are
            uniform on the unit sphere.
        seed: Integer in [0, 2**31), the seed of the directions.

    Returns:
        `SlicedWasserstein`.

    Raises:
        ValueError: If a set is empty or not finite, or the samples differ in shape.

    Reference:
        Bonneel et al., "Sliced and Radon Wasserstein Barycenters of Measures", 2015,
        doi:10.1007/s10851-014-0506-3; for images Karras et al., "Progressive Growing of
        GANs for Improved Quality, Stability, and Variation", 2018, arXiv:1710.10196,
        section 5.

    Example:
    >>> from keras_gen.metrics import sliced_wasserstein_distance
    >>> round(sliced_wasserstein_distance([[0.0], [4.0]], [[1.0], [6.0]]).value, 6)
    1.5
    """
    shapes = np.shape(samples_a)[1:], np.shape(samples_b)[1:]
    a = check_samples(samples_a, "samples_a")
    b = check_samples(samples_b, "samples_b")
    if shapes[0] != shapes[1]:
        raise ValueError(
            "`samples_a` and `samples_b` must hold samples of one shape. Received: "
            f"{shapes[0]} and {shapes[1]}"
        )
    check_count(num_projections, "num_projections", 1)
    directions = _directions(num_projections, a.shape[1], check_seed(seed))
    size = max(1, _ENTRIES_AT_ONCE // max(len(a), len(b)))
    distances = np.concatenate(
        [
            _distances(_project(a, part), _project(b, part))
            for part in np.array_split(directions, math.ceil(num_projections / size))
        ]
    )
    error = np.nan
    if num_projections > 1:
        error = np.std(distances, ddof=1) / math.sqrt(num_projections)
    return SlicedWasserstein(float(distances.mean()), float(error))


def _directions(num, size, seed):
    normal = Rows(num, seed).normal((size,), "projections").numpy().astype(np.float64)
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)


def _project(samples, directions):
    """Float64 projections `(num_directions, num_samples)`, cast in blocks."""
    projected = np.empty((len(directions), len(samples)))
    size = max(1, _ENTRIES_AT_ONCE // samples.shape[1])
    for first in range(0, len(samples), size):
        part = slice(first, first + size)
        projected[:, part] = directions @ samples[part].astype(np.float64).T
    return projected


def _distances(a, b):
    """The area between the quantile functions of each direction.

    The functions are steps of widths `1/n` and `1/m`. Edges are counted in units of
    `1/(n m)`; between neighbouring edges both functions are constant.
    """
    a.sort(axis=1)
    b.sort(axis=1)
    num_a, num_b = a.shape[1], b.shape[1]
    edges = np.union1d(np.arange(num_a + 1) * num_b, np.arange(num_b + 1) * num_a)
    starts, widths = edges[:-1], np.diff(edges) / (num_a * num_b)
    return np.abs(a[:, starts // num_b] - b[:, starts // num_a]) @ widths
