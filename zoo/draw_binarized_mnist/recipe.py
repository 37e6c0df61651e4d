"""DRAW in 10 glimpses, which read a patch and write everywhere, on binarized MNIST.

Command: keras-gen train draw_binarized_mnist
"""

import keras
import numpy as np

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.images import grid
from keras_gen.models import DRAW
from keras_gen.models.base import num_replicas

IMAGE_SHAPE = (28, 28, 1)

epochs = 30
validation = "validation"
binarization = "static"
num_importance_samples = 50
training_dtype = "mixed_bfloat16"


def model(seed=0, units=192, num_glimpses=10, latents=16, read_size=12):
    return DRAW(
        IMAGE_SHAPE,
        BernoulliLikelihood(),
        num_glimpses,
        latents,
        units,
        read_size=read_size,
        seed=seed,
        name="draw_binarized_mnist",
    )


def data(split="train", source="binarized_mnist", batch_size=100, **options):
    return datasets.load(
        source, split, batch_size=batch_size, image_shape=IMAGE_SHAPE, **options
    )


def prepare(model, batches):
    """Starts every drawing at the mean image."""
    some = [np.mean(images, axis=0) for images in batches.take(50)]
    chance = np.clip(np.mean(some, axis=0), 0.005, 0.995)
    model.drawing.canvas.assign(np.log(chance / (1.0 - chance)))


def compile(model, steps, learning_rate=2e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps, alpha=0.05)
    model.compile(
        keras.optimizers.Adam(rate, global_clipnorm=5.0),
        jit_compile=num_replicas() == 1,
        steps_per_execution=50,
    )


def picture(model, num=10):
    """A row for each drawing: the canvas after every glimpse."""
    canvases = model.canvases(model.noise(num, seed=0)).numpy()
    return grid(
        model.x_domain.to_bytes(canvases.reshape(-1, *IMAGE_SHAPE)), model.num_glimpses
    )
