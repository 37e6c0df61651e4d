"""Normalization of the features of each pixel."""

import keras
from keras import ops

_EPSILON = 1e-8


@keras.saving.register_keras_serializable(package="keras_gen")
class PixelNormalization(keras.layers.Layer):
    """Divides the features of each pixel by their root mean square.

    It has no weights. An epsilon of 1e-8 is added to the mean square. Inputs of shape
    `(batch, features)` are normalized too.

    Reference:
        Karras et al., Progressive Growing of GANs for Improved Quality, Stability, and
        Variation, 2017 (arXiv:1710.10196), section 4.2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import PixelNormalization
    >>> outputs = PixelNormalization()(np.array([[3.0, 4.0, 0.0, 0.0]]))
    >>> np.round(outputs, 1)
    array([[1.2, 1.6, 0. , 0. ]], dtype=float32)
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.built = True

    def call(self, inputs):
        # Half precision would lose small squares.
        values = ops.cast(inputs, "float32")
        square = ops.mean(ops.square(values), axis=-1, keepdims=True)
        return ops.cast(values * ops.rsqrt(square + _EPSILON), inputs.dtype)
