"""InfoGAN of MNIST: a category and two continuous codes, learned without labels.

Strides and rates of Chen et al. (2016, arXiv:1606.03657), appendix C.1, with narrower
networks.

Command: keras-gen train infogan_mnist
"""

import keras
import numpy as np
from keras import layers

from keras_gen import datasets
from keras_gen.images import grid
from keras_gen.models import InfoGAN
from keras_gen.networks import dcgan_generator

IMAGE_SHAPE = (28, 28, 1)
NUM_CATEGORIES, NUM_CONTINUOUS, NUM_NORMAL = 10, 2, 32

epochs = 8
extractor = "classifier_mnist"
num_classes = 10


def model(seed=0):
    num_codes = NUM_CATEGORIES + NUM_CONTINUOUS
    return InfoGAN(
        dcgan_generator(NUM_NORMAL + num_codes, [64, 32], IMAGE_SHAPE, kernel_size=4),
        discriminator(1 + num_codes),
        NUM_CATEGORIES,
        NUM_CONTINUOUS,
        seed=seed,
        name="infogan_mnist",
    )


def discriminator(num_scores):
    """Two convolutions and a hidden layer, which see the whole digit."""
    inputs = x = keras.Input(IMAGE_SHAPE, name="images")
    for index, filters in enumerate((32, 64)):
        x = layers.Conv2D(filters, 4, 2, "same", name=f"conv_{index}")(x)
        x = layers.LeakyReLU(0.2, name=f"relu_{index}")(x)
    x = layers.Dense(128, name="hidden")(layers.Flatten()(x))
    x = layers.LeakyReLU(0.2, name="relu")(x)
    scores = layers.Dense(num_scores, name="scores")(x)
    return keras.Model(inputs, scores, name="discriminator")


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


def picture(model):
    """A category in each column; the last ten rows go along the continuous codes.

    The first five rows are random. In the next five the first code goes from -1 to 1
    while all else of a column stays, in the last five the second code.
    """
    columns = np.arange(NUM_CATEGORIES)
    rows = [model.sample(50, 0, category=np.tile(columns, 5))]
    for code in np.eye(NUM_CONTINUOUS):
        for value in np.linspace(-1.0, 1.0, 5):
            codes = np.tile(value * code, (NUM_CATEGORIES, 1))
            rows.append(
                model.sample(NUM_CATEGORIES, 1, category=columns, continuous=codes)
            )
    samples = np.concatenate([np.asarray(row) for row in rows])
    return grid(model.x_domain.to_bytes(samples), NUM_CATEGORIES)
