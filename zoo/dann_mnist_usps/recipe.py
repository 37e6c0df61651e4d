"""Classifier of USPS digits, which learns from the labels of MNIST alone.

The networks of figure 4a of Ganin et al. (2016, arXiv:1505.07818). USPS is read from
`usps/usps.npz` in a directory of data sets.

Command: keras-gen train dann_mnist_usps
"""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_gen import datasets
from keras_gen.models import DANN
from keras_gen.networks import mlp
from keras_gen.schedules import PowerDecay, SigmoidRise

IMAGE_SHAPE = (28, 28, 1)
TARGET = "usps"

# 8,442 steps of 64 images of each domain.
epochs = 9


def model(seed=0):
    return DANN(
        feature_network(),
        mlp((768,), [100, 100], (10,), name="classifier"),
        mlp((768,), [100], (1,), name="discriminator"),
        seed=seed,
        name="dann_mnist_usps",
    )


def feature_network():
    inputs = x = keras.Input(IMAGE_SHAPE, name="images")
    for index, filters in enumerate((32, 48)):
        x = layers.Conv2D(filters, 5, activation="relu", name=f"conv_{index}")(x)
        x = layers.MaxPooling2D(name=f"pool_{index}")(x)
    return keras.Model(inputs, layers.Flatten(name="features")(x), name="extractor")


def data(split="train", source="mnist", batch_size=128, training=None, **options):
    """Both domains in training; the target for tests; else the source."""
    found = {n: options.pop(n) for n in ("data_dir", "download") if n in options}

    def read(name, split):
        return datasets.source(name, split, image_shape=IMAGE_SHAPE, **found)

    is_test = split == "test"
    examples = read(TARGET, split) if is_test else framed(read(source, split))
    if is_test or training is False:
        options |= {"labels": True, "training": False}
        return datasets.batches(examples, batch_size, **options)
    return datasets.adaptation(examples, read(TARGET, "train"), batch_size, **options)


def framed(examples):
    """Digits of MNIST without most of their margin, since those of USPS have none."""

    def crop(image, label):
        image = tf.image.resize(image[3:-3, 3:-3], IMAGE_SHAPE[:2], antialias=True)
        return tf.cast(tf.round(image), tf.uint8), label

    elements = examples.elements.map(crop, num_parallel_calls=tf.data.AUTOTUNE)
    return dataclasses.replace(examples, elements=elements)


def compile(model, steps, learning_rate=0.01):
    model.reversal = SigmoidRise(steps)
    rate = PowerDecay(learning_rate, steps)
    model.compile(keras.optimizers.SGD(rate, momentum=0.9), jit_compile=False)


def picture(model, columns=10, lines=4):
    """The test digits that are most surely misread: label and answer above each."""
    images, labels = (np.concatenate(part) for part in zip(*data("test"), strict=True))
    chance = np.array(model.classify(images))
    answers = chance.argmax(axis=1)
    of_label = np.take_along_axis(chance, labels[:, None], axis=1)[:, 0]
    figure = Figure(figsize=(9, 1.05 * lines), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots(lines, columns, squeeze=False)
    for place, axis in zip(np.argsort(of_label), axes.flat, strict=False):
        axis.imshow(images[place, :, :, 0], cmap="gray", vmin=0, vmax=1)
        axis.set_title(f"{labels[place]} as {answers[place]}", fontsize=8, pad=2)
        axis.axis("off")
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3]
