"""Every model of the zoo.

Importing this makes the models, and the layers and distributions that they are made of,
known to `keras.saving.load_model`.
"""

import keras_gen.distributions
import keras_gen.layers
import keras_gen.losses  # noqa: F401
from keras_gen.models.autoencoder.autoencoder import Autoencoder
from keras_gen.models.autoencoder.denoising_autoencoder import DenoisingAutoencoder
from keras_gen.models.autoencoder.stacked_autoencoder import StackedAutoencoder
from keras_gen.models.autoregressive.gated_pixel_cnn import GatedPixelCNN
from keras_gen.models.autoregressive.made import MADE
from keras_gen.models.autoregressive.pixel_cnn import PixelCNN
from keras_gen.models.autoregressive.pixel_rnn import PixelRNN
from keras_gen.models.flow.glow import Glow
from keras_gen.models.flow.maf import MAF
from keras_gen.models.flow.nice import NICE
from keras_gen.models.flow.real_nvp import RealNVP
from keras_gen.models.gan.conditional_gan import ConditionalGAN
from keras_gen.models.gan.dcgan import DCGAN
from keras_gen.models.gan.gan import GAN
from keras_gen.models.gan.lsgan import LSGAN
from keras_gen.models.gan.sngan import SNGAN
from keras_gen.models.gan.wgan import WGAN
from keras_gen.models.gan.wgan_gp import WGANGP
from keras_gen.models.mixture.gaussian_mixture import GaussianMixture
from keras_gen.models.topic.latent_dirichlet_allocation import (
    LatentDirichletAllocation,
)
from keras_gen.models.vae.draw import DRAW
from keras_gen.models.vae.flow_vae import FlowVAE
from keras_gen.models.vae.two_stage_model import TwoStageModel
from keras_gen.models.vae.vae import VAE
from keras_gen.models.vae.vamp_vae import VampVAE
from keras_gen.models.vae.vq_vae import VQVAE

__all__ = [
    "DCGAN",
    "DRAW",
    "GAN",
    "LSGAN",
    "MADE",
    "MAF",
    "NICE",
    "SNGAN",
    "VAE",
    "VQVAE",
    "WGAN",
    "WGANGP",
    "Autoencoder",
    "ConditionalGAN",
    "DenoisingAutoencoder",
    "FlowVAE",
    "GatedPixelCNN",
    "GaussianMixture",
    "Glow",
    "LatentDirichletAllocation",
    "PixelCNN",
    "PixelRNN",
    "RealNVP",
    "StackedAutoencoder",
    "TwoStageModel",
    "VampVAE",
]
