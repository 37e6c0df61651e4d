"""What one step of training or evaluation sees."""

from typing import Any, NamedTuple

import tensorflow as tf

from keras_gen.random import Rows


class Batch(NamedTuple):
    """Images, their randomness and their labels, row by row.

    Attributes:
        images: Float32 tensor of shape `(batch, *image_shape)`.
        rows: `keras_gen.random.Rows`, one row of randomness an image.
        labels: Int32 tensor of shape `(batch,)` for models with `num_classes`, else
            None.
    """

    images: Any
    rows: Rows
    labels: Any = None

    def share(self, index, count):
        """Every `count`-th row, from row `index` on.

        Of fewer than `count` rows some come in several shares, and none is empty.
        """
        if count == 1:
            return self
        num_rows = tf.shape(self.images)[0]
        part = tf.range(index, tf.maximum(num_rows, count), count) % num_rows
        labels = None if self.labels is None else tf.gather(self.labels, part)
        return Batch(tf.gather(self.images, part), self.rows.take(part), labels)
