"""Dropout with the noise as an input."""

import keras
from keras import ops

from keras_gen.arguments import check_reals, shown


@keras.saving.register_keras_serializable(package="keras_gen")
class NoiseDropout(keras.layers.Layer):
    """Drops the values whose noise is below the rate, and scales up the others.

    It is `keras.layers.Dropout` as a function of uniform noise, so a training can be
    repeated and resumed. Outside training nothing is dropped and the noise is not used.

    Args:
        rate: Float in [0, 1), the fraction of values that are dropped.

    Raises:
        ValueError: If `rate` is outside [0, 1).

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import NoiseDropout
    >>> values, noise = np.ones((1, 3), "float32"), np.array([[0.1, 0.5, 0.9]])
    >>> np.asarray(NoiseDropout(0.5)(values, noise, training=True))
    array([[0., 2., 2.]], dtype=float32)
    """

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        check_reals(rate=rate)
        if not 0 <= rate < 1:
            raise ValueError(f"`rate` must lie in [0, 1). Received: {shown(rate)}")
        self.rate = float(rate)
        self.built = True

    def call(self, inputs, noise, training=False):
        if not training:
            return inputs
        return inputs * ops.cast(noise >= self.rate, inputs.dtype) / (1.0 - self.rate)

    def get_config(self) -> dict:
        return {**super().get_config(), "rate": self.rate}
