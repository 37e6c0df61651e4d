"""Functions that return built networks. They import without TensorFlow."""

from keras_gen.networks.checks import check_mirrored, check_network
from keras_gen.networks.classifier import conv_classifier
from keras_gen.networks.conditioner import conditioner
from keras_gen.networks.conv import conv_decoder, conv_encoder
from keras_gen.networks.dcgan import dcgan_discriminator, dcgan_generator
from keras_gen.networks.grid import grid_decoder, grid_encoder
from keras_gen.networks.mlp import mlp
from keras_gen.networks.reference import with_reference

__all__ = [
    "check_mirrored",
    "check_network",
    "conditioner",
    "conv_classifier",
    "conv_decoder",
    "conv_encoder",
    "dcgan_discriminator",
    "dcgan_generator",
    "grid_decoder",
    "grid_encoder",
    "mlp",
    "with_reference",
]
