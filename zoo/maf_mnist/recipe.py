"""MAF with windows of one row, on MNIST in the protocol of the MAF paper.

Command: keras-gen train maf_mnist
"""

import keras

from keras_gen import datasets
from keras_gen.models import MAF
from keras_gen.models.base import num_replicas

IMAGE_SHAPE = (28, 28, 1)

epochs = 60
extractor = "classifier_mnist"


def model(seed=0):
    return MAF(
        IMAGE_SHAPE,
        num_layers=3,
        hidden_units=(48,),
        window=28,
        logit_margin=1e-6,
        seed=seed,
        name="maf_mnist",
    )


def data(split="train", source="mnist", batch_size=200, **options):
    return datasets.load(
        source, split, batch_size=batch_size, image_shape=IMAGE_SHAPE, **options
    )


def prepare(model, batches):
    """Gives latents mean 0 and variance 1 at first."""
    model.adapt(next(iter(batches.unbatch().batch(2000))))


def compile(model, steps, learning_rate=2e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate, global_clipnorm=100.0),
        jit_compile=num_replicas() == 1,
        steps_per_execution=20,
    )
