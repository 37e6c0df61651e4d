"""Layers that Keras lacks. They import without TensorFlow."""

from keras_gen.layers.act_norm import ActNorm
from keras_gen.layers.adaptive_instance_normalization import (
    AdaptiveInstanceNormalization,
)
from keras_gen.layers.attention_window import AttentionWindow
from keras_gen.layers.bicubic_resizing import BicubicResizing
from keras_gen.layers.conditional_batch_normalization import (
    ConditionalBatchNormalization,
)
from keras_gen.layers.coupling import AdditiveCoupling, AffineCoupling
from keras_gen.layers.diagonal_lstm import DiagonalLSTM
from keras_gen.layers.dilated_causal_block import DilatedCausalBlock
from keras_gen.layers.equalized_learning_rate import EqualizedLearningRate
from keras_gen.layers.flow_layer import FlowChain, FlowLayer
from keras_gen.layers.gated_activation import GatedActivation
from keras_gen.layers.gated_causal_block import GatedCausalBlock
from keras_gen.layers.gaussian_corruption import GaussianCorruption
from keras_gen.layers.glimpse import GlimpseReader, GlimpseWriter
from keras_gen.layers.gradient_reversal import GradientReversal
from keras_gen.layers.growth import GrowingDecoder, GrowingEncoder
from keras_gen.layers.invertible_convolution import InvertibleConvolution
from keras_gen.layers.label_code import LabelCode
from keras_gen.layers.logit import Logit
from keras_gen.layers.marginal_normalization import MarginalNormalization
from keras_gen.layers.masked_affine import MaskedAffine
from keras_gen.layers.masked_autoencoder import MaskedAutoencoder
from keras_gen.layers.masked_conv_2d import MaskedConv2D
from keras_gen.layers.masked_dense import MaskedDense
from keras_gen.layers.masked_residual_block import MaskedResidualBlock
from keras_gen.layers.masking_corruption import MaskingCorruption
from keras_gen.layers.minibatch_standard_deviation import MinibatchStandardDeviation
from keras_gen.layers.noise_dropout import NoiseDropout
from keras_gen.layers.ordered_dense import OrderedDense
from keras_gen.layers.permutation import Permutation
from keras_gen.layers.pixel_normalization import PixelNormalization
from keras_gen.layers.recurrence import (
    DiagonalRecurrence,
    GRURecurrence,
    LSTMRecurrence,
    RowRecurrence,
)
from keras_gen.layers.reference_batch import DropReferenceBatch, PrependReferenceBatch
from keras_gen.layers.reference_batch_normalization import ReferenceBatchNormalization
from keras_gen.layers.row_lstm import RowLSTM
from keras_gen.layers.salt_and_pepper_corruption import SaltAndPepperCorruption
from keras_gen.layers.shifted_residual_block import ShiftedResidualBlock
from keras_gen.layers.shifted_residual_stack import ShiftedResidualStack
from keras_gen.layers.site_head import SiteHead
from keras_gen.layers.spectral_normalization import SpectralNormalization
from keras_gen.layers.squeeze import Split, Squeeze
from keras_gen.layers.sub_pixel_conv_2d import SubPixelConv2D
from keras_gen.layers.symbol_embedding import SymbolEmbedding
from keras_gen.layers.transformer_block import TransformerBlock
from keras_gen.layers.vector_quantizer import VectorQuantizer
from keras_gen.layers.virtual_batch_normalization import VirtualBatchNormalization

__all__ = [
    "ActNorm",
    "AdaptiveInstanceNormalization",
    "AdditiveCoupling",
    "AffineCoupling",
    "AttentionWindow",
    "BicubicResizing",
    "ConditionalBatchNormalization",
    "DiagonalLSTM",
    "DiagonalRecurrence",
    "DilatedCausalBlock",
    "DropReferenceBatch",
    "EqualizedLearningRate",
    "FlowChain",
    "FlowLayer",
    "GRURecurrence",
    "GatedActivation",
    "GatedCausalBlock",
    "GaussianCorruption",
    "GlimpseReader",
    "GlimpseWriter",
    "GradientReversal",
    "GrowingDecoder",
    "GrowingEncoder",
    "InvertibleConvolution",
    "LSTMRecurrence",
    "LabelCode",
    "Logit",
    "MarginalNormalization",
    "MaskedAffine",
    "MaskedAutoencoder",
    "MaskedConv2D",
    "MaskedDense",
    "MaskedResidualBlock",
    "MaskingCorruption",
    "MinibatchStandardDeviation",
    "NoiseDropout",
    "OrderedDense",
    "Permutation",
    "PixelNormalization",
    "PrependReferenceBatch",
    "ReferenceBatchNormalization",
    "RowLSTM",
    "RowRecurrence",
    "SaltAndPepperCorruption",
    "ShiftedResidualBlock",
    "ShiftedResidualStack",
    "SiteHead",
    "SpectralNormalization",
    "Split",
    "Squeeze",
    "SubPixelConv2D",
    "SymbolEmbedding",
    "TransformerBlock",
    "VectorQuantizer",
    "VirtualBatchNormalization",
]
