"""Principal components: the best linear code, to compare codes with."""

from typing import NamedTuple

import numpy as np

from keras_gen.arguments import check_count
from keras_gen.metrics.checks import check_features


class PrincipalComponents(NamedTuple):
    """The directions in which features vary most, the largest variance first.

    Attributes:
        mean: Float64 array of shape `(num_features,)`.
        axes: Float64 array of shape `(num_components, num_features)`, orthonormal rows.
        variances: Float64 array of shape `(num_components,)`.
    """

    mean: np.ndarray
    axes: np.ndarray
    variances: np.ndarray

    def encode(self, features) -> np.ndarray:
        """The coordinates of features along the axes."""
        return (np.asarray(features, np.float64) - self.mean) @ self.axes.T

    def decode(self, codes) -> np.ndarray:
        """The features with these coordinates that lie nearest to the mean."""
        return self.mean + np.asarray(codes, np.float64) @ self.axes


def principal_components(features, num_components) -> PrincipalComponents:
    """The principal components of features.

    Args:
        features: Array of shape `(num, num_features)`.
        num_components: Integer from 1 to `num_features`.

    Returns:
        `PrincipalComponents`.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        Pearson, "On lines and planes of closest fit to systems of points in space",
        1901, doi:10.1080/14786440109462720.

    Example:
    >>> from keras_gen.metrics import principal_components
    >>> found = principal_components([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]], 1)
    >>> found.encode([[6.0, 8.0]]).round(6)
    array([[5.]])
    """
    features = check_features(features, "features")
    check_count(num_components, "num_components", 1)
    if num_components > features.shape[1]:
        raise ValueError(
            f"`num_components` must be at most {features.shape[1]}, the number of "
            f"features. Received: {num_components}"
        )
    mean = features.mean(axis=0, dtype=np.float64)
    centred = features - mean
    variances, axes = np.linalg.eigh(centred.T @ centred / len(features))
    axes = axes.T[::-1][:num_components]
    # An axis has no sign: the largest element shall be positive.
    largest = np.abs(axes).argmax(axis=1)[:, None]
    axes = axes * np.sign(np.take_along_axis(axes, largest, axis=1))
    return PrincipalComponents(mean, axes, variances[::-1][:num_components].clip(0))
