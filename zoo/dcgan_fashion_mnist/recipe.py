"""DCGAN of Fashion-MNIST.

The networks are those of Lucic et al., "Are GANs Created Equal?" (2018,
arXiv:1711.10337), at half their width, with a hidden layer of 128 in place of 1,024 in
the discriminator and none in the generator.

Command: keras-gen train dcgan_fashion_mnist
"""

import keras

from keras_gen import datasets
from keras_gen.models import DCGAN

IMAGE_SHAPE = (28, 28, 1)
LATENT_DIM = 32
HIDDEN_UNITS = 128

epochs = 6
training_dtype = "mixed_bfloat16"
extractor = "classifier_fashion_mnist"


def model(seed=0):
    return DCGAN(
        IMAGE_SHAPE,
        [64, 32],
        LATENT_DIM,
        kernel_size=4,
        hidden_units=HIDDEN_UNITS,
        seed=seed,
        name="dcgan_fashion_mnist",
    )


def data(split="train", source="fashion_mnist", batch_size=64, **options):
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
        discriminator_optimizer=adam(0.3 * learning_rate, steps),
        generator_optimizer=adam(learning_rate, steps),
        jit_compile=False,
        steps_per_execution=67,
    )


def adam(rate, steps):
    decay = keras.optimizers.schedules.CosineDecay(rate, steps)
    return keras.optimizers.Adam(decay, beta_1=0.5)
