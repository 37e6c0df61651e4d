"""Convolutional VAE on the 256 grey levels of Fashion-MNIST.

A logistic distribution on the levels gives every pixel a probability, so the bound
holds for the images themselves and can be converted to bits per dimension.

Command: keras-gen train vae_fashion_mnist
"""

import keras

from keras_gen import datasets
from keras_gen.distributions import DiscretizedLogisticLikelihood
from keras_gen.models import VAE
from keras_gen.models.base import num_replicas
from keras_gen.networks import conv_decoder, conv_encoder

IMAGE_SHAPE = (28, 28, 1)
LATENT_DIM = 32

epochs = 30
num_importance_samples = 200
extractor = "classifier_fashion_mnist"


def model(seed=0):
    encoder = conv_encoder(IMAGE_SHAPE, [32, 64], 2 * LATENT_DIM, name="encoder")
    decoder = conv_decoder(LATENT_DIM, [64, 32], (28, 28, 2), name="decoder")
    return VAE(
        encoder,
        decoder,
        DiscretizedLogisticLikelihood(),
        seed=seed,
        name="vae_fashion_mnist",
    )


def data(split="train", source="fashion_mnist", batch_size=100, **options):
    return datasets.load(
        source, split, batch_size=batch_size, image_shape=IMAGE_SHAPE, **options
    )


def compile(model, steps, learning_rate=1e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate),
        jit_compile=num_replicas() == 1,
        steps_per_execution=50,
    )
