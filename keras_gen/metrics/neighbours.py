"""Metrics of nearest neighbours: precision, recall, density, coverage, memorization.

Distances are found in two passes. A matrix product in float32 first gives a lower bound
on each distance, which holds whatever the rounding. Pairs that the bound does not
decide are computed again in float64, as sums of squared differences. So the results are
those of float64, do not depend on the block size, and need no matrix of all distances.

Balls are closed, as in Kynkäänniemi et al.: a sample at exactly the radius is inside.
The `prdc` package uses open balls, which differs if features repeat.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.metrics.checks import (
    check_distinct,
    check_features,
    check_same_features,
)

_ENTRIES_AT_ONCE = 2**22
_WIDEST_FLOAT32 = 2**14
_EDGES = (np.min, np.max)


class PrecisionRecall(NamedTuple):
    """The fractions of samples that lie in the manifold of the other set.

    Attributes:
        precision: Float in [0, 1], the fraction of fake samples in the manifold of the
            real ones.
        recall: Float in [0, 1], the fraction of real samples in the manifold of the
            fake ones.
    """

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """How densely and how completely fake samples fill the real manifold.

    Attributes:
        density: Float of at least 0. Its expectation is 1 if the distributions are
            equal. It is larger if fake samples crowd where real samples are dense.
        coverage: Float in [0, 1], the fraction of real samples that have a fake sample
            nearby. Its expectation is `1 - 2**-k` if the distributions are equal and
            the sets are large and of the same size.
    """

    density: float
    coverage: float


class NearestNeighbours(NamedTuple):
    """The nearest references of each sample, nearest first.

    Attributes:
        distances: Float64 array of shape `(num_samples, k)`, Euclidean distances in
            units of the features.
        indices: Int64 array of shape `(num_samples, k)`, indices into the references.
            Among references at the same distance the lowest index comes first.
    """

    distances: np.ndarray
    indices: np.ndarray


def precision_recall(real_features, fake_features, k=3) -> PrecisionRecall:
    """Precision and recall of generated samples by manifolds of nearest neighbours.

    The manifold of a set is a union of balls, one around each sample. The radius of a
    ball is the distance from its sample to the k-th nearest other sample of the set.

    Args:
        real_features: Array of shape `(num_real, num_features)`.
        fake_features: Array of shape `(num_fake, num_features)`.
        k: Integer of at least 1 and less than the number of samples of each set.

    Returns:
        `PrecisionRecall`.

    Raises:
        ValueError: If a set is empty or not finite, the numbers of features differ, `k`
            is too large, or the sets are equal.

    Reference:
        Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing
        Generative Models", 2019, arXiv:1904.06991, eqs. 1 and 2.

    Example:
    >>> from keras_gen.metrics import precision_recall
    >>> from keras_gen.random import Rows
    >>> real = Rows(100, seed=0).normal((2,), "features").numpy()
    >>> precision_recall(real, real[:50] + 1e-5).precision
    1.0
    """
    real_features, fake_features = _check_sets(real_features, fake_features)
    _check_k(k, real_features, "real_features")
    _check_k(k, fake_features, "fake_features")
    ((balls, _),) = _count_in_balls(
        fake_features, real_features, _squared_radii(real_features, k)
    )
    recall = _recall(real_features, fake_features, k)
    return PrecisionRecall(float(np.mean(balls > 0)), recall)


def density_coverage(real_features, fake_features, k=5) -> DensityCoverage:
    """Density and coverage of generated samples around the real ones.

    Both use balls around the real samples only, so an outlier among the fake samples
    does no harm. The radius of a ball is the distance to the k-th nearest other real
    sample. Density is the mean number of balls that hold a fake sample, divided by `k`.
    Coverage is the fraction of balls that hold at least one fake sample.

    Args:
        real_features: Array of shape `(num_real, num_features)`.
        fake_features: Array of shape `(num_fake, num_features)`.
        k: Integer of at least 1 and less than `num_real`.

    Returns:
        `DensityCoverage`.

    Raises:
        ValueError: As for `precision_recall`.

    Reference:
        Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative Models",
        2020, arXiv:2002.09797, section 3.2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.metrics import density_coverage
    >>> from keras_gen.random import Rows
    >>> real = Rows(100, seed=0).normal((2,), "features").numpy()
    >>> density_coverage(real, np.full((5, 2), 9.0))
    DensityCoverage(density=0.0, coverage=0.0)
    """
    real_features, fake_features = _check_sets(real_features, fake_features)
    _check_k(k, real_features, "real_features")
    ((balls, held),) = _count_in_balls(
        fake_features, real_features, _squared_radii(real_features, k)
    )
    return DensityCoverage(float(balls.mean() / k), float(np.mean(held > 0)))


def precision_recall_density_coverage(
    real_features, fake_features, k_precision_recall=3, k_density_coverage=5
) -> tuple[PrecisionRecall, DensityCoverage]:
    """Computes both pairs of numbers in little more time than one pair takes.

    Args:
        real_features: Array of shape `(num_real, num_features)`.
        fake_features: Array of shape `(num_fake, num_features)`.
        k_precision_recall: Integer of at least 1 and less than the number of samples of
            each set.
        k_density_coverage: Integer of at least 1 and less than `num_real`.

    Returns:
        `PrecisionRecall` and `DensityCoverage`, as `precision_recall` and
        `density_coverage` return them.

    Raises:
        ValueError: As for `precision_recall`.

    Example:
    >>> from keras_gen.metrics import precision_recall_density_coverage
    >>> from keras_gen.random import Rows
    >>> real = Rows(100, seed=0).normal((2,), "features").numpy()
    >>> first, second = precision_recall_density_coverage(real, real[::-1] + 1e-5)
    >>> first.precision, second.coverage
    (1.0, 1.0)
    """
    real_features, fake_features = _check_sets(real_features, fake_features)
    both = {
        "k_precision_recall": k_precision_recall,
        "k_density_coverage": k_density_coverage,
    }
    for name, k in both.items():
        _check_k(k, real_features, "real_features", name)
    _check_k(k_precision_recall, fake_features, "fake_features", "k_precision_recall")
    radii = _squared_radii(real_features, *both.values())
    counts = _count_in_balls(fake_features, real_features, *radii)
    (balls, _), (dense_balls, held) = counts
    recall = _recall(real_features, fake_features, k_precision_recall)
    return (
        PrecisionRecall(float(np.mean(balls > 0)), recall),
        DensityCoverage(
            float(dense_balls.mean() / k_density_coverage), float(np.mean(held > 0))
        ),
    )


def nearest_neighbours(features, references, k=1) -> NearestNeighbours:
    """Finds the nearest references of each sample, for instance memorized images.

    Args:
        features: Array of shape `(num_samples, num_features)`, for instance the
            features of generated images.
        references: Array of shape `(num_references, num_features)`, for instance the
            features of training images.
        k: Integer from 1 to `num_references`.

    Returns:
        `NearestNeighbours`.

    Raises:
        ValueError: If a set is empty or not finite, the numbers of features differ, `k`
            is too large, or the sets are equal, so that each sample would find itself.

    Example:
    >>> from keras_gen.metrics import nearest_neighbours
    >>> nearest_neighbours([[1.0, 1.0], [9.0, 9.0]], [[9.0, 6.0], [1.0, 1.0]])
    NearestNeighbours(distances=array([[0.], [3.]]), indices=array([[1], [0]]))
    """
    features = check_features(features, "features")
    references = check_features(references, "references")
    check_same_features(features, "features", references, "references")
    check_distinct(features, "features", references, "references")
    check_count(k, "k", 1)
    if k > len(references):
        raise ValueError(
            f"`k` must be at most the number of `references`, {len(references)}. "
            f"Received: {k}"
        )
    squares, indices = _nearest(features, references, k)
    return NearestNeighbours(np.sqrt(squares), indices)


class _Screen:
    """Lower bounds of `|x - y|^2 - r^2` for points `x` and balls of centre `y`.

    `x` and `y` are shifted and scaled in the same way. The bound is the product of the
    vectors `(-2 x, |x|^2, 1)` and `(y, 1, |y|^2 - r^2)`, minus a bound on its error. A
    product of `d + 2` terms whose factors are rounded to unit roundoff `u` is wrong by
    less than `2 (d + 8) u (|x|^2 + |y|^2 + r^2)`: Higham, "Accuracy and Stability of
    Numerical Algorithms", 2002, section 3.1.
    """

    def __init__(self, points, centres, squared_radii=0.0):
        dim = centres.shape[1]
        self.dtype = np.float32 if dim <= _WIDEST_FLOAT32 else np.float64
        self.slack = (dim + 8) * np.finfo(self.dtype).eps
        # Any shift is right. Near most points it keeps errors small, outliers or not.
        some = centres[:: 1 + len(centres) // 1000].astype(np.float64)
        self.shift = np.median(some, axis=0)
        # A power of two, by which division is exact.
        largest = float(max(abs(edge(x)) for x in (points, centres) for edge in _EDGES))
        self.scale = 2.0 ** np.ceil(np.log2(largest or 1.0))
        self.points = points
        lifted, squares, error = self._lift(centres)
        squared_radii = squared_radii / self.scale / self.scale
        self.error = error + self.slack * squared_radii
        lifted[:, -2] = 1.0
        lifted[:, -1] = squares - squared_radii - self.error
        with tf.device("CPU"):
            self.lifted = tf.convert_to_tensor(lifted)

    def blocks(self):
        """Yields blocks of points: their indices, bounds and errors.

        The next block is computed while the caller works on one.
        """
        size = max(1, _ENTRIES_AT_ONCE // max(self.lifted.shape))
        firsts = range(0, len(self.points), size)
        with ThreadPoolExecutor(1) as ahead:
            block = ahead.submit(self._block, 0, size)
            for first in firsts:
                current, block = block, ahead.submit(self._block, first + size, size)
                yield current.result()

    def _block(self, first, size):
        rows = slice(first, min(first + size, len(self.points)))
        lifted, squares, error = self._lift(self.points[rows])
        lifted[:, :-2] *= -2.0
        lifted[:, -2] = squares - error
        lifted[:, -1] = 1.0
        # On a GPU the product would round its factors to 10 bits.
        with tf.device("CPU"):
            bounds = tf.linalg.matmul(lifted, self.lifted, transpose_b=True)
        return rows, np.asarray(bounds), error

    def _lift(self, points):
        """Scaled points with two free columns, their squared norms and errors."""
        num, dim = points.shape
        lifted = np.empty((num, dim + 2), self.dtype)
        squares = np.empty(num)
        size = max(1, _ENTRIES_AT_ONCE // dim)
        for first in range(0, num, size):
            rows = slice(first, first + size)
            inner = lifted[rows, :dim]
            inner[:] = (points[rows] - self.shift) / self.scale
            squares[rows] = np.einsum("ij,ij->i", inner, inner, dtype=np.float64)
        # The small number covers products that underflow.
        return lifted, squares, self.slack * (squares + 1e-24)


def _nearest(points, references, k, itself=None):
    """Squared distances to the k nearest references, and the references' indices.

    `itself` holds for each point the index of the reference that is this point, which
    does not count.
    """
    screen = _Screen(points, references)
    squares = np.empty((len(points), k))
    indices = np.empty((len(points), k), np.int64)
    for block, bounds, error in screen.blocks():
        rows = np.arange(len(bounds))
        kth = _above_kth(bounds, k if itself is None else k + 1).astype(np.float64)
        # A reference `y` in reach has |y|^2 <= 2 |x|^2 + 2 |x - y|^2, which bounds the
        # error of its bound without looking it up.
        reach = (kth + 6.0 * error) / (1.0 - 4.0 * screen.slack)
        reach = np.nextafter(reach.astype(screen.dtype), screen.dtype(np.inf))
        row, column = _nonzero(bounds <= reach[:, None])
        if itself is not None:
            others = column != itself[block][row]
            row, column = row[others], column[others]
        exact = _squared_distances(points[block], references, row, column)
        order = np.lexsort((exact, row))
        nearest = order[np.searchsorted(row, rows)[:, None] + np.arange(k)]
        squares[block], indices[block] = exact[nearest], column[nearest]
    return squares, indices


def _above_kth(bounds, k):
    """For each point an upper bound, mostly a close one, on its k-th smallest number.

    It is the k-th smallest of the minima of disjoint groups of columns: `k` groups hold
    a number that is not larger. It takes a tenth of the time of a partial sort.
    """
    groups = min(4 * k, bounds.shape[1])
    width = bounds.shape[1] // groups
    grouped = bounds[:, : groups * width].reshape(len(bounds), groups, width)
    return np.partition(grouped.min(axis=2), k - 1, axis=1)[:, k - 1]


def _recall(real_features, fake_features, k):
    """The fraction of real samples that lie in balls around fake ones."""
    ((balls, _),) = _count_in_balls(
        real_features, fake_features, _squared_radii(fake_features, k)
    )
    return float(np.mean(balls > 0))


def _squared_radii(features, *ks):
    """Squared distance of each sample to its k-th nearest other sample, for each k.

    Returns an array for one k, and a list of arrays for several.
    """
    k = max(ks)
    _, group, copies = np.unique(
        features, axis=0, return_inverse=True, return_counts=True
    )
    # A collapsed generator repeats samples. Their radii are 0; a search would have to
    # consider all copies.
    rows = np.flatnonzero(copies[group] <= k)
    radii = np.zeros((len(features), k))
    if len(rows):
        radii[rows] = _nearest(features[rows], features, k, itself=rows)[0]
    return [radii[:, k - 1] for k in ks] if len(ks) > 1 else radii[:, -1]


def _count_in_balls(points, centres, *squared_radii):
    """Counts the balls around each point, and the points in each ball.

    Returns a pair of counts for each array of radii.
    """
    counts = [
        (np.zeros(len(points), np.int64), np.zeros(len(centres), np.int64))
        for _ in squared_radii
    ]
    largest = np.maximum.reduce(squared_radii)
    screen = _Screen(points, centres, largest)
    for block, bounds, error in screen.blocks():
        row, column = _nonzero(bounds <= 0.0)
        least = bounds[row, column].astype(np.float64)
        slack = 2.0 * (error[row] + screen.error[column])
        for radii, (balls, held) in zip(squared_radii, counts, strict=True):
            bound = least + ((largest - radii) / screen.scale / screen.scale)[column]
            inside = bound + slack <= 0.0
            is_open = ~inside & (bound - slack <= 0.0)
            rows, columns = row[is_open], column[is_open]
            exact = _squared_distances(points[block], centres, rows, columns)
            inside[is_open] = exact <= radii[columns]
            balls[block] = np.bincount(row[inside], minlength=len(bounds))
            held += np.bincount(column[inside], minlength=len(centres))
    return counts


def _squared_distances(points, references, rows, columns):
    squares = np.empty(len(rows))
    size = max(1, _ENTRIES_AT_ONCE // points.shape[1])
    for first in range(0, len(rows), size):
        part = slice(first, first + size)
        difference = points[rows[part]].astype(np.float64)
        difference -= references[columns[part]]
        squares[part] = np.einsum("ij,ij->i", difference, difference)
    return squares


def _nonzero(matrix):
    """Like `np.nonzero`, but faster for a matrix with few nonzero values."""
    return np.divmod(np.flatnonzero(matrix), matrix.shape[1])


def _check_sets(real_features, fake_features):
    real_features = check_features(real_features, "real_features")
    fake_features = check_features(fake_features, "fake_features")
    names = real_features, "real_features", fake_features, "fake_features"
    check_same_features(*names)
    check_distinct(*names)
    return real_features, fake_features


def _check_k(k, features, name, argument="k"):
    check_count(k, argument, 1)
    if k >= len(features):
        raise ValueError(
            f"`{argument}` must be below the number of `{name}`, {len(features)}. "
            f"Received: {k}"
        )
