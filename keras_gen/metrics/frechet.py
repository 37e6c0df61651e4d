"""Fréchet distance between two sets of features, each taken as one Gaussian."""

import warnings

import numpy as np

from keras_gen.metrics.checks import check_features, check_numbers, check_same_features

_ROWS_AT_ONCE = 8192


class FrechetStatistics:
    """Mean and covariance of features that arrive in batches.

    Memory is about `num_features**2` numbers, whatever the number of samples. Each
    batch is centred before its squares are summed, so an offset of the features costs
    no precision. Merging the statistics of two halves gives those of the whole, up to
    rounding.

    Reference:
        Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for
        computing sample variances", 1979.

    Example:
    >>> import numpy as np
    >>> from keras_gen.metrics import FrechetStatistics
    >>> statistics = FrechetStatistics()
    >>> for batch in np.arange(12.0).reshape(3, 4, 1):
    ...     statistics.update(batch)
    >>> statistics.num_samples, statistics.mean, statistics.covariance
    (12, array([5.5]), array([[13.]]))
    """

    def __init__(self):
        self.num_samples = 0
        self._mean = None
        self._scatter = None

    def update(self, features) -> None:
        """Adds samples.

        Args:
            features: Array of shape `(num_samples, num_features)`.

        Raises:
            ValueError: If `features` is empty, not of that shape, not finite, or has
                another number of features than before.
        """
        features = check_features(features, "features")
        self._check_dimension("features", features.shape[1])
        for first in range(0, len(features), _ROWS_AT_ONCE):
            rows = features[first : first + _ROWS_AT_ONCE].astype(np.float64)
            mean = rows.mean(axis=0)
            rows -= mean
            self._add(len(rows), mean, rows.T @ rows)

    def merge(self, other) -> None:
        """Adds the samples that another `FrechetStatistics` has seen.

        Raises:
            ValueError: If `other` has another number of features.
        """
        if other.num_samples:
            self._check_dimension("other", len(other.mean))
            self._add(other.num_samples, other._mean, other._scatter)

    @property
    def mean(self) -> np.ndarray:
        """Float64 array of shape `(num_features,)`."""
        self._check_samples(1)
        return self._mean.copy()

    @property
    def covariance(self) -> np.ndarray:
        """Float64 array of shape `(num_features, num_features)`, the unbiased estimate.

        Warns if there are too few samples, so that the covariance is singular.
        """
        self._check_samples(2)
        if self.num_samples <= len(self._mean):
            warnings.warn(
                f"{self.num_samples} samples of {len(self._mean)} features have a "
                f"covariance of rank {self.num_samples - 1} at most: the Fréchet "
                "distance is far too large. Use more samples.",
                UserWarning,
                stacklevel=2,
            )
        return self._scatter / (self.num_samples - 1)

    def _add(self, num_samples, mean, scatter):
        if self.num_samples == 0:
            self._mean, self._scatter = np.zeros_like(mean), np.zeros_like(scatter)
        total = self.num_samples + num_samples
        difference = mean - self._mean
        share = num_samples / total
        self._scatter += scatter
        self._scatter += np.outer(difference, difference * self.num_samples * share)
        self._mean += share * difference
        self.num_samples = total

    def _check_dimension(self, name, num_features):
        if self.num_samples and num_features != len(self._mean):
            raise ValueError(
                f"`{name}` must have {len(self._mean)} features like the samples "
                f"before. Received: {num_features}"
            )

    def _check_samples(self, least):
        if self.num_samples < least:
            raise ValueError(
                f"The statistics need at least {least} samples. Received: "
                f"{self.num_samples}"
            )


