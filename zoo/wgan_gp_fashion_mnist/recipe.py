"""Wasserstein GAN with gradient penalty, of Fashion-MNIST.

The convolutions of Lucic et al., "Are GANs Created Equal?" (2018, arXiv:1711.10337), at
half their width and without the hidden layer of 1,024.

Command: keras-gen train wgan_gp_fashion_mnist
"""

import keras

from keras_gen import datasets
from keras_gen.models import WGANGP
from keras_gen.networks import dcgan_discriminator, dcgan_generator

IMAGE_SHAPE = (28, 28, 1)
LATENT_DIM = 32
DISCRIMINATOR_STEPS = 3

epochs = 20
extractor = "classifier_fashion_mnist"


def model(seed=0):
    return WGANGP(
        dcgan_generator(LATENT_DIM, [64, 32], IMAGE_SHAPE, kernel_size=4),
        dcgan_discriminator(
            IMAGE_SHAPE, [32, 64], kernel_size=4, normalization=None, output_bias=False
        ),
        discriminator_steps=DISCRIMINATOR_STEPS,
        seed=seed,
        name="wgan_gp_fashion_mnist",
    )


def data(
    split="train",
    source="fashion_mnist",
    batch_size=32 * DISCRIMINATOR_STEPS,
    **options,
):
    return datasets.load(
        source,
        split,
        batch_size=batch_size,
        image_shape=IMAGE_SHAPE,
        image_range=(-1, 1),
        **options,
    )


def compile(model, steps, learning_rate=5e-4):
    model.compile(
        discriminator_optimizer=adam(learning_rate, DISCRIMINATOR_STEPS * steps),
        generator_optimizer=adam(learning_rate, steps),
        jit_compile=False,
        steps_per_execution=25,
    )


def adam(rate, steps):
    decay = keras.optimizers.schedules.CosineDecay(rate, steps)
    return keras.optimizers.Adam(decay, beta_1=0.0, beta_2=0.9)
