"""Layers that Keras lacks. They import without TensorFlow."""

from keras_gen.layers.gaussian_corruption import GaussianCorruption
from keras_gen.layers.masking_corruption import MaskingCorruption
from keras_gen.layers.minibatch_standard_deviation import MinibatchStandardDeviation
from keras_gen.layers.reference_batch import DropReferenceBatch, PrependReferenceBatch
from keras_gen.layers.reference_batch_normalization import ReferenceBatchNormalization
from keras_gen.layers.virtual_batch_normalization import VirtualBatchNormalization

__all__ = [
    "DropReferenceBatch",
    "GaussianCorruption",
    "MaskingCorruption",
    "MinibatchStandardDeviation",
    "PrependReferenceBatch",
    "ReferenceBatchNormalization",
    "VirtualBatchNormalization",
]
