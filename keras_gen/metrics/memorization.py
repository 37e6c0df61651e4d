"""Memorization: whether samples are closer to the training images than test images."""

import numpy as np

from keras_gen.metrics.neighbours import nearest_neighbours


def memorization(features, training_features, test_features) -> float:
    """The probability that a sample is closer to the training set than a test image.

    The distance of an image is that to its nearest training image. The result is 1/2 if
    samples are as far from the training images as test images are, 1 if samples are
    copies, and 0 if every sample is farther than every test image. A value below 1/2
    means that samples are bad, not that they are new. This is the statistic of Mann and
    Whitney; a tie counts half.

    NOTE: The paper divides the space into cells and standardizes the statistic. Here it
    is the plain probability, over the whole space.

    Args:
        features: Array of shape `(num_samples, num_features)`, the features of
            generated images.
        training_features: Array of shape `(num_training, num_features)`.
        test_features: Array of shape `(num_test, num_features)`, the features of images
            that have the distribution of the training images but are not among them.

    Returns:
        Float in [0, 1].

    Raises:
        ValueError: If a set is empty or not finite, the numbers of features differ, or
            one of the other sets equals the training set.

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


def win_rate(values, others) -> float:
    """The probability that a value is below one of `others`; a tie counts half."""
    others = np.sort(others)
    above = len(others) - np.searchsorted(others, values, side="right")
    not_below = len(others) - np.searchsorted(others, values, side="left")
    return float((above + not_below).mean() / (2 * len(others)))
