"""Distributions of latents, for models that need draws of a prior and no density."""

from typing import Self

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, check_positive, shown


class Prior:
    """Abstract: a distribution of latents, drawn as a function of noise.

    A subclass sets `latent_dim` and implements `noise()` and `from_noise()`.
    """

    #: Integer, the size of the latents.
    latent_dim = None

    def noise(self, rows, stream) -> tf.Tensor:
        """The noise of a draw for each row; standard normal here.

        Args:
            rows: `keras_gen.random.Rows`.
            stream: String, the purpose of the draw.
        """
        return rows.normal((self.latent_dim,), stream)

    def from_noise(self, noise) -> tf.Tensor:
        """Latents of shape `(batch, latent_dim)`, float32."""
        raise NotImplementedError

    def get_config(self) -> dict:
        raise NotImplementedError

    @classmethod
    def from_config(cls, config) -> Self:
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_gen")
class NormalPrior(Prior):
    """Standard normal latents.

    Args:
        latent_dim: Integer of at least 1.

    Raises:
        ValueError: If `latent_dim` is not such an integer.
    """

    def __init__(self, latent_dim):
        check_count(latent_dim, "latent_dim", 1)
        self.latent_dim = latent_dim

    def from_noise(self, noise):
        return noise

    def get_config(self):
        return {"latent_dim": self.latent_dim}


@keras.saving.register_keras_serializable(package="keras_gen")
class MixturePrior(Prior):
    """Normal distributions of one scale around several means, all equally likely.

    Args:
        means: Array of shape `(num_components, latent_dim)`.
        scale: Float above 0, the standard deviation of each value.

    Raises:
        ValueError: If an argument is wrong.

    Example:
    >>> from keras_gen.distributions import MixturePrior
    >>> from keras_gen.random import Rows
    >>> prior = MixturePrior([[-2.0, 0.0], [2.0, 0.0]], scale=0.1)
    >>> prior.from_noise(prior.noise(Rows(5, seed=0), "latents")).shape
    TensorShape([5, 2])
    """

    def __init__(self, means, scale=1.0):
        values = np.asarray(means, np.float32)
        if values.ndim != 2 or not values.size or not np.isfinite(values).all():
            raise ValueError(
                "`means` must be finite, of shape (num_components, latent_dim). "
                f"Received: {shown(means)}"
            )
        check_positive(scale=scale)
        self.means, self.scale = values, float(scale)
        self.latent_dim = values.shape[1]

    def noise(self, rows, stream):
        component = rows.uniform((1,), f"{stream}_component")
        return tf.concat([component, super().noise(rows, stream)], axis=-1)

    def from_noise(self, noise):
        index = tf.cast(tf.floor(noise[:, 0] * len(self.means)), tf.int32)
        return tf.gather(tf.constant(self.means), index) + self.scale * noise[:, 1:]

    def get_config(self):
        return {"means": self.means.tolist(), "scale": self.scale}


@keras.saving.register_keras_serializable(package="keras_gen")
class RingPrior(Prior):
    """Points near a circle: their direction is uniform, their distance normal.

    Args:
        radius: Float above 0, the mean distance from the origin.
        scale: Float above 0, the standard deviation of the distance.

    Raises:
        ValueError: If an argument is wrong.
    """

    latent_dim = 2

    def __init__(self, radius=2.0, scale=0.1):
        check_positive(radius=radius, scale=scale)
        self.radius, self.scale = float(radius), float(scale)

    def noise(self, rows, stream):
        # The direction of two normal numbers is uniform.
        return rows.normal((3,), stream)

    def from_noise(self, noise):
        direction, distance = noise[:, :2], self.radius + self.scale * noise[:, 2:]
        size = tf.sqrt(tf.reduce_sum(direction**2, axis=-1, keepdims=True))
        return distance * direction / tf.maximum(size, 1e-12)

    def get_config(self):
        return {"radius": self.radius, "scale": self.scale}
