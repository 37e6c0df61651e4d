"""Checks of arrays of features. Each error names the argument and the value."""

import numpy as np


def check_features(features, name, least=1):
    """`features` as an array of floating point numbers, one row a sample.

    Args:
        features: Array of shape `(num_samples, num_features)`, floats or integers.
        name: String, the name of the argument.
        least: Integer, the least number of samples.

    Returns:
        Float32 or float64 array of the same shape. Float32 features are not copied.

    Raises:
        ValueError: If the shape or type is wrong, there are too few samples, or a value
            is NaN or infinite.
    """
    features = check_numbers(features, name)
    if features.ndim != 2 or features.shape[1] == 0:
        raise ValueError(
            f"`{name}` must have shape (num_samples, num_features). Received shape: "
            f"{features.shape}"
        )
    _check_size(features, name, least)
    return features


def check_samples(samples, name):
    """`samples` of any shape as a checked array `(num_samples, num_values)`."""
    samples = check_numbers(samples, name)
    if samples.ndim == 0:
        raise ValueError(f"`{name}` must be an array. Received: {samples}")
    _check_size(samples, name, 1)
    return samples.reshape(len(samples), -1)


def check_numbers(values, name):
    """`values` as a float32 or float64 array without NaN or infinity."""
    values = np.asarray(values)
    if values.dtype.kind not in "fiu":
        raise ValueError(f"`{name}` must hold real numbers. Received: {values.dtype}")
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    wrong = values.size - np.count_nonzero(np.isfinite(values))
    if wrong:
        raise ValueError(
            f"`{name}` must be finite. Received: {wrong} NaN or infinite values of "
            f"{values.size}"
        )
    return values


def check_same_features(features_a, name_a, features_b, name_b):
    """Raises a ValueError unless the sets have the same number of features."""
    if features_a.shape[1] != features_b.shape[1]:
        raise ValueError(
            f"`{name_a}` and `{name_b}` must have equally many features. Received "
            f"shapes: {features_a.shape} and {features_b.shape}"
        )


def check_distinct(features_a, name_a, features_b, name_b):
    """Raises a ValueError if both sets hold the same samples in the same order."""
    if features_a is features_b or np.array_equal(features_a, features_b):
        raise ValueError(
            f"`{name_a}` and `{name_b}` are the same set, compared with itself. "
            f"Received: equal arrays of shape {features_a.shape}"
        )


def check_probabilities(probabilities, name):
    """`probabilities` as float64, each last axis summing to 1.

    Raises:
        ValueError: If a value lies outside [0, 1] or a sum is further than 1e-4 from 1.
    """
    probabilities = check_numbers(probabilities, name).astype(np.float64)
    low, high = probabilities.min(initial=0.0), probabilities.max(initial=0.0)
    if low < 0.0:
        raise ValueError(f"`{name}` must not be negative. Received: {low}")
    sums = probabilities.sum(axis=-1)
    off = np.abs(sums - 1.0)
    if (off > 1e-4).any():
        raise ValueError(
            f"`{name}` must sum to 1 over the last axis. Received a sum of "
            f"{sums.flat[off.argmax()]:.6g} and a largest value of {high:.6g}; pass "
            "logits through a softmax"
        )
    return probabilities / sums[..., None]


def _check_size(samples, name, least):
    if len(samples) < least:
        raise ValueError(
            f"`{name}` must hold at least {least} samples. Received: {len(samples)}"
        )
