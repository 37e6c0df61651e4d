"""Wasserstein GAN with clipped weights, of MNIST.

The convolutions of Lucic et al., "Are GANs Created Equal?" (2018, arXiv:1711.10337), at
half their width and without the hidden layer of 1,024.

Command: keras-gen train wgan_mnist
"""

import keras

from keras_gen import datasets
from keras_gen.models import WGAN
from keras_gen.networks import dcgan_discriminator, dcgan_generator

IMAGE_SHAPE = (28, 28, 1)
LATENT_DIM = 32
DISCRIMINATOR_STEPS = 3

epochs = 20
extractor = "classifier_mnist"


def model(seed=0):
    return WGAN(
        dcgan_generator(LATENT_DIM, [64, 32], IMAGE_SHAPE, kernel_size=4),
        dcgan_discriminator(IMAGE_SHAPE, [32, 64], kernel_size=4, output_bias=False),
        discriminator_steps=DISCRIMINATOR_STEPS,
        clip=0.05,
        seed=seed,
        name="wgan_mnist",
    )


def data(split="train", source="mnist", batch_size=32 * DISCRIMINATOR_STEPS, **options):
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
        discriminator_optimizer=rmsprop(learning_rate, DISCRIMINATOR_STEPS * steps),
        generator_optimizer=rmsprop(learning_rate, steps),
        jit_compile=False,
        steps_per_execution=25,
    )


def rmsprop(rate, steps):
    return keras.optimizers.RMSprop(keras.optimizers.schedules.CosineDecay(rate, steps))
