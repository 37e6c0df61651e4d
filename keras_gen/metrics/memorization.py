"""Memorization: whether samples lie nearer to the training images than others do."""

import numpy as np

from keras_gen.metrics.neighbours import nearest_neighbours


def memorization(features, training_features, test_features):
    """The chance that a sample is nearer to its nearest training image than a test one.

    1/2 where samples keep the distance of images that were never trained on, 1 for
    copies, 0 for samples further from the training images than any test image: a value
    below 1/2 says that samples are bad rather than new. It is the statistic of Mann and
    Whitney, a tie counting half.

    NOTE: The paper takes it in cells of the space and standardizes it; this is one cell
    and the plain probability.

    Args:
        features: Array of shape `(num_samples, num_features)`, of generated images.
        training_features: Array of shape `(num_training, num_features)`.
        test_features: Array of shape `(num_test, num_features)`, of images from the
            distribution of the training images and not among them.

    Returns:
        Float in [0, 1].

    Raises:
        ValueError: If a set is empty or not finite, the numbers of features differ, or
            the training images are compared with themselves.

    Reference:
        Meehan, Chaudhuri and Dasgupta, "A Non-Parametric Test to Detect Data-Copying in
        Generative Models", 2020, arXiv:2004.05675, section 3.

    Example:
    >>> from keras_gen.metrics import memorization
    >>> memorization([[0.5], [2.5]], [[0.0], [2.0]], [[1.0], [2.5]])
    0.75
    """
    samples, tests = (
        nearest_neighbours(some, training_features).distances[:, 0]
        for some in (features, test_features)
    )
    return win_rate(samples, tests)


def win_rate(values, others):
    """The chance that one of `values` is below one of `others`, a tie counting half."""
    others = np.sort(others)
    above = len(others) - np.searchsorted(others, values, side="right")
    not_below = len(others) - np.searchsorted(others, values, side="left")
    return float((above + not_below).mean() / (2 * len(others)))
