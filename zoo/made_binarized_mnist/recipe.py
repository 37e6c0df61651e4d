"""MADE of statically binarized MNIST, taught by a PixelCNN.

It learns from the training images and from samples of the zoo's
`pixel_cnn_binarized_mnist`, which saw the same training images.

Command: keras-gen train made_binarized_mnist
"""

import functools
import sys

import keras
import numpy as np
import tensorflow as tf

from keras_gen import datasets, zoo
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.models import MADE
from keras_gen.models.base import num_replicas

IMAGE_SHAPE = (28, 28, 1)
DATASET = "binarized_mnist"
TEACHER = "pixel_cnn_binarized_mnist"
NUM_DRAWN = 400_000

epochs = 15
validation = "validation"
distilled = {
    "teacher": TEACHER,
    "num_samples": NUM_DRAWN,
    "drawing_seconds": 37 * 60,
}
binarization = "static"
compression = True
paper = {
    "negative_log_likelihood": {
        "value": 88.04,
        "source": "Germain et al., MADE, 2015, one hidden layer, 32 masks",
        "protocol": {
            "likelihood": "exact",
            "num_images": 10_000,
            "binarization": "static",
        },
    },
}


def model(seed=0):
    return MADE(
        IMAGE_SHAPE,
        BernoulliLikelihood(),
        hidden_units=(860,),
        direct_connections=True,
        degree_range=(100, 660),
        seed=seed,
        name="made_binarized_mnist",
    )


def data(split="train", source=DATASET, batch_size=100, download=False, **options):
    options |= {"batch_size": batch_size}
    if (split, source) == ("train", DATASET):
        return datasets.batches(with_samples(download), **options)
    return datasets.load(
        source, split, image_shape=IMAGE_SHAPE, download=download, **options
    )


@functools.cache
def with_samples(download):
    """The training images, followed by samples of the teacher."""
    images = datasets.load(
        DATASET, image_shape=IMAGE_SHAPE, download=download, training=False
    )
    images = np.concatenate(list(images.as_numpy_iterator()))
    print(f"Drawing {NUM_DRAWN:,} samples of {TEACHER} ...", file=sys.stderr)
    samples = zoo.load(TEACHER).sample(NUM_DRAWN, seed=0, batch_size=100)
    images = np.concatenate([images, samples]).astype(np.uint8)
    labels = np.full(len(images), -1, np.int32)
    return datasets.Source(
        name=f"{DATASET} and samples of {TEACHER}",
        num_examples=len(images),
        domain=datasets.bytes_domain(IMAGE_SHAPE, levels=2),
        elements=tf.data.Dataset.from_tensor_slices((images, labels)),
        class_names=[],
    )


def compile(model, steps, learning_rate=2e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate),
        jit_compile=num_replicas() == 1,
        steps_per_execution=50,
    )
