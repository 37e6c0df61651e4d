"""Conditional GAN of MNIST, with the digit as the label.

The convolutions of Lucic et al., "Are GANs Created Equal?" (2018, arXiv:1711.10337), at
half their width and without the hidden layer of 1,024.

Command: keras-gen train conditional_gan_mnist
"""

import keras

from keras_gen import datasets
from keras_gen.models import ConditionalGAN
from keras_gen.networks import dcgan_discriminator, dcgan_generator

IMAGE_SHAPE = (28, 28, 1)
LATENT_DIM = 32
NUM_CLASSES = 10

epochs = 20
extractor = "classifier_mnist"


def model(seed=0):
    told = {"kernel_size": 4, "num_classes": NUM_CLASSES}
    return ConditionalGAN(
        dcgan_generator(LATENT_DIM, [64, 32], IMAGE_SHAPE, **told),
        dcgan_discriminator(IMAGE_SHAPE, [32, 64], **told),
        NUM_CLASSES,
        seed=seed,
        name="conditional_gan_mnist",
    )


def data(split="train", source="mnist", batch_size=64, **options):
    return datasets.load(
        source,
        split,
        batch_size=batch_size,
        image_shape=IMAGE_SHAPE,
        image_range=(-1, 1),
        labels=True,
        **options,
    )


def compile(model, steps, learning_rate=5e-4):
    model.compile(
        discriminator_optimizer=adam(0.4 * learning_rate, steps),
        generator_optimizer=adam(learning_rate, steps),
        jit_compile=False,
        steps_per_execution=67,
    )


def adam(rate, steps):
    decay = keras.optimizers.schedules.CosineDecay(rate, steps)
    return keras.optimizers.Adam(decay, beta_1=0.5)
