"""Distributions of one site of an image given the earlier ones.

Each is a small serializable object that reads the parameters which a network gives for
a site, float32 of shape `(..., parameters_per_site)`, and speaks of its value, one of
the levels `0, 1/(n-1), ..., 1`.
"""

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count


class SiteDistribution:
    """Abstract: from a network's outputs to the distribution of a site on levels."""

    #: Integer, how many levels a site can have.
    num_levels = 2
    #: Integer, how many outputs of the network describe a site.
    parameters_per_site = 1

    def log_prob(self, parameters, values):
        """Log probability of values, in nats.

        Args:
            parameters: Float32 tensor of shape `(..., parameters_per_site)`.
            values: Float32 tensor of shape `(...)`, on the levels.

        Returns:
            Float32 tensor of shape `(...)`.
        """
        raise NotImplementedError

    def cumulative(self, parameters, temperature=1.0):
        """Probability of each level or a lower one, the highest left out.

        Args:
            parameters: Float32 tensor of shape `(..., parameters_per_site)`.
            temperature: Positive float, or float32 tensor that broadcasts to `(...)`:
                probabilities are taken to the power `1 / temperature`.

        Returns:
            Float32 tensor of shape `(..., num_levels - 1)`.
        """
        raise NotImplementedError

    def mixture(self, parameters):
        """Parameters of the mean of several distributions.

        Args:
            parameters: Float32 tensor of shape `(num, ..., parameters_per_site)`.

        Returns:
            Float32 tensor of shape `(..., parameters_per_site)`.
        """
        raise NotImplementedError

    def mean(self, parameters):
        """Expected values, float32 of shape `(...)`."""
        # The mean of a variable on levels is the sum of its survival function.
        return tf.reduce_mean(1.0 - self.cumulative(parameters), axis=-1)

    def quantile(self, parameters, uniform, temperature=1.0):
        """Values where the cumulative probability passes uniform numbers.

        Args:
            parameters: Float32 tensor of shape `(..., parameters_per_site)`.
            uniform: Float32 tensor of shape `(...)` in [0, 1).
            temperature: As for `cumulative()`.

        Returns:
            Float32 tensor of shape `(...)`, on the levels.
        """
        passed = uniform[..., None] >= self.cumulative(parameters, temperature)
        level = tf.reduce_sum(tf.cast(passed, tf.float32), axis=-1)
        return level / (self.num_levels - 1)

    def check_levels(self, images):
        """Raises a ValueError unless all pixels lie on the levels.

        Args:
            images: Array or tensor with values in [0, 1].
        """
        levels = np.asarray(images, np.float32) * (self.num_levels - 1)
        wrong = np.abs(levels - np.round(levels)) > 1e-3
        if wrong.any():
            steps = self.num_levels - 1
            expected = "0 or 1" if steps == 1 else f"multiples of 1/{steps}"
            raise ValueError(
                f"`x` must hold {expected} for {type(self).__name__}. Received: "
                f"{levels[wrong][0] / steps:.6g}"
            )

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_gen")
class BernoulliSites(SiteDistribution):
    """Black or white: the one parameter is the logit of white.

    Example:
    >>> import tensorflow as tf
    >>> from keras_gen.distributions import BernoulliSites
    >>> BernoulliSites().quantile(tf.zeros((2, 1)), tf.constant([0.4, 0.6])).numpy()
    array([0., 1.], dtype=float32)
    """

    def log_prob(self, parameters, values):
        logits = parameters[..., 0]
        return values * logits - tf.nn.softplus(logits)

    def cumulative(self, parameters, temperature=1.0):
        return tf.sigmoid(-parameters / _per_site(temperature))

    def mixture(self, parameters):
        white = tf.reduce_logsumexp(tf.math.log_sigmoid(parameters), axis=0)
        return white - tf.reduce_logsumexp(tf.math.log_sigmoid(-parameters), axis=0)


@keras.saving.register_keras_serializable(package="keras_gen")
class CategoricalSites(SiteDistribution):
    """Any distribution on grey levels: the parameters are one logit for each.

    Args:
        num_levels: Integer of at least 2.

    Raises:
        ValueError: If `num_levels` is not such an integer.

    Example:
    >>> import tensorflow as tf
    >>> from keras_gen.distributions import CategoricalSites
    >>> uniform = tf.constant([0.1, 0.5, 0.9])
    >>> CategoricalSites(3).quantile(tf.zeros((3, 3)), uniform).numpy()
    array([0. , 0.5, 1. ], dtype=float32)
    """

    def __init__(self, num_levels=256):
        check_count(num_levels, "num_levels", 2)
        self.num_levels = num_levels
        self.parameters_per_site = num_levels

    def log_prob(self, parameters, values):
        levels = tf.cast(tf.round(values * (self.num_levels - 1)), tf.int32)
        return -tf.nn.sparse_softmax_cross_entropy_with_logits(levels, parameters)

    def cumulative(self, parameters, temperature=1.0):
        # Below their greatest first: divided by a small temperature, it is infinite.
        parameters -= tf.reduce_max(parameters, axis=-1, keepdims=True)
        probabilities = tf.nn.softmax(parameters / _per_site(temperature))
        return tf.cumsum(probabilities, axis=-1)[..., :-1]

    def mixture(self, parameters):
        return tf.reduce_logsumexp(tf.nn.log_softmax(parameters), axis=0)

    def get_config(self):
        return {"num_levels": self.num_levels}


def _per_site(temperature):
    return tf.convert_to_tensor(temperature, tf.float32)[..., None]
