"""Mixtures of logistic distributions on levels, whose channels depend on each other."""

import math

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.distributions.likelihoods import REALS, LevelLikelihood


@keras.saving.register_keras_serializable(package="keras_gen")
class LogisticMixtureLikelihood(LevelLikelihood):
    """Grey or color values in [0, 1] on levels, as a mixture of discretized logistics.

    The parameters are a logit of the weight of each component, then the locations, then
    the log scales. Locations are relative to points that are spread over [0, 1]. With
    one component it has the probabilities of `DiscretizedLogisticLikelihood`, but for
    the bounds of the scale.

    The channels of a pixel are drawn from one component, whose locations depend
    linearly on the earlier channels. `of_channels()` gives the distribution of each
    channel given the earlier ones, which is a mixture too: by Bayes' rule its weights
    are the probabilities of the components after what the earlier channels have shown.
    So a model that draws the channels one by one draws from the distribution of pixels.

    NOTE: The least scale is an eighth of the distance of two levels, which for 256
    levels is nearly that of the authors' code. As there, the hyperbolic tangent bounds
    the coefficients of earlier channels.

    Args:
        num_components: Integer of at least 1.
        num_levels: Integer of at least 2.

    Raises:
        ValueError: If an argument is not such an integer.

    Reference:
        Salimans et al., "PixelCNN++", 2017, arXiv:1701.05517, eq. 1 to 3.

    Example:
    >>> import tensorflow as tf
    >>> from keras_gen.distributions import LogisticMixtureLikelihood
    >>> likelihood = LogisticMixtureLikelihood(num_components=2, num_levels=4)
    >>> uniform = tf.constant([0.1, 0.4, 0.6, 0.9])
    >>> likelihood.quantile(tf.zeros((4, 6)), uniform).numpy()
    array([0, 1, 2, 3], dtype=int32)
    """

    parameter_range = REALS

    def __init__(self, num_components=10, num_levels=256):
        check_count(num_components, "num_components", 1)
        check_count(num_levels, "num_levels", 2)
        self.num_components, self.num_levels = num_components, num_levels
        self.parameters_per_value = 3 * num_components

    def outputs_per_pixel(self, num_channels) -> int:
        """How many outputs of a network describe a pixel, for `of_channels()`."""
        coefficients = num_channels * (num_channels - 1) // 2
        return self.num_components * (1 + 2 * num_channels + coefficients)

    def of_channels(self, outputs, values) -> tf.Tensor:
        """The parameters of each channel of pixels, given the earlier channels.

        Args:
            outputs: Float32 tensor of shape `(..., outputs_per_pixel(channels))`. In
                groups of `num_components`, they are the logits of the weights; then for
                each channel the locations, the log scales, and the coefficients of each
                earlier channel.
            values: Float32 tensor of shape `(..., channels)`, pixels in [0, 1], or
                their first channels. The last one is not used.

        Returns:
            Float32 tensor of shape `(..., channels, parameters_per_value)`.
        """
        groups = outputs.shape[-1] // self.num_components
        parts = iter(tf.split(outputs, groups, axis=-1))
        values = tf.unstack(values, axis=-1)
        weights, found = tf.nn.log_softmax(next(parts)), []
        for channel in range(len(values)):
            location, log_scale = next(parts), next(parts)
            moves = [
                tf.tanh(next(parts)) * (value[..., None] - 0.5)
                for value in values[:channel]
            ]
            if moves:
                location += tf.reduce_sum(tf.stack(moves), axis=0)
            found.append(tf.concat([weights, location, log_scale], axis=-1))
            if channel < len(values) - 1:
                shown = self._joint_log_probs(found[-1], values[channel])
                weights = tf.nn.log_softmax(shown)
        return tf.stack(found, axis=-2)

    def log_prob(self, parameters, levels):
        values = tf.cast(levels, tf.float32) / (self.num_levels - 1)
        joint = self._joint_log_probs(parameters, values)
        return tf.reduce_logsumexp(joint, axis=-1)

    def level_log_probs(self, parameters):
        weights, location, scale = (
            part[..., None] for part in self._components(parameters)
        )
        steps = self.num_levels - 1
        edges = (tf.range(steps, dtype=tf.float32) + 0.5) / steps
        below, above = _log_sigmoids((edges - location) / scale)
        inside = below[..., 1:] + above[..., :-1] + self._log_width(scale)
        levels = tf.concat([below[..., :1], inside, above[..., -1:]], axis=-1)
        return tf.reduce_logsumexp(weights + levels, axis=-2)

    def get_config(self):
        return {"num_components": self.num_components, "num_levels": self.num_levels}

    def _joint_log_probs(self, parameters, values):
        """Log probabilities of values with each component, `(..., num_components)`."""
        weights, location, scale = self._components(parameters)
        values, half = values[..., None], 0.5 / (self.num_levels - 1)
        below, _ = _log_sigmoids((values + half - location) / scale)
        _, above = _log_sigmoids((values - half - location) / scale)
        # TensorFlow adds three in an order that may change if one is needed elsewhere.
        width = tf.broadcast_to(self._log_width(scale), tf.shape(below))
        inside = tf.reduce_sum(tf.stack([below, above, width]), axis=0)
        lowest, highest = values < half, values > 1.0 - half
        log_probs = tf.where(lowest, below, tf.where(highest, above, inside))
        return weights + log_probs

    def _components(self, parameters):
        """Log weights, locations and scales, of shape `(..., num_components)`."""
        logits, location, log_scale = tf.split(parameters, 3, axis=-1)
        spread = (np.arange(self.num_components) + 0.5) / self.num_components
        least = 0.125 / (self.num_levels - 1)
        # Beyond an upper bound, probabilities of inner levels would vanish.
        scale = tf.exp(tf.clip_by_value(log_scale - 2.0, math.log(least), 7.0))
        location += spread.astype(np.float32)
        return tf.nn.log_softmax(logits), location, scale

    def _log_width(self, scale):
        """`log(1 - exp(-d))`, where `d` is the distance of two levels in scales."""
        # Not expm1, which TensorFlow Lite computes as a difference.
        half = 0.5 / ((self.num_levels - 1) * scale)
        return tf.math.log(tf.tanh(half)) + tf.math.log1p(tf.exp(-2.0 * half))


def _log_sigmoids(x):
    """`log sigmoid(x)` and `log sigmoid(-x)`.

    TensorFlow Lite's own form overflows far from zero.
    """
    rest = tf.math.log1p(tf.exp(-tf.abs(x)))
    return tf.minimum(x, 0.0) - rest, -tf.maximum(x, 0.0) - rest
