"""The batch of a step of training or evaluation."""

from typing import Any, NamedTuple

import tensorflow as tf

from keras_gen.random import Rows


class Batch(NamedTuple):
    """Examples with their random numbers and with what they are paired with.

    Attributes:
        x: Tensor of shape `(batch, *x_domain.shape)`.
        rows: `keras_gen.random.Rows`, the random numbers, one row for each example.
        y: Tensor of shape `(batch, *y_domain.shape)` for models with a `y_domain`, else
            None.
    """

    x: Any
    rows: Rows
    y: Any = None

    def share(self, index, count) -> "Batch":
        """A share of the batch: every `count`-th example, from `index` on.

        If there are fewer than `count` examples, some are in several shares, and no
        share is empty.
        """
        if count == 1:
            return self
        num_rows = tf.shape(self.x)[0]
        part = tf.range(index, tf.maximum(num_rows, count), count) % num_rows
        y = None if self.y is None else tf.gather(self.y, part)
        return Batch(tf.gather(self.x, part), self.rows.take(part), y)
