"""Memorization: whether samples repeat training examples more than test data do."""

from typing import NamedTuple

import numpy as np

from keras_gen.arguments import check_count
from keras_gen.metrics.neighbours import nearest_neighbours


class RepeatedPhrases(NamedTuple):
    """How many phrases of some sequences occur in training sequences.

    Attributes:
        share: Float in [0, 1], the share of the phrases; NaN if there are none.
        standard_error: Float, of the share over the sequences.
        num_phrases: Integer, how many phrases were looked for.
    """

    share: float
    standard_error: float
    num_phrases: int


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


def repeated_phrases(sequences, training_sequences, length) -> RepeatedPhrases:
    """The share of the phrases of sequences that occur in training sequences.

    A phrase is a number of consecutive symbols; every place of a sequence begins one if
    enough symbols follow. Compare samples with test data: a model that repeats more
    than these do has learned phrases by heart. Long phrases show it best.

    Args:
        sequences: Iterable of integer arrays of shape `(num_symbols,)`, which may have
            different lengths.
        training_sequences: Iterable like `sequences`.
        length: Integer of at least 1, the symbols of a phrase.

    Returns:
        `RepeatedPhrases`.

    Raises:
        ValueError: If an argument is wrong.

    Example:
    >>> from keras_gen.metrics import repeated_phrases
    >>> repeated_phrases([[0, 1, 2, 3]], [[5, 1, 2], [0, 1]], length=2).share
    0.6666666666666666
    """
    check_count(length, "length", 1)
    known = set()
    for sequence in training_sequences:
        known.update(_phrases(sequence, "training_sequences", length))
    found = [_phrases(sequence, "sequences", length) for sequence in sequences]
    sizes = np.array([len(phrases) for phrases in found])
    repeated = np.array([sum(p in known for p in phrases) for phrases in found])
    if not sizes.sum():
        return RepeatedPhrases(float("nan"), float("nan"), 0)
    share = repeated.sum() / sizes.sum()
    # Of a ratio of means over sequences.
    error = np.sqrt(np.square(repeated - share * sizes).sum()) / sizes.sum()
    return RepeatedPhrases(float(share), float(error), int(sizes.sum()))


def _phrases(sequence, name, length):
    """The phrases of a sequence, as a list of bytes."""
    sequence = np.asarray(sequence)
    if sequence.ndim != 1 or (sequence.size and sequence.dtype.kind not in "iu"):
        raise ValueError(
            f"`{name}` must hold integer arrays of shape (num_symbols,). Received: "
            f"{sequence.dtype} of shape {sequence.shape}"
        )
    if len(sequence) < length:
        return []
    sequence = sequence.astype(np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(sequence, length)
    return [window.tobytes() for window in windows]
