"""Salt-and-pepper noise, with the noise as an input."""

from statistics import NormalDist

import keras
from keras import ops

from keras_gen.arguments import shown


@keras.saving.register_keras_serializable(package="keras_gen")
class SaltAndPepperCorruption(keras.layers.Layer):
    """Sets a random fraction of the values to 0 or 1, both equally often.

    A value becomes 0 if its noise lies below the quantile of `rate / 2` of the normal
    distribution, 1 if it lies above that of `1 - rate / 2`, and is kept in between. So
    a binary value changes with probability `rate / 2`.

    Args:
        rate: Float in [0, 1], the fraction of values that are set.

    Raises:
        ValueError: If `rate` is outside [0, 1].
    """

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate <= 1:
            raise ValueError(f"`rate` must lie in [0, 1]. Received: {shown(rate)}")
        self.rate = float(rate)
        # Noise never exceeds 5.7.
        self._edge = -NormalDist().inv_cdf(rate / 2) if rate else 10.0
        self.built = True

    def call(self, images, noise):
        kept = ops.where(noise < -self._edge, ops.zeros_like(images), images)
        return ops.where(noise > self._edge, ops.ones_like(images), kept)

    def get_config(self) -> dict:
        return {**super().get_config(), "rate": self.rate}
