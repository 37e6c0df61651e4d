"""Every model of the zoo.

Importing this makes the models, and the layers, distributions and schedules that they
are made of, known to `keras.saving.load_model`.
"""

import keras_gen.distributions
import keras_gen.layers
import keras_gen.losses
import keras_gen.schedules  # noqa: F401
from keras_gen.models.adaptation.dann import DANN
from keras_gen.models.autoencoder.adversarial_autoencoder import (
    AdversarialAutoencoder,
)
from keras_gen.models.autoencoder.autoencoder import Autoencoder
from keras_gen.models.autoencoder.denoising_autoencoder import DenoisingAutoencoder
from keras_gen.models.autoencoder.semi_supervised_adversarial_autoencoder import (
    SemiSupervisedAdversarialAutoencoder,
)
from keras_gen.models.autoencoder.stacked_autoencoder import StackedAutoencoder
from keras_gen.models.autoregressive.gated_pixel_cnn import GatedPixelCNN
from keras_gen.models.autoregressive.made import MADE
from keras_gen.models.autoregressive.pixel_cnn import PixelCNN
from keras_gen.models.autoregressive.pixel_cnn_plus_plus import PixelCNNPlusPlus
from keras_gen.models.autoregressive.pixel_rnn import PixelRNN
from keras_gen.models.autoregressive.recurrent_model import RecurrentModel
from keras_gen.models.autoregressive.transformer_model import TransformerModel
from keras_gen.models.autoregressive.wave_net import WaveNet
from keras_gen.models.flow.glow import Glow
from keras_gen.models.flow.maf import MAF
from keras_gen.models.flow.nice import NICE
from keras_gen.models.flow.real_nvp import RealNVP
from keras_gen.models.gan.acgan import ACGAN
from keras_gen.models.gan.big_gan import BigGAN
from keras_gen.models.gan.bigan import BiGAN
from keras_gen.models.gan.conditional_gan import ConditionalGAN
from keras_gen.models.gan.dcgan import DCGAN
from keras_gen.models.gan.gan import GAN
from keras_gen.models.gan.infogan import InfoGAN
from keras_gen.models.gan.lsgan import LSGAN
from keras_gen.models.gan.mad_gan import MADGAN
from keras_gen.models.gan.progressive_gan import ProgressiveGAN
from keras_gen.models.gan.sngan import SNGAN
from keras_gen.models.gan.vae_gan import VAEGAN
from keras_gen.models.gan.wgan import WGAN
from keras_gen.models.gan.wgan_gp import WGANGP
from keras_gen.models.mixture.gaussian_mixture import GaussianMixture
from keras_gen.models.super_resolution.srgan import SRGAN, SRResNet
from keras_gen.models.topic.latent_dirichlet_allocation import (
    LatentDirichletAllocation,
)
from keras_gen.models.translation.co_gan import CoGAN
from keras_gen.models.translation.cycle_gan import CycleGAN
from keras_gen.models.translation.munit import MUNIT
from keras_gen.models.translation.pix2pix import Pix2Pix
from keras_gen.models.translation.unit import UNIT
from keras_gen.models.vae.adversarial_variational_bayes import (
    AdversarialVariationalBayes,
)
from keras_gen.models.vae.beta_tc_vae import BetaTCVAE
from keras_gen.models.vae.conditional_vae import ConditionalVAE
from keras_gen.models.vae.draw import DRAW
from keras_gen.models.vae.factor_vae import FactorVAE
from keras_gen.models.vae.flow_vae import FlowVAE
from keras_gen.models.vae.iwae import IWAE
from keras_gen.models.vae.semi_supervised_vae import SemiSupervisedVAE
from keras_gen.models.vae.two_stage_model import TwoStageModel
from keras_gen.models.vae.vae import VAE
from keras_gen.models.vae.vamp_vae import VampVAE
from keras_gen.models.vae.vq_vae import VQVAE

__all__ = [
    "ACGAN",
    "DANN",
    "DCGAN",
    "DRAW",
    "GAN",
    "IWAE",
    "LSGAN",
    "MADE",
    "MADGAN",
    "MAF",
    "MUNIT",
    "NICE",
    "SNGAN",
    "SRGAN",
    "UNIT",
    "VAE",
    "VAEGAN",
    "VQVAE",
    "WGAN",
    "WGANGP",
    "AdversarialAutoencoder",
    "AdversarialVariationalBayes",
    "Autoencoder",
    "BetaTCVAE",
    "BiGAN",
    "BigGAN",
    "CoGAN",
    "ConditionalGAN",
    "ConditionalVAE",
    "CycleGAN",
    "DenoisingAutoencoder",
    "FactorVAE",
    "FlowVAE",
    "GatedPixelCNN",
    "GaussianMixture",
    "Glow",
    "InfoGAN",
    "LatentDirichletAllocation",
    "Pix2Pix",
    "PixelCNN",
    "PixelCNNPlusPlus",
    "PixelRNN",
    "ProgressiveGAN",
    "RealNVP",
    "RecurrentModel",
    "SRResNet",
    "SemiSupervisedAdversarialAutoencoder",
    "SemiSupervisedVAE",
    "StackedAutoencoder",
    "TransformerModel",
    "TwoStageModel",
    "VampVAE",
    "WaveNet",
]
