"""Metrics of predicted classes: class score, and a test of class frequencies."""

import warnings
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.metrics.checks import check_probabilities
from keras_gen.random import check_seed, permutation


class ClassScore(NamedTuple):
    """The mean score of several splits of the samples.

    Attributes:
        value: Float from 1 to the number of classes.
        standard_deviation: Float, the standard deviation of the score over the splits,
            which papers print as "±"; NaN for a single split. It is not the standard
            error of the mean.
    """

    value: float
    standard_deviation: float


class ClassHistogram(NamedTuple):
    """How often each class was predicted, tested against what was expected.

    Attributes:
        counts: Int64 array of shape `(num_classes,)`.
        expected: Float64 array of shape `(num_classes,)`, expected counts.
        chi_square: Float, Pearson's statistic.
        degrees_of_freedom: Integer, `num_classes - 1`.
        p_value: Float in [0, 1], the probability of a statistic at least this large if
            the expected frequencies are right.
    """

    counts: np.ndarray
    expected: np.ndarray
    chi_square: float
    degrees_of_freedom: int
    p_value: float


def class_score(probabilities, num_splits=10, seed=0) -> ClassScore:
    """The formula of the Inception score, for the probabilities of any classifier.

    The score is the exponential of the mean divergence `KL(p(y | x) || p(y))`. It is
    the number of classes if the classifier is sure of every sample and all classes are
    equally frequent, and 1 if the classifier gives every sample the same probabilities.
    The score does not look at real samples.

    Args:
        probabilities: Array of shape `(num_samples, num_classes)`, whose rows sum to 1.
        num_splits: Integer of at least 1. The shuffled samples are cut into this many
            parts, and each part has its own `p(y)`.
        seed: Integer in [0, 2**31), the seed of the shuffle.

    Returns:
        `ClassScore`.

    Raises:
        ValueError: If `probabilities` is not as stated or there are fewer samples than
            splits.

    Reference:
        Salimans et al., "Improved Techniques for Training GANs", 2016,
        arXiv:1606.03498, section 4.

    Example:
    >>> import numpy as np
    >>> from keras_gen.metrics import class_score
    >>> round(class_score(np.eye(4), num_splits=1).value, 6)
    4.0
    """
    probabilities = _check_rows(probabilities)
    check_count(num_splits, "num_splits", 1)
    check_seed(seed)
    num = len(probabilities)
    if num < num_splits:
        raise ValueError(
            f"`num_splits` must be at most the number of samples, {num}. Received: "
            f"{num_splits}"
        )
    order = permutation(num, seed, "class_score").numpy()
    edges = num * np.arange(num_splits + 1) // num_splits
    scores = [
        _score(probabilities[order[first:last]])
        for first, last in zip(edges[:-1], edges[1:], strict=True)
    ]
    deviation = np.std(scores) if num_splits > 1 else np.nan
    return ClassScore(float(np.mean(scores)), float(deviation))


def class_histogram(labels, num_classes, expected_probabilities=None) -> ClassHistogram:
    """Counts the predicted classes and tests the counts by Pearson's chi-square test.

    Args:
        labels: Integer array of shape `(num_samples,)` in `[0, num_classes)`, the
            classes predicted for generated samples.
        num_classes: Integer of at least 2.
        expected_probabilities: Array of shape `(num_classes,)`, the known frequency of
            each class in the data; positive numbers that sum to 1. Defaults to equal
            frequencies.

    Returns:
        `ClassHistogram`.

    Raises:
        ValueError: If an argument is not as stated.

    Warns:
        UserWarning: If fewer than 5 samples of a class are expected: the p-value is
            then a poor approximation.

    Reference:
        Pearson, "On the criterion that a given system of deviations...", 1900,
        doi:10.1080/14786440009463897.

    Example:
    >>> from keras_gen.metrics import class_histogram
    >>> histogram = class_histogram([0] * 30 + [1] * 10, num_classes=2)
    >>> histogram.counts, histogram.chi_square, round(histogram.p_value, 6)
    (array([30, 10]), 10.0, 0.001565)
    """
    check_count(num_classes, "num_classes", 2)
    labels = _check_labels(labels, num_classes)
    expected = len(labels) * _check_expected(expected_probabilities, num_classes)
    if expected.min() < 5.0:
        warnings.warn(
            f"{expected.min():.3g} samples of a class are expected: below 5 the p-value"
            " is a poor approximation. Use more samples.",
            UserWarning,
            stacklevel=2,
        )
    counts = np.bincount(labels, minlength=num_classes)
    statistic = float((np.square(counts - expected) / expected).sum())
    freedom = num_classes - 1
    half = tf.constant([freedom / 2, statistic / 2], tf.float64)
    p_value = float(tf.math.igammac(half[0], half[1]))
    return ClassHistogram(counts, expected, statistic, freedom, p_value)


def _score(probabilities):
    marginal = probabilities.mean(axis=0)
    # Where the marginal is 0, each probability is 0 too, and 0 log 0 counts as 0.
    ratio = np.divide(
        probabilities,
        marginal,
        where=probabilities > 0,
        out=np.ones_like(probabilities),
    )
    return np.exp((probabilities * np.log(ratio)).sum(axis=1).mean())


def _check_rows(probabilities):
    probabilities = np.asarray(probabilities)
    if probabilities.ndim != 2 or probabilities.size == 0:
        raise ValueError(
            "`probabilities` must have shape (num_samples, num_classes) and not be "
            f"empty. Received shape: {probabilities.shape}"
        )
    return check_probabilities(probabilities, "probabilities")


def _check_labels(labels, num_classes):
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.size == 0 or labels.dtype.kind not in "iu":
        raise ValueError(
            "`labels` must be integers of shape (num_samples,), at least one. "
            f"Received: {labels.dtype} of shape {labels.shape}"
        )
    if labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(
            f"`labels` must lie in [0, {num_classes}). Received values from "
            f"{labels.min()} to {labels.max()}"
        )
    return labels.astype(np.int64)


def _check_expected(probabilities, num_classes):
    if probabilities is None:
        return np.full(num_classes, 1.0 / num_classes)
    probabilities = np.asarray(probabilities)
    if probabilities.shape != (num_classes,):
        raise ValueError(
            f"`expected_probabilities` must have shape {(num_classes,)}. Received: "
            f"{probabilities.shape}"
        )
    probabilities = check_probabilities(probabilities, "expected_probabilities")
    if not probabilities.all():
        raise ValueError(
            "`expected_probabilities` must be positive. Received 0 for class "
            f"{probabilities.argmin()}"
        )
    return probabilities
