"""The covariances of the components of a Gaussian mixture.

Each says which statistics of the examples it needs, how its parameters follow from
them, and what density they give. Shapes: `n` examples of `d` values, `k` components.
"""

import math
from typing import Self

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count


class Covariance:
    """Abstract: what the components of a mixture have for a covariance.

    The parameters are a list of tensors whose first is the means, `(k, d)`. The
    statistics are a list of means over examples. Everything is in units of the standard
    deviation of the data, value by value.
    """

    def get_config(self) -> dict:
        return {}

    @classmethod
    def from_config(cls, config) -> Self:
        return cls(**config)

    def __repr__(self):
        arguments = ", ".join(f"{k}={v}" for k, v in self.get_config().items())
        return f"{type(self).__name__}({arguments})"

    def noise_size(self, size) -> int:
        """How many normal numbers a sample of `size` values takes."""
        return size

    def start_noise_shape(self, size) -> tuple:
        """The shape of the noise of `start()` for a component."""
        return (0,)

    def start(self, weights, means, variances, noise) -> list:
        """The statistics of a mixture without correlations.

        Args:
            weights: Array of shape `(k,)`.
            means: Array of shape `(k, d)`.
            variances: Array of shape `(k, d)`.
            noise: Array of normal numbers of shape `(k, *start_noise_shape(d))`.
        """
        raise NotImplementedError

    def expect(self, x, shares, parameters) -> list:
        """The mean statistics of examples.

        Args:
            x: Tensor of shape `(n, d)`.
            shares: Responsibilities of shape `(n, k)`.
            parameters: List of tensors, with which the shares were computed.
        """
        raise NotImplementedError

    def maximize(self, weights, statistics, floor) -> list:
        """The parameters that fit the statistics best.

        Args:
            weights: Tensor of shape `(k,)`.
            statistics: List of tensors.
            floor: Float, what is added to each variance.
        """
        raise NotImplementedError

    def log_density(self, x, parameters) -> tf.Tensor:
        """The log density of each example in each component, of shape `(n, k)`."""
        raise NotImplementedError

    def draw(self, chosen, noise, parameters) -> tf.Tensor:
        """Examples of shape `(n, d)`.

        Args:
            chosen: One-hot tensor of shape `(n, k)`, the component of each.
            noise: Normal tensor of shape `(n, noise_size(d))`.
            parameters: List of tensors.
        """
        raise NotImplementedError

    def smallest_variance(self, parameters) -> tf.Tensor:
        """The least variance in each component, of shape `(k,)`.

        It is that of a value given the factors, or given the values before it, if the
        covariance has them.
        """
        raise NotImplementedError


@keras.saving.register_keras_serializable(package="keras_gen")
class DiagonalCovariance(Covariance):
    """A variance for each value and component."""

    def start(self, weights, means, variances, noise):
        return [
            weights[:, None] * means,
            weights[:, None] * (means**2 + variances),
        ]

    def expect(self, x, shares, parameters):
        return [mean_product(shares, x), mean_product(shares, x**2)]

    def maximize(self, weights, statistics, floor):
        means = statistics[0] / weights[:, None]
        return [means, _variances(weights, statistics[1], means**2, floor)]

    def log_density(self, x, parameters):
        means, variances = parameters
        scaled = (x[:, None] - means) * tf.math.rsqrt(variances)
        return _normal(
            tf.reduce_sum(scaled**2, axis=-1),
            tf.reduce_sum(tf.math.log(variances), axis=-1),
            means.shape[-1],
        )

    def draw(self, chosen, noise, parameters):
        means, variances = parameters
        return chosen @ means + (chosen @ tf.sqrt(variances)) * noise

    def smallest_variance(self, parameters):
        return tf.reduce_min(parameters[1], axis=-1)


