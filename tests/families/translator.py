"""A translator between images of two sizes, which learns without pairs."""

import keras
import tensorflow as tf

from keras_gen.domains import Images
from keras_gen.losses import squared_error
from keras_gen.models.base import GenerativeModel, TwoWayTranslation, whole_batch


@keras.saving.register_keras_serializable(package="families")
class Translator(TwoWayTranslation, GenerativeModel):
    """Goes there and back again, and matches the mean image of the other domain."""

    term_names = ("loss", "cycle", "means")

    def __init__(self, forth, back, **kwargs):
        super().__init__(**kwargs)
        self.forth, self.back = forth, back
        self.x_domain = Images(forth.input_shape[1:])
        self.y_domain = Images(forth.output_shape[1:])

    def to_y(self, x):
        return self.forth(x)

    def to_x(self, y):
        return self.back(y)

    def loss_terms(self, batch, training):
        y = self.forth(batch.x, training=training)
        x = self.back(batch.y, training=training)
        cycle = squared_error(batch.x, self.back(y, training=training))
        cycle += squared_error(batch.y, self.forth(x, training=training))
        means = _distance(x, batch.x) + _distance(y, batch.y)
        return {"loss": cycle + means, "cycle": cycle, "means": means}


def _distance(fakes, images):
    # The square couples all examples of a batch.
    difference = tf.reduce_mean(whole_batch(fakes) - whole_batch(images), axis=0)
    return tf.reduce_sum(difference**2)
