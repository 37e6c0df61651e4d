"""How many codes a model of codes uses, over an epoch."""

import keras
import tensorflow as tf


class CodeUsage(keras.metrics.Metric):
    """How many codes the examples since the last reset use.

    It reports `used_codes`, a number, and `perplexity`, the exponential of the entropy
    of their shares: as many codes, equally frequent, have the same entropy.

    Args:
        num_codes: Integer.
    """

    def __init__(self, num_codes, name="code_usage", **kwargs):
        super().__init__(name=name, **kwargs)
        self.counts = self.add_variable((num_codes,), "zeros", name="counts")

    def update_state(self, codes) -> None:
        is_used = tf.one_hot(tf.reshape(codes, (-1,)), self.counts.shape[0])
        self.counts.assign_add(tf.reduce_sum(is_used, axis=0))

    def result(self) -> dict:
        counts = tf.convert_to_tensor(self.counts)
        shares = counts / tf.maximum(tf.reduce_sum(counts), 1.0)
        entropy = -tf.reduce_sum(tf.math.xlogy(shares, shares))
        used = tf.reduce_sum(tf.cast(counts > 0.0, tf.float32))
        return {"perplexity": tf.exp(entropy), "used_codes": used}
