"""The standard deviation over a batch, as an additional feature map."""

import keras
from keras import ops

_EPSILON = 1e-8


@keras.saving.register_keras_serializable(package="keras_gen")
class MinibatchStandardDeviation(keras.layers.Layer):
    """Adds one feature map that shows a discriminator how varied its batch is.

    The standard deviation over the batch is averaged over features and positions. The
    value is the same at every position of every example. It is small if the examples
    are alike. Inputs of shape `(batch, features)` get one more feature.

    An epsilon of 1e-8 under the square root keeps the derivative finite if all examples
    are equal, as in a batch of one. The value is then 1e-4.

    NOTE: One group is the whole batch. The networks of the paper take groups of four.

    Reference:
        Karras et al., Progressive Growing of GANs for Improved Quality, Stability, and
        Variation, 2017 (arXiv:1710.10196), section 3.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import MinibatchStandardDeviation
    >>> images = np.stack([np.zeros((2, 2, 3)), np.full((2, 2, 3), 4.0)])
    >>> outputs = MinibatchStandardDeviation()(images)
    >>> tuple(outputs.shape)
    (2, 2, 2, 4)
    >>> float(outputs[0, 0, 0, 3])
    2.0
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.built = True

    def call(self, inputs):
        # Half precision would lose the small variances that matter here.
        variance = ops.var(ops.cast(inputs, "float32"), axis=0)
        deviation = ops.mean(ops.sqrt(variance + _EPSILON))
        feature_map = ops.ones_like(inputs[..., :1]) * ops.cast(deviation, inputs.dtype)
        return ops.concatenate([inputs, feature_map], axis=-1)
