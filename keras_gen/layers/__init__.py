"""Layers that Keras lacks. They import without TensorFlow."""

from keras_gen.layers.gaussian_corruption import GaussianCorruption
from keras_gen.layers.masking_corruption import MaskingCorruption

__all__ = ["GaussianCorruption", "MaskingCorruption"]
