"""What one step of training or evaluation sees."""

from typing import Any, NamedTuple

import tensorflow as tf

from keras_gen.random import Rows


class Batch(NamedTuple):
    """Examples, their randomness and what they are paired with, row by row.

    Attributes:
        x: Tensor of shape `(batch, *x_domain.shape)`.
        rows: `keras_gen.random.Rows`, one row of randomness an example.
        y: Tensor of shape `(batch, *y_domain.shape)` for models with a `y_domain`, else
            None.
    """

    x: Any
    rows: Rows
    y: Any = None

    def share(self, index, count):
        """Every `count`-th row, from row `index` on.

        Of fewer than `count` rows some come in several shares, and none is empty.
        """
        if count == 1:
            return self
        num_rows = tf.shape(self.x)[0]
        part = tf.range(index, tf.maximum(num_rows, count), count) % num_rows
        y = None if self.y is None else tf.gather(self.y, part)
        return Batch(tf.gather(self.x, part), self.rows.take(part), y)
