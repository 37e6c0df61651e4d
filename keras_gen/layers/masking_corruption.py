"""Dropout of inputs, with the noise as an input."""

import keras
from keras import ops

from keras_gen.arguments import shown


@keras.saving.register_keras_serializable(package="keras_gen")
class MaskingCorruption(keras.layers.Layer):
    """Sets a random fraction of the values to zero.

    A value is kept if the normal cumulative probability of its noise is at least
    `rate`. Unlike `keras.layers.Dropout` it takes the noise as an input and does not
    rescale the other values.

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
        self.built = True

    def call(self, images, noise):
        probability = 0.5 * (1.0 + ops.erf(noise / 2**0.5))
        return images * ops.cast(probability >= self.rate, images.dtype)

    def get_config(self) -> dict:
        return {**super().get_config(), "rate": self.rate}
