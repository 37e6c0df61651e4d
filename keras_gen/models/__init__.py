"""Every model of the zoo. Importing this makes the classes known to `load_model`."""

from keras_gen.models.autoencoder.autoencoder import Autoencoder
from keras_gen.models.autoencoder.denoising_autoencoder import DenoisingAutoencoder
from keras_gen.models.vae.vae import VAE

__all__ = ["VAE", "Autoencoder", "DenoisingAutoencoder"]
