"""Convolutional VAE on the 256 grey levels of Fashion-MNIST, and a flow as its prior.

A logistic distribution on the levels gives every pixel a probability, so the bound
holds for the images themselves and can be converted to bits per dimension. The VAE is
trained first, in `prepare()`, under the standard normal prior. The epochs are those of
the flow, which then takes the place of this prior.

Command: keras-gen train vae_fashion_mnist
"""

import keras
import numpy as np

from keras_gen import datasets
from keras_gen.distributions import DiscretizedLogisticLikelihood
from keras_gen.models import VAE, RealNVP, TwoStageModel
from keras_gen.models.base import num_replicas
from keras_gen.networks import conv_decoder, conv_encoder

IMAGE_SHAPE = (28, 28, 1)
LATENT_DIM = 32
AUTOENCODER_EPOCHS = 30

epochs = 5
num_importance_samples = 20
extractor = "classifier_fashion_mnist"


def model(seed=0):
    encoder = conv_encoder(IMAGE_SHAPE, [32, 64], 2 * LATENT_DIM, name="encoder")
    decoder = conv_decoder(LATENT_DIM, [64, 32], (28, 28, 2), name="decoder")
    autoencoder = VAE(
        encoder,
        decoder,
        DiscretizedLogisticLikelihood(center_by="median"),
        seed=seed,
        name="autoencoder",
    )
    prior = RealNVP(
        autoencoder.domain_of("latents"),
        num_couplings=8,
        width=128,
        num_blocks=1,
        seed=seed,
        name="prior",
    )
    return TwoStageModel(autoencoder, prior, seed=seed, name="vae_fashion_mnist")


def data(split="train", source="fashion_mnist", batch_size=100, **options):
    return datasets.load(
        source, split, batch_size=batch_size, image_shape=IMAGE_SHAPE, **options
    )


def prepare(model, batches):
    """Trains the VAE, which is frozen while the flow learns."""
    autoencoder = model.autoencoder
    autoencoder.trainable = True
    steps = AUTOENCODER_EPOCHS * int(batches.cardinality())
    rate = keras.optimizers.schedules.CosineDecay(1e-3, steps)
    autoencoder.compile(
        keras.optimizers.Adam(rate),
        jit_compile=num_replicas() == 1,
        steps_per_execution=50,
    )
    autoencoder.fit(batches, epochs=AUTOENCODER_EPOCHS, verbose=2)
    autoencoder.trainable = False
    x = np.concatenate(list(batches.take(5).as_numpy_iterator()))
    model.prior.adapt(autoencoder.encode(x))


def compile(model, steps, learning_rate=2e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate),
        jit_compile=num_replicas() == 1,
        steps_per_execution=50,
    )
