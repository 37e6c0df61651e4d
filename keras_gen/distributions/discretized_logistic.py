"""The logistic distribution on equally spaced levels."""

import tensorflow as tf
import tensorflow_probability as tfp

from keras_gen.arguments import check_count

tfd = tfp.distributions


class DiscretizedLogistic(tfd.Distribution):
    """A logistic variable rounded to the levels `0, 1/(n-1), ..., 1`.

    The lowest and the highest level get the tails. TFP's `QuantizedDistribution`
    subtracts cumulative probabilities, which are equal in float32 far from the
    location. The form that is used here stays finite there, and so does its gradient.

    Args:
        location: Float32 tensor, the location of the variable before rounding.
        scale: Positive float32 tensor of the same shape.
        num_levels: Integer of at least 2.

    Raises:
        ValueError: If `num_levels` is not such an integer.

    Reference:
        Salimans et al., "PixelCNN++", 2017, arXiv:1701.05517, eq. 2.
    """

    def __init__(self, location, scale, num_levels=256, name="DiscretizedLogistic"):
        parameters = dict(locals())
        check_count(num_levels, "num_levels", 2)
        self.location = tf.convert_to_tensor(location, tf.float32)
        self.scale = tf.convert_to_tensor(scale, tf.float32)
        self.num_levels = num_levels
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    def _batch_shape(self):
        return tf.broadcast_static_shape(self.location.shape, self.scale.shape)

    def _batch_shape_tensor(self):
        return tf.shape(self.location + self.scale)

    def _event_shape(self):
        return tf.TensorShape([])

    def _event_shape_tensor(self):
        return tf.constant([], tf.int32)

    def _log_prob(self, value):
        half = 0.5 / (self.num_levels - 1)
        above = (value + half - self.location) / self.scale
        below = (value - half - self.location) / self.scale
        # sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a))
        log_width = tf.math.log(-tf.math.expm1(-2.0 * half / self.scale))
        inside = tf.math.log_sigmoid(above) + tf.math.log_sigmoid(-below) + log_width
        lowest, highest = value < half, value > 1.0 - half
        edge = tf.where(lowest, tf.math.log_sigmoid(above), tf.math.log_sigmoid(-below))
        return tf.where(lowest | highest, edge, inside)

    def _mean(self):
        # The sum of the survival function over the levels' edges, as an integral: the
        # mean of the variable clipped to [0, 1], within half a level of the exact one.
        below = _softplus(self.location / self.scale)
        above = _softplus((self.location - 1.0) / self.scale)
        return self.scale * (below - above)

    def _quantile(self, value):
        odds = tf.math.log(value) - tf.math.log1p(-value)
        return self._on_levels(self.location + self.scale * odds)

    def _sample_n(self, n, seed=None):
        logistic = tfd.Logistic(self.location, self.scale).sample(n, seed=seed)
        return self._on_levels(logistic)

    def _on_levels(self, values):
        steps = self.num_levels - 1
        return tf.round(tf.clip_by_value(values, 0.0, 1.0) * steps) / steps


def _softplus(x):
    """TensorFlow Lite's own form overflows far from zero."""
    return tf.maximum(x, 0.0) + tf.math.log1p(tf.exp(-tf.abs(x)))
