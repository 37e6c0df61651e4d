"""Dropout of inputs, with the noise as an input."""

from statistics import NormalDist

import keras
from keras import ops

from keras_gen.arguments import shown


@keras.saving.register_keras_serializable(package="keras_gen")
class MaskingCorruption(keras.layers.Layer):
    """Sets a random fraction of the values to zero.

    A value is kept if its noise is at least the quantile of `rate` of the normal
    distribution. Unlike `keras.layers.Dropout` it takes the noise as an input and does
    not rescale the other values.

    Args:
        rate: Float in [0, 1), the fraction of values that are set to zero.

    Raises:
        ValueError: If `rate` is outside [0, 1).
    """

    #: Float, what stands in place of a hidden value.
    hidden_value = 0.0

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"`rate` must lie in [0, 1). Received: {shown(rate)}")
        self.rate = float(rate)
        # Noise never falls below -5.7.
        self._edge = NormalDist().inv_cdf(rate) if rate else -10.0
        self.built = True

    def call(self, images, noise):
        # TFLite has no function for cumulative probabilities.
        return images * ops.cast(noise >= self._edge, images.dtype)

    def get_config(self) -> dict:
        return {**super().get_config(), "rate": self.rate}