@keras.saving.register_keras_serializable(package="keras_gen")
class FullCovariance(Covariance):
    """A covariance matrix for each component: `k d^2` numbers."""

    def start(self, weights, means, variances, noise):
        second = means[:, :, None] * means[:, None]
        second += variances[:, None] * np.eye(means.shape[1])
        return [weights[:, None] * means, weights[:, None, None] * second]

    def expect(self, x, shares, parameters):
        size, num = x.shape[-1], shares.shape[-1]
        shared = tf.reshape(shares[:, :, None] * x[:, None], (-1, num * size))
        second = tf.reshape(mean_product(shared, x), (num, size, size))
        return [mean_product(shares, x), second]

    def maximize(self, weights, statistics, floor):
        means = statistics[0] / weights[:, None]
        second = statistics[1] / weights[:, None, None]
        between = means[:, :, None] * means[:, None]
        return [means, *_factors(second, between, floor)]

    def log_density(self, x, parameters):
        means, _, whitening = parameters
        num, size = means.shape
        # One product of matrices for all components.
        white = tf.matmul(x, tf.reshape(whitening, (-1, size)), transpose_b=True)
        white = tf.reshape(white, (-1, num, size))
        white -= tf.reduce_sum(whitening * means[:, None], axis=-1)
        return _normal(
            tf.reduce_sum(white**2, axis=-1),
            -2.0 * tf.reduce_sum(_log_diagonal(whitening), axis=-1),
            size,
        )

    def draw(self, chosen, noise, parameters):
        means, factors, _ = parameters
        num, size = means.shape
        drawn = tf.matmul(noise, tf.reshape(factors, (-1, size)), transpose_b=True)
        drawn = tf.reshape(drawn, (-1, num, size)) + means
        return tf.reduce_sum(chosen[:, :, None] * drawn, axis=1)

    def smallest_variance(self, parameters):
        return tf.exp(-2.0 * tf.reduce_max(_log_diagonal(parameters[2]), axis=-1))


@keras.saving.register_keras_serializable(package="keras_gen")
class TiedCovariance(Covariance):
    """One covariance matrix for all components."""

    def start(self, weights, means, variances, noise):
        within = (weights[:, None] * variances).sum(axis=0)
        second = (weights[:, None] * means).T @ means
        return [weights[:, None] * means, second + np.diag(within)]

    def expect(self, x, shares, parameters):
        return [mean_product(shares, x), mean_product(x, x)]

    def maximize(self, weights, statistics, floor):
        sums, second = statistics
        means = sums / weights[:, None]
        between = tf.matmul(sums, means, transpose_a=True)
        return [means, *_factors(second, between, floor)]

    def log_density(self, x, parameters):
        means, _, whitening = parameters
        white = tf.matmul(x, whitening, transpose_b=True)[:, None]
        white -= tf.matmul(means, whitening, transpose_b=True)
        return _normal(
            tf.reduce_sum(white**2, axis=-1),
            -2.0 * tf.reduce_sum(_log_diagonal(whitening)),
            means.shape[-1],
        )

    def draw(self, chosen, noise, parameters):
        means, factor, _ = parameters
        return chosen @ means + tf.matmul(noise, factor, transpose_b=True)

    def smallest_variance(self, parameters):
        least = tf.exp(-2.0 * tf.reduce_max(_log_diagonal(parameters[2])))
        return tf.fill(parameters[0].shape[:1], least)


