"""Black and white images with independent pixels."""

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions

# Each factor of the product below lies in [1, 2]: the product of 64 fits in float32.
_FACTORS = 64


class BernoulliImage(tfd.Distribution):
    """Independent Bernoulli pixels: `tfd.Independent(tfd.Bernoulli(logits), 3)`.

    The log probability takes one logarithm for 64 pixels, because an
    importance-weighted bound spends most of its time there. The gradient has a closed
    form; there is no second derivative.

    Args:
        logits: Float32 tensor of shape `(batch, height, width, channels)`.
    """

    def __init__(self, logits, name="BernoulliImage"):
        parameters = dict(locals())
        self.logits = tf.convert_to_tensor(logits, tf.float32)
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    @property
    def distribution(self) -> tfd.Bernoulli:
        """The distribution of single pixels, as `tfd.Independent` has it."""
        return tfd.Bernoulli(logits=self.logits, dtype=tf.float32)

    def _batch_shape(self):
        return self.logits.shape[:-3]

    def _batch_shape_tensor(self):
        return tf.shape(self.logits)[:-3]

    def _event_shape(self):
        return self.logits.shape[-3:]

    def _event_shape_tensor(self):
        return tf.shape(self.logits)[-3:]

    def _log_prob(self, value):
        size = self.event_shape.num_elements()
        shape = tf.broadcast_dynamic_shape(tf.shape(value), tf.shape(self.logits))
        value = tf.reshape(tf.broadcast_to(value, shape), (-1, size))
        logits = tf.reshape(tf.broadcast_to(self.logits, shape), (-1, size))
        return tf.reshape(_log_prob(value, logits), shape[:-3])

    def _mean(self):
        return tf.sigmoid(self.logits)

    def _mode(self):
        return tf.cast(self.logits > 0, tf.float32)

    def _sample_n(self, n, seed=None):
        return self.distribution.sample(n, seed=seed)


@tf.custom_gradient
def _log_prob(value, logits):
    """`sum(value * logits - softplus(logits))` over the last axis."""
    size = logits.shape[-1]
    factors = 1.0 + tf.exp(-tf.abs(logits))
    groups = -(-size // _FACTORS)
    padding = [(0, 0), (0, groups * _FACTORS - size)]
    factors = tf.pad(factors, padding, constant_values=1.0)
    # Strided, so that neighbours in memory are multiplied in parallel.
    products = tf.reduce_prod(tf.reshape(factors, (-1, _FACTORS, groups)), axis=1)
    log_prob = tf.reduce_sum(value * logits - tf.nn.relu(logits), axis=-1)
    log_prob -= tf.reduce_sum(tf.math.log(products), axis=-1)

    def gradient(upstream):
        upstream = upstream[:, None]
        return upstream * logits, upstream * (value - tf.sigmoid(logits))

    return log_prob, gradient