def frechet_distance(features_a, features_b) -> float:
    """Squared Fréchet (2-Wasserstein) distance of Gaussians fitted to two sets.

    The distance is biased upwards, and the bias falls with the number of samples:
    compare distances only if they have the same number of samples. The distance of a
    set from itself is 0.

    Args:
        features_a: Array of shape `(num_samples_a, num_features)`.
        features_b: Array of shape `(num_samples_b, num_features)`.

    Returns:
        Float of at least 0, in squared units of the features.

    Raises:
        ValueError: If a set has fewer than two samples, is not finite, or the numbers
            of features differ.

    Warns:
        UserWarning: If a set has no more samples than features.

    Reference:
        Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local
        Nash Equilibrium", 2017, arXiv:1706.08500, eq. 6.

    Example:
    >>> from keras_gen.metrics import frechet_distance
    >>> from keras_gen.random import Rows
    >>> features = Rows(100, seed=0).normal((2,), "features").numpy()
    >>> round(frechet_distance(features, features + [3.0, 4.0]), 4)
    25.0
    """
    features_a = check_features(features_a, "features_a", least=2)
    features_b = check_features(features_b, "features_b", least=2)
    check_same_features(features_a, "features_a", features_b, "features_b")
    a, b = FrechetStatistics(), FrechetStatistics()
    a.update(features_a)
    b.update(features_b)
    return frechet_distance_of_statistics(a.mean, a.covariance, b.mean, b.covariance)


def frechet_distance_of_statistics(mean_a, covariance_a, mean_b, covariance_b) -> float:
    """Squared Fréchet distance of two Gaussians.

    For covariances `A` and `B` the distance needs the trace of `(A B)^(1/2)`. This is
    the sum of the singular values of `A^(1/2) B^(1/2)`. They are computed directly:
    the square roots of the eigenvalues of `A^(1/2) B A^(1/2)` are the same numbers, but
    a square root turns a rounding error of 1e-16 into 1e-8.

    Args:
        mean_a: Array of shape `(num_features,)`.
        covariance_a: Symmetric array of shape `(num_features, num_features)` without
            negative eigenvalues.
        mean_b: Array like `mean_a`.
        covariance_b: Array like `covariance_a`.

    Returns:
        Float of at least 0.

    Raises:
        ValueError: If shapes do not match, a value is not finite, or a covariance is
            not symmetric or has a negative eigenvalue.

    Reference:
        Dowson and Landau, "The Fréchet distance between multivariate normal
        distributions", 1982, doi:10.1016/0047-259X(82)90077-X.

    Example:
    >>> import numpy as np
    >>> from keras_gen.metrics import frechet_distance_of_statistics
    >>> mean, one = np.zeros(3), np.eye(3)
    >>> round(frechet_distance_of_statistics(mean, one, mean + 1.0, 4.0 * one), 6)
    6.0
    """
    mean_a = _check_mean(mean_a, "mean_a")
    mean_b = _check_mean(mean_b, "mean_b")
    if mean_a.shape != mean_b.shape:
        raise ValueError(
            "`mean_a` and `mean_b` must have one shape. Received: "
            f"{mean_a.shape} and {mean_b.shape}"
        )
    root_a, trace_a = _root(covariance_a, "covariance_a", len(mean_a))
    root_b, trace_b = _root(covariance_b, "covariance_b", len(mean_b))
    overlap = np.linalg.svd(root_a.T @ root_b, compute_uv=False).sum()
    shift = np.square(mean_a - mean_b).sum()
    return max(0.0, float(shift + trace_a + trace_b - 2.0 * overlap))


def _root(covariance, name, num_features):
    """A matrix `R` with `R R^T` equal to the covariance, and the covariance's trace.

    `R` is the symmetric root times a rotation from the right, which does not change the
    singular values of the products that are taken here.
    """
    covariance = check_numbers(covariance, name).astype(np.float64)
    if covariance.shape != (num_features, num_features):
        raise ValueError(
            f"`{name}` must have shape {(num_features, num_features)}. Received: "
            f"{covariance.shape}"
        )
    size = np.abs(covariance).max()
    asymmetry = np.abs(covariance - covariance.T).max()
    if asymmetry > 1e-5 * size:
        raise ValueError(
            f"`{name}` must be symmetric. Received a difference of {asymmetry:.6g} "
            "from its transpose"
        )
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2.0)
    if values[0] < -1e-5 * size:
        raise ValueError(
            f"`{name}` must have no negative eigenvalue. Received: {values[0]:.6g}"
        )
    return vectors * np.sqrt(np.maximum(values, 0.0)), np.trace(covariance)


def _check_mean(mean, name):
    mean = check_numbers(mean, name).astype(np.float64)
    if mean.ndim != 1 or mean.size == 0:
        raise ValueError(
            f"`{name}` must have shape (num_features,). Received: {mean.shape}"
        )
    return mean
