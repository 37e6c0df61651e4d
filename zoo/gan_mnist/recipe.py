"""The first GAN, whose generator minimizes the minimax loss, on MNIST.

The networks are those of Lucic et al., "Are GANs Created Equal?" (2018,
arXiv:1711.10337), at half their width, with a hidden layer of 128 in place of 1,024 in
the discriminator and none in the generator.

Command: keras-gen train gan_mnist
"""

import keras

from keras_gen import datasets
from keras_gen.losses import minimax_generator_loss
from keras_gen.models import GAN
from keras_gen.networks import dcgan_discriminator, dcgan_generator

IMAGE_SHAPE = (28, 28, 1)
LATENT_DIM = 32
HIDDEN_UNITS = 128

epochs = 8
training_dtype = "mixed_bfloat16"
extractor = "classifier_mnist"


def model(seed=0):
    return GAN(
        dcgan_generator(LATENT_DIM, [64, 32], IMAGE_SHAPE, kernel_size=4),
        dcgan_discriminator(
            IMAGE_SHAPE,
            [32, 64],
            kernel_size=4,
            normalization=None,
            hidden_units=HIDDEN_UNITS,
        ),
        minimax_generator_loss,
        seed=seed,
        name="gan_mnist",
    )


def data(split="train", source="mnist", batch_size=64, **options):
    return datasets.load(
        source,
        split,
        batch_size=batch_size,
        image_shape=IMAGE_SHAPE,
        image_range=(-1, 1),
        **options,
    )


def compile(model, steps, learning_rate=1e-3):
    model.compile(
        discriminator_optimizer=adam(learning_rate / 5, steps),
        generator_optimizer=adam(learning_rate, steps),
        jit_compile=False,
        steps_per_execution=67,
    )


def adam(rate, steps):
    decay = keras.optimizers.schedules.CosineDecay(rate, steps, alpha=0.05)
    return keras.optimizers.Adam(decay, beta_1=0.5)
