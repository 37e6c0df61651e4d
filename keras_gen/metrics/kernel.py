"""Kernel distance between two sets of features, unbiased for any number of samples."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.metrics.checks import (
    check_distinct,
    check_features,
    check_same_features,
)
from keras_gen.random import check_seed, permutation

_ENTRIES_AT_ONCE = 2**20


class KernelDistance(NamedTuple):
    """A mean over disjoint blocks of samples.

    Attributes:
        value: Float, the squared maximum mean discrepancy. Its expectation is that of
            the two distributions. For equal distributions it is negative about half of
            the time.
        standard_error: Float, the standard error of the mean over blocks; NaN for a
            single block.
        num_blocks: Integer, the number of blocks.
    """

    value: float
    standard_error: float
    num_blocks: int


def kernel_distance(features_a, features_b, block_size=1000, seed=0) -> KernelDistance:
    """Unbiased squared maximum mean discrepancy, averaged over blocks of samples.

    The kernel is `(x . y / num_features + 1)**3`. Each set is shuffled and cut into
    disjoint blocks of at least `block_size` samples. The estimates of the blocks are
    independent, so the standard error is correct.

    NOTE: The paper draws subsets that overlap and reports the standard deviation over
    subsets, which falls with the size of a subset and not with their number.

    Args:
        features_a: Array of shape `(num_samples_a, num_features)`.
        features_b: Array of shape `(num_samples_b, num_features)`.
        block_size: Integer of at least 2, the number of samples of each set in a block.
            Smaller sets are one block.
        seed: Integer in [0, 2**31), the seed of the shuffle.

    Returns:
        `KernelDistance`.

    Raises:
        ValueError: If a set has fewer than two samples or is not finite, the numbers of
            features differ, or the two sets are equal: the estimate is unbiased for
            independent samples only.

    Reference:
        Binkowski et al., "Demystifying MMD GANs", 2018, arXiv:1801.01401, section 4.

    Example:
    >>> from keras_gen.metrics import kernel_distance
    >>> from keras_gen.random import Rows
    >>> features = Rows(800, seed=0).normal((2,), "features").numpy()
    >>> a, b = features[:400], features[400:]
    >>> same = kernel_distance(a, b, block_size=50)
    >>> abs(same.value) < 3 * same.standard_error
    True
    >>> kernel_distance(a, b + 1.0, block_size=50).value > 1.0
    True
    """
    features_a, features_b = _check(features_a, features_b)
    check_count(block_size, "block_size", 2)
    check_seed(seed)
    num_blocks = max(1, min(len(features_a), len(features_b)) // block_size)
    blocks_a = _blocks(features_a, num_blocks, seed, "kernel_distance_a")
    blocks_b = _blocks(features_b, num_blocks, seed, "kernel_distance_b")
    estimates = [
        _squared_discrepancy(a, b) for a, b in zip(blocks_a, blocks_b, strict=True)
    ]
    error = np.nan
    if num_blocks > 1:
        error = np.std(estimates, ddof=1) / np.sqrt(num_blocks)
    return KernelDistance(float(np.mean(estimates)), float(error), num_blocks)


def full_kernel_distance(features_a, features_b) -> float:
    """Unbiased squared maximum mean discrepancy over all pairs of samples.

    It varies less than `kernel_distance` of the same sets, but its time grows with the
    square of their size. Kernels are summed in chunks, so memory does not grow.

    Args:
        features_a: Array of shape `(num_samples_a, num_features)`.
        features_b: Array of shape `(num_samples_b, num_features)`.

    Returns:
        Float.

    Raises:
        ValueError: As for `kernel_distance`.

    Reference:
        Gretton et al., "A Kernel Two-Sample Test", 2012, JMLR 13, eq. 3; Binkowski et
        al., "Demystifying MMD GANs", 2018, arXiv:1801.01401, section 4.

    Example:
    >>> from keras_gen.metrics import full_kernel_distance
    >>> full_kernel_distance([[0.0], [0.0]], [[1.0], [1.0]])
    7.0
    """
    return _squared_discrepancy(*_check(features_a, features_b))


def _check(features_a, features_b):
    features_a = check_features(features_a, "features_a", least=2)
    features_b = check_features(features_b, "features_b", least=2)
    check_same_features(features_a, "features_a", features_b, "features_b")
    check_distinct(features_a, "features_a", features_b, "features_b")
    return features_a, features_b


def _blocks(features, num_blocks, seed, stream):
    order = permutation(len(features), seed, stream).numpy()
    return (features[rows] for rows in np.array_split(order, num_blocks))


def _squared_discrepancy(a, b):
    within_a = _mean_kernel_of_pairs(a)
    within_b = _mean_kernel_of_pairs(b)
    between = _kernel_sum(a, b) / (len(a) * len(b))
    return float(within_a + within_b - 2.0 * between)


def _mean_kernel_of_pairs(features):
    """Mean kernel of two different samples of one set."""
    squares = np.einsum("ij,ij->i", features, features, dtype=np.float64)
    itself = ((squares / features.shape[1] + 1.0) ** 3).sum()
    num = len(features)
    return (_kernel_sum(features, features) - itself) / (num * (num - 1))


def _kernel_sum(a, b):
    rows = max(1, _ENTRIES_AT_ONCE // len(b))
    b = tf.constant(b, tf.float64)
    total = 0.0
    for first in range(0, len(a), rows):
        scaled = a[first : first + rows].astype(np.float64) / a.shape[1]
        base = tf.linalg.matmul(scaled, b, transpose_b=True) + 1.0
        total += float(tf.reduce_sum(base * base * base))
    return total
