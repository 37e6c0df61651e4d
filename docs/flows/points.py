"""MAF of points in the plane: two moons, or --data=rings, --data=checkerboard.

Each epoch draws the points, the density of the model, and samples of it.

Command: keras-gen train docs/flows/points.py
"""

import keras

from keras_gen import datasets
from keras_gen.domains import Vectors
from keras_gen.models import MAF
from keras_gen.models.base import num_replicas

epochs = 25
validation = "validation"


def model(seed=0):
    return MAF(
        Vectors(2), num_layers=8, hidden_units=(64, 64), seed=seed, name="points"
    )


def data(split="train", source="two_moons", batch_size=200, **options):
    return datasets.load(source, split, batch_size=batch_size, **options)


def prepare(model, batches):
    """Gives latents mean 0 and variance 1 at first."""
    model.adapt(next(iter(batches.unbatch().batch(2000))))


def compile(model, steps, learning_rate=3e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate, global_clipnorm=5.0),
        jit_compile=num_replicas() == 1,
        steps_per_execution=50,
    )