@keras.saving.register_keras_serializable(package="keras_gen")
class FactorCovariance(Covariance):
    """A few common factors and a variance for each value: `L L^T + diag(v)`.

    The mixture is one of factor analysers. It takes `k d (rank + 2)` numbers, so it
    suits images, whose full covariances take too many.

    Args:
        rank: Integer of at least 1, the number of factors of a component.

    Raises:
        ValueError: If `rank` is not such an integer.

    Reference:
        Ghahramani and Hinton, "The EM algorithm for mixtures of factor analyzers",
        1996, CRG-TR-96-1.
    """

    def __init__(self, rank):
        check_count(rank, "rank", 1)
        self.rank = rank

    def get_config(self):
        return {"rank": self.rank}

    def noise_size(self, size):
        return size + self.rank

    def start_noise_shape(self, size):
        return (size, self.rank)

    def start(self, weights, means, variances, noise):
        # Half of each variance is that of the factors.
        num = len(means)
        loadings = noise * (variances[:, :, None] / (2 * self.rank)) ** 0.5
        rest = np.maximum(variances - (loadings**2).sum(axis=-1), 0.1 * variances)
        every = np.concatenate([loadings, means[:, :, None]], axis=-1)
        latents = np.tile(np.eye(self.rank + 1), (num, 1, 1))
        return [
            weights[:, None, None] * every,
            weights[:, None, None] * latents,
            weights[:, None] * ((every**2).sum(axis=-1) + rest),
        ]

    def expect(self, x, shares, parameters):
        _, loadings, variances = parameters
        latents, inner = self._latents(x, parameters)
        ones = tf.ones_like(latents[:, :, :1])
        latents = tf.concat([latents, ones], axis=-1)
        # Components first: (k, n, rank + 1).
        shared = tf.transpose(shares)[:, :, None] * latents
        num_rows = tf.cast(tf.shape(x)[0], x.dtype)
        products = tf.matmul(x[None], shared, transpose_a=True) / num_rows
        squares = tf.matmul(latents, shared, transpose_a=True) / num_rows
        spread = tf.pad(tf.linalg.inv(inner), [[0, 0], [0, 1], [0, 1]])
        weights = tf.reduce_mean(shares, axis=0)
        squares += weights[:, None, None] * spread
        return [products, squares, mean_product(shares, x**2)]

    def maximize(self, weights, statistics, floor):
        products, squares, seconds = statistics
        products, squares = (v / weights[:, None, None] for v in (products, squares))
        # A component without examples has no factors either.
        squares += 1e-6 * tf.eye(self.rank + 1)
        every = tf.matmul(products, tf.linalg.inv(squares))
        known = tf.reduce_sum(every * products, axis=-1)
        variances = _variances(weights, seconds, known, floor)
        return [every[:, :, -1], every[:, :, :-1], variances]

    def _latents(self, x, parameters):
        """Means of the factors, `(k, n, rank)`, and the inverses of their covariances.

        The second has the shape `(k, rank, rank)`.
        """
        means, loadings, variances = parameters
        scaled = loadings / variances[:, :, None]
        inner = tf.matmul(loadings, scaled, transpose_a=True)
        inner += tf.eye(self.rank)
        seen = tf.matmul(x - means[:, None], scaled)
        return tf.matmul(seen, tf.linalg.inv(inner)), inner

    def log_density(self, x, parameters):
        means, loadings, variances = parameters
        latents, inner = self._latents(x, parameters)
        rest = x - means[:, None] - tf.matmul(latents, loadings, transpose_b=True)
        # The quadratic form at the means of the factors, where it is a sum of squares.
        squares = tf.reduce_sum(rest**2 / variances[:, None], axis=-1)
        squares += tf.reduce_sum(latents**2, axis=-1)
        logs = tf.reduce_sum(tf.math.log(variances), axis=-1)
        logs += tf.linalg.logdet(inner)
        return _normal(tf.transpose(squares), logs, means.shape[-1])

    def draw(self, chosen, noise, parameters):
        means, loadings, variances = parameters
        size = means.shape[-1]
        drawn = tf.matmul(noise[:, size:][None], loadings, transpose_b=True)
        drawn = tf.transpose(drawn, (1, 0, 2)) + means
        drawn = tf.reduce_sum(chosen[:, :, None] * drawn, axis=1)
        return drawn + (chosen @ tf.sqrt(variances)) * noise[:, :size]

    def smallest_variance(self, parameters):
        return tf.reduce_min(parameters[2], axis=-1)


def mean_product(a, b) -> tf.Tensor:
    """The mean over examples of the outer products of the rows of two matrices."""
    return tf.matmul(a, b, transpose_a=True) / tf.cast(tf.shape(a)[0], a.dtype)


def _variances(weights, seconds, known, floor):
    """What the known part of a second moment leaves, and a floor."""
    return tf.maximum(seconds / weights[:, None] - known, 0.0) + floor


def _factors(second, between, floor):
    """Cholesky factors of the differences of matrices, and their inverses.

    The differences get a floor. It is larger where the second moments are so large that
    their rounding may exceed it, as in a component far from all others.
    """
    size = second.shape[-1]
    # Twice the digits: the statistics are rounded already.
    unit = tf.eye(size, dtype=tf.float64)
    covariance = tf.cast(second, tf.float64) - tf.cast(between, tf.float64)
    rounding = 2.0**-22 * tf.cast(tf.linalg.trace(second), tf.float64) / size**0.5
    floor = tf.maximum(tf.constant(floor, tf.float64), rounding)
    factors = tf.linalg.cholesky(covariance + floor[..., None, None] * unit)
    inverses = tf.linalg.triangular_solve(factors, unit + tf.zeros_like(factors))
    return tf.cast(factors, tf.float32), tf.cast(inverses, tf.float32)


def _log_diagonal(matrices):
    return tf.math.log(tf.linalg.diag_part(matrices))


def _normal(squares, log_determinant, size):
    return -0.5 * (squares + log_determinant + size * math.log(2.0 * math.pi))
