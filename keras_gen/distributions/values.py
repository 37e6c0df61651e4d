"""Examples with independent values: draws of them, and of what is known of them."""

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


def draw(distribution, rows, stream) -> tf.Tensor:
    """Draws an example of each distribution of a batch, as a function of rows.

    Args:
        distribution: TFP distribution of examples with independent values, as a
            `Likelihood` returns it: `tfd.Independent` or `BernoulliImage`.
        rows: `keras_gen.random.Rows`, one for each example.
        stream: String, the purpose of the draw.

    Returns:
        Float32 tensor of the shape of a batch of examples.

    Example:
    >>> import tensorflow as tf
    >>> from keras_gen.distributions import BernoulliLikelihood, draw
    >>> from keras_gen.random import Rows
    >>> likelihood = BernoulliLikelihood()(tf.constant([[-50.0, 50.0]]))
    >>> draw(likelihood, Rows(1, seed=0), "pixels").numpy()
    array([[0., 1.]], dtype=float32)
    """
    values, shape = distribution.distribution, tuple(distribution.event_shape)
    if isinstance(values, tfd.Normal):
        return values.loc + values.scale * rows.normal(shape, stream)
    uniform = rows.uniform(shape, stream)
    if isinstance(values, tfd.Bernoulli):
        return tf.cast(uniform < values.probs_parameter(), tf.float32)
    return values.quantile(uniform)


def log_prob_of_known(distribution, x) -> tf.Tensor:
    """The log probability of what is known of examples, without what is NaN.

    Args:
        distribution: As for `draw()`.
        x: Float32 tensor of a batch of examples; NaN where a value is unknown.

    Returns:
        Float32 tensor with an entry for each example, in nats.
    """
    unknown = tf.math.is_nan(x)
    log_probs = distribution.distribution.log_prob(tf.where(unknown, 0.0, x))
    log_probs = tf.where(unknown, 0.0, log_probs)
    rank = distribution.event_shape.rank
    return tf.reduce_sum(log_probs, axis=tuple(range(-rank, 0)))
