"""Deep autoencoder with a bottleneck of two on MNIST.

It is the network of Hinton and Salakhutdinov (2006), figure 3, with narrower layers:
digits fall into clusters in the plane, where principal components mix them.

Command: keras-gen train autoencoder_2d_mnist
"""

import keras
import numpy as np

from keras_gen import datasets
from keras_gen.images import grid
from keras_gen.models import Autoencoder
from keras_gen.models.base import num_replicas
from keras_gen.networks import mlp
from keras_gen.zoo.shelf.recipes import first_examples

IMAGE_SHAPE = (28, 28, 1)
HIDDEN_UNITS = [300, 200, 100]

epochs = 40
num_classes = 10


def model(seed=0):
    return Autoencoder(
        mlp(IMAGE_SHAPE, HIDDEN_UNITS, (2,), name="encoder"),
        mlp((2,), HIDDEN_UNITS[::-1], IMAGE_SHAPE, name="decoder"),
        seed=seed,
        name="autoencoder_2d_mnist",
    )


def data(split="train", source="mnist", batch_size=200, **options):
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


def picture(model, side=20):
    """Decodes a grid between the 2nd and the 98th percentile of the latents."""
    images = first_examples(data("train[:2000]", training=False), 2000)[0]
    low, high = np.percentile(model.encode(images), (2, 98), axis=0)
    columns, rows = (np.linspace(low[i], high[i], side) for i in (0, 1))
    latents = np.stack(np.meshgrid(columns, rows[::-1]), axis=-1).reshape(-1, 2)
    return grid(model.x_domain.to_bytes(model.decode(latents)), columns=side)
