"""Which levels are left when the least probable ones are not drawn."""

import tensorflow as tf


def most_probable(log_probs, top_k=None, top_p=None) -> tf.Tensor:
    """Marks the most probable levels.

    Of levels with equal probabilities the lower one comes first. With both limits a
    level must pass both.

    Args:
        log_probs: Float32 tensor of shape `(..., num_levels)`, normalized log
            probabilities.
        top_k: Optional int32 tensor that broadcasts to `(...)`, how many levels are
            left.
        top_p: Optional float32 tensor that broadcasts to `(...)`, in (0, 1]. The fewest
            levels are left whose probabilities sum to at least this (the nucleus).

    Returns:
        Boolean tensor of shape `(..., num_levels)`.

    Reference:
        Holtzman et al., "The Curious Case of Neural Text Degeneration", 2019,
        arXiv:1904.09751, section 3.1.

    Example:
    >>> import tensorflow as tf
    >>> from keras_gen.distributions import most_probable
    >>> log_probs = tf.math.log([0.1, 0.6, 0.3])
    >>> most_probable(log_probs, top_p=0.7).numpy()
    array([False,  True,  True])
    """
    # Ranks by pairs of levels: TensorFlow Lite has no stable sort.
    levels = tf.range(log_probs.shape[-1])
    one, other = log_probs[..., :, None], log_probs[..., None, :]
    is_before = levels[None, :] < levels[:, None]
    precedes = (other > one) | ((other == one) & is_before)
    kept = tf.ones_like(log_probs, tf.bool)
    if top_k is not None:
        rank = tf.reduce_sum(tf.cast(precedes, tf.int32), axis=-1)
        kept &= rank < tf.convert_to_tensor(top_k, tf.int32)[..., None]
    if top_p is not None:
        mass = tf.reduce_sum(tf.where(precedes, tf.exp(other), 0.0), axis=-1)
        kept &= mass < tf.convert_to_tensor(top_p, tf.float32)[..., None]
    return kept
