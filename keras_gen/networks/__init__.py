"""Functions that return built networks. They import without TensorFlow."""

from keras_gen.networks.big_gan import big_gan_discriminator, big_gan_generator
from keras_gen.networks.checks import (
    check_classifier,
    check_judge,
    check_latents,
    check_maps,
    check_mirrored,
    check_network,
)
from keras_gen.networks.classifier import conv_classifier
from keras_gen.networks.conditioner import conditioner
from keras_gen.networks.content_and_style import content_encoder, style_decoder
from keras_gen.networks.conv import conv_decoder, conv_encoder
from keras_gen.networks.dcgan import dcgan_discriminator, dcgan_generator
from keras_gen.networks.grid import grid_decoder, grid_encoder
from keras_gen.networks.heads import with_heads
from keras_gen.networks.mlp import mlp
from keras_gen.networks.normalization import instance_normalization
from keras_gen.networks.patch_discriminator import patch_discriminator
from keras_gen.networks.progressive import (
    progressive_discriminator,
    progressive_generator,
)
from keras_gen.networks.reference import with_reference
from keras_gen.networks.renamed import renamed
from keras_gen.networks.residual_generator import residual_generator
from keras_gen.networks.sr_res_net import sr_res_net
from keras_gen.networks.unet import unet

__all__ = [
    "big_gan_discriminator",
    "big_gan_generator",
    "check_classifier",
    "check_judge",
    "check_latents",
    "check_maps",
    "check_mirrored",
    "check_network",
    "conditioner",
    "content_encoder",
    "conv_classifier",
    "conv_decoder",
    "conv_encoder",
    "dcgan_discriminator",
    "dcgan_generator",
    "grid_decoder",
    "grid_encoder",
    "instance_normalization",
    "mlp",
    "patch_discriminator",
    "progressive_discriminator",
    "progressive_generator",
    "renamed",
    "residual_generator",
    "sr_res_net",
    "style_decoder",
    "unet",
    "with_heads",
    "with_reference",
]
