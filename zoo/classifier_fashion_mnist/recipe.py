"""Classifier of Fashion-MNIST, in whose features distances are measured.

Command: keras-gen train classifier_fashion_mnist
"""

import keras
import numpy as np

from keras_gen import datasets
from keras_gen.images import grid, to_uint8
from keras_gen.networks import conv_classifier

IMAGE_SHAPE = (28, 28, 1)

image_range = (0.0, 1.0)
epochs = 24


def model(seed=0):
    return conv_classifier(
        IMAGE_SHAPE, [32, 64, 128], 10, name="classifier_fashion_mnist"
    )


def data(split="train", source="fashion_mnist", batch_size=125, seed=0, **options):
    batches = datasets.load(
        source,
        split,
        batch_size,
        image_shape=IMAGE_SHAPE,
        labels=True,
        seed=seed,
        **options,
    )
    if not options.get("training", split.startswith("train")):
        return batches
    epoch, step = options.get("start", (0, 0))
    steps_before = epoch * batches.steps_per_epoch + step
    return datasets.augment(batches, 2, flip=True, seed=seed, first_step=steps_before)


def compile(model, steps, learning_rate=3e-3):
    model.compile(
        keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(learning_rate, steps),
            weight_decay=0.02,
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
        steps_per_execution=48,
    )


def picture(model, columns=10):
    """The test images whose label has the smallest probability."""
    images, labels = (np.concatenate(part) for part in zip(*data("test"), strict=True))
    chance = keras.ops.softmax(model.predict(images, 1000, verbose=0))
    of_label = np.take_along_axis(np.array(chance), labels[:, None], axis=1)[:, 0]
    worst = np.argsort(of_label)[: columns * columns]
    return grid(to_uint8(images[worst], image_range), columns=columns)
