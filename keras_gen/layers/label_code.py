"""Labels as an additional input of a network."""

import keras
from keras import ops

from keras_gen.arguments import check_count


@keras.saving.register_keras_serializable(package="keras_gen")
class LabelCode(keras.layers.Layer):
    """Concatenates the one-hot label to each position of an example.

    Call it as `layer(values, labels)`, with values of shape `(batch, ..., features)`
    and labels of shape `(batch,)`. The result has shape
    `(batch, ..., features + num_classes)`: an image gets `num_classes` more channels.

    Args:
        num_classes: Integer of at least 2.

    Raises:
        ValueError: If `num_classes` is not such an integer.

    Reference:
        Mirza and Osindero, "Conditional Generative Adversarial Nets", 2014,
        arXiv:1411.1784, section 3.2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import LabelCode
    >>> LabelCode(3)(np.zeros((1, 2)), np.array([1])).numpy()
    array([[0., 0., 0., 1., 0.]], dtype=float32)
    """

    def __init__(self, num_classes, **kwargs):
        super().__init__(**kwargs)
        check_count(num_classes, "num_classes", 2)
        self.num_classes = num_classes

    def call(self, values, labels):
        # Not `one_hot()`: the TFLite converter quantizes it to other numbers.
        codes = ops.take(ops.eye(self.num_classes), ops.cast(labels, "int32"), axis=0)
        places = (1,) * (len(values.shape) - 2)
        codes = ops.reshape(codes, (-1, *places, self.num_classes))
        shape = (*ops.shape(values)[:-1], self.num_classes)
        codes = ops.broadcast_to(codes, shape)
        return ops.concatenate([values, ops.cast(codes, values.dtype)], axis=-1)

    def compute_output_shape(self, values_shape, labels_shape=None) -> tuple:
        return (*values_shape[:-1], values_shape[-1] + self.num_classes)

    def get_config(self) -> dict:
        return {**super().get_config(), "num_classes": self.num_classes}
