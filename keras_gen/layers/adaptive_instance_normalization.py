"""Instance normalization to given means and deviations."""

import keras
from keras import ops

_EPSILON = 1e-5


@keras.saving.register_keras_serializable(package="keras_gen")
class AdaptiveInstanceNormalization(keras.layers.Layer):
    """Gives each channel of each example the mean and deviation that it is told.

    Channels are normalized over their pixels, by the deviation with an epsilon of 1e-5
    added to the variance, which keeps the derivative finite if a channel is constant.
    It has no weights: the means and deviations are made from a style.

    Reference:
        Huang and Belongie, Arbitrary Style Transfer in Real-time with Adaptive Instance
        Normalization, 2017 (arXiv:1703.06868), eq. 8.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import AdaptiveInstanceNormalization
    >>> images = np.array([[[[0.0], [2.0]]]], "float32")
    >>> mean, deviation = np.array([[10.0]]), np.array([[3.0]])
    >>> outputs = AdaptiveInstanceNormalization()(images, mean, deviation)
    >>> np.round(np.ravel(outputs), 3)
    array([ 7., 13.], dtype=float32)
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.built = True

    def call(self, inputs, means, deviations):
        values = ops.cast(inputs, "float32")
        mean = ops.mean(values, axis=(1, 2), keepdims=True)
        centred = values - mean
        variance = ops.mean(ops.square(centred), axis=(1, 2), keepdims=True)
        normal = centred * ops.rsqrt(variance + _EPSILON)
        means, deviations = (
            ops.cast(part, "float32")[:, None, None, :] for part in (means, deviations)
        )
        return ops.cast(normal * deviations + means, inputs.dtype)
