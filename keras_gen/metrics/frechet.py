"""Fréchet distance: how far two sets are, each seen as one Gaussian."""

import warnings

import numpy as np

from keras_gen.metrics.checks import check_features, check_numbers, check_same_features

_ROWS_AT_ONCE = 8192


class FrechetStatistics:
    """Mean and covariance of features that arrive in batches.

    Holds `num_features**2` numbers however many samples it has seen. Sums of squares
    are taken around the mean of what they sum, so an offset of the features costs no
    precision; merged halves give what one pass gives, to rounding.

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

    def update(self, features):
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

    def merge(self, other):
        """Adds the samples that another `FrechetStatistics` has seen.

        Raises:
            ValueError: If `other` has another number of features.
        """
        if other.num_samples:
            self._check_dimension("other", len(other.mean))
            self._add(other.num_samples, other._mean, other._scatter)

    @property
    def mean(self):
        """Float64 array of shape `(num_features,)`."""
        self._check_samples(1)
        return self._mean.copy()

    @property
    def covariance(self):
        """Float64 array `(num_features, num_features)`, sums over `num_samples - 1`.

        Warns where it is singular for want of samples.
        """
        self._check_samples(2)
        if self.num_samples <= len(self._mean):
            warnings.warn(
                f"{self.num_samples} samples of {len(self._mean)} features have a "
                f"covariance of rank {self.num_samples - 1} at most, from which a "
                "Fréchet distance is far too large. Use more samples.",
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


def frechet_distance(features_a, features_b):
    """Squared Fréchet (2-Wasserstein) distance of Gaussians fitted to two sets.

    It is biased upwards, the more the fewer the samples: compare distances of equal
    sample counts only. A set has distance 0 from itself.

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


def frechet_distance_of_statistics(mean_a, covariance_a, mean_b, covariance_b):
    """Squared Fréchet distance of two Gaussians.

    The trace of `(A B)^(1/2)` for covariances `A` and `B` is taken in its symmetric
    form, the sum of the square roots of the eigenvalues of `A^(1/2) B A^(1/2)`. These
    are the singular values of `A^(1/2) B^(1/2)`, which are computed instead: a root of
    an eigenvalue would turn rounding errors of 1e-16 into 1e-8.

    Args:
        mean_a: Array of shape `(num_features,)`.
        covariance_a: Symmetric array of shape `(num_features, num_features)` without
            negative eigenvalues.
        mean_b: As `mean_a`.
        covariance_b: As `covariance_a`.

    Returns:
        Float of at least 0.

    Raises:
        ValueError: If shapes do not fit, a value is not finite, or a covariance is not
            symmetric or has a negative eigenvalue.

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
    """`R` with `R R^T` the covariance, and its trace.

    `R` is the symmetric root up to a rotation from the right, which leaves the singular
    values of products as they are.
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
