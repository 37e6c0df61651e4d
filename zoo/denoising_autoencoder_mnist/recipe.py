"""Denoising autoencoder of MNIST, for images with half of their pixels black.

Command: keras-gen train denoising_autoencoder_mnist
"""

import keras
import numpy as np

from keras_gen import datasets
from keras_gen.images import grid
from keras_gen.layers import MaskingCorruption
from keras_gen.models import DenoisingAutoencoder
from keras_gen.models.base import num_replicas
from keras_gen.networks import mlp
from keras_gen.random import Rows

IMAGE_SHAPE = (28, 28, 1)

epochs = 30


def model(seed=0):
    return DenoisingAutoencoder(
        mlp(IMAGE_SHAPE, [500], (64,), name="encoder"),
        mlp((64,), [500], IMAGE_SHAPE, name="decoder"),
        MaskingCorruption(0.5, name="corruption"),
        seed=seed,
        name="denoising_autoencoder_mnist",
    )


def data(split="train", source="mnist", batch_size=100, **options):
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


def picture(model):
    """Rows of test images, of corrupted images and of recovered images."""
    images = next(iter(data("test[:30]"))).numpy()
    noise = model.corruption_noise(Rows(len(images), seed=0))
    corrupted = model.corrupt(images, noise)
    stages = [images, corrupted, model.reconstruct(corrupted)]
    rows = [np.asarray(stage)[i : i + 10] for i in (0, 10, 20) for stage in stages]
    return grid(model.x_domain.to_bytes(np.concatenate(rows)), columns=10)
