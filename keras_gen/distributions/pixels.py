"""Distributions of images given the outputs of a decoder.

Each is a small serializable object: called on the decoder's outputs, of shape
`(batch, height, width, parameters_per_channel * channels)`, it returns a TFP
distribution whose events are images of shape `(height, width, channels)` in [0, 1].
"""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_gen.distributions.bernoulli_image import BernoulliImage
from keras_gen.distributions.discretized_logistic import DiscretizedLogistic

tfd = tfp.distributions


class PixelDistribution:
    """Abstract: from a decoder's outputs to a distribution of images."""

    #: How many outputs of the decoder describe one channel of one pixel.
    parameters_per_channel = 1

    def __call__(self, outputs):
        """TFP distribution of images.

        Args:
            outputs: Tensor of shape
                `(batch, height, width, parameters_per_channel * channels)`.
        """
        raise NotImplementedError

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_gen")
class BernoulliPixels(PixelDistribution):
    """Black or white: the outputs are the logits of white."""

    def __call__(self, outputs):
        return BernoulliImage(tf.cast(outputs, tf.float32))


@keras.saving.register_keras_serializable(package="keras_gen")
class GaussianPixels(PixelDistribution):
    """Grey values with one fixed scale: the negative log density is a squared error.

    Args:
        scale: Positive float, the standard deviation of every pixel. With
            `1 / sqrt(2)` the distortion is the summed squared error plus a constant.

    Raises:
        ValueError: If `scale` is not positive.
    """

    def __init__(self, scale=1.0):
        if not scale > 0:
            raise ValueError(f"`scale` must be positive. Received: {scale}")
        self.scale = float(scale)

    def __call__(self, outputs):
        pixels = tfd.Normal(tf.cast(outputs, tf.float32), self.scale)
        return tfd.Independent(pixels, reinterpreted_batch_ndims=3)

    def get_config(self):
        return {"scale": self.scale}


@keras.saving.register_keras_serializable(package="keras_gen")
class LearnedGaussianPixels(PixelDistribution):
    """Grey values with a learned scale for each pixel.

    The outputs are the means of all channels, then their log scales.

    Args:
        least_scale: Positive float, added to every scale: the density of grey values
            on 256 levels is unbounded as the scale goes to zero.

    Raises:
        ValueError: If `least_scale` is not positive.
    """

    parameters_per_channel = 2

    def __init__(self, least_scale=1e-2):
        if not least_scale > 0:
            raise ValueError(f"`least_scale` must be positive. Received: {least_scale}")
        self.least_scale = float(least_scale)

    def __call__(self, outputs):
        mean, log_scale = tf.split(tf.cast(outputs, tf.float32), 2, axis=-1)
        pixels = tfd.Normal(mean, self.least_scale + tf.exp(log_scale))
        return tfd.Independent(pixels, reinterpreted_batch_ndims=3)

    def get_config(self):
        return {"least_scale": self.least_scale}


@keras.saving.register_keras_serializable(package="keras_gen")
class DiscretizedLogisticPixels(PixelDistribution):
    """Grey values on 256 levels, with probabilities instead of densities.

    The outputs are the locations of all channels, relative to mid-grey, then their log
    scales. Log probabilities divided by `-log(2) * height * width * channels` are bits
    per dimension.
    """

    parameters_per_channel = 2

    def __call__(self, outputs):
        location, log_scale = tf.split(tf.cast(outputs, tf.float32), 2, axis=-1)
        # Scales below exp(-7) are sharper than the levels lie apart, and their
        # gradients vanish.
        scale = tf.exp(tf.maximum(log_scale - 2.0, -7.0))
        pixels = DiscretizedLogistic(0.5 + location, scale, num_levels=256)
        return tfd.Independent(pixels, reinterpreted_batch_ndims=3)
