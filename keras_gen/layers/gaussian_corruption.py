"""Additive Gaussian noise, passed as an input."""

import keras

from keras_gen.arguments import shown


@keras.saving.register_keras_serializable(package="keras_gen")
class GaussianCorruption(keras.layers.Layer):
    """Adds Gaussian noise: `images + stddev * noise`.

    Unlike `keras.layers.GaussianNoise` it takes the noise as an input, so the noise can
    be a function of a seed.

    Args:
        stddev: Float of at least 0, in units of the pixels.

    Raises:
        ValueError: If `stddev` is negative.
    """

    def __init__(self, stddev, **kwargs):
        super().__init__(**kwargs)
        if not stddev >= 0:
            raise ValueError(f"`stddev` must be at least 0. Received: {shown(stddev)}")
        self.stddev = float(stddev)
        self.built = True

    def call(self, images, noise):
        return images + self.stddev * noise

    def get_config(self) -> dict:
        return {**super().get_config(), "stddev": self.stddev}
