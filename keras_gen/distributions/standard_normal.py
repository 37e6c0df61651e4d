"""The standard normal distribution of vectors."""

import math

import tensorflow as tf


def standard_normal_log_prob(values) -> tf.Tensor:
    """The log density of vectors of independent standard normal values.

    Args:
        values: Float tensor of shape `(..., size)`.

    Returns:
        Tensor of shape `(...)`, in nats.
    """
    squares = tf.reduce_sum(values**2, axis=-1)
    return -0.5 * (squares + values.shape[-1] * math.log(2.0 * math.pi))
