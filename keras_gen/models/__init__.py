"""Every model of the zoo.

Importing this makes the models, and the layers and distributions that they are made of,
known to `keras.saving.load_model`.
"""

import keras_gen.distributions
import keras_gen.layers  # noqa: F401
from keras_gen.models.autoencoder.autoencoder import Autoencoder
from keras_gen.models.autoencoder.denoising_autoencoder import DenoisingAutoencoder
from keras_gen.models.vae.vae import VAE

__all__ = ["VAE", "Autoencoder", "DenoisingAutoencoder"]
