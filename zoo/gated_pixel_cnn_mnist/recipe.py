"""Gated PixelCNN of dynamically binarized MNIST, with the digit as the label.

Command: keras-gen train gated_pixel_cnn_mnist
"""

import keras

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.models import GatedPixelCNN

IMAGE_SHAPE = (28, 28, 1)
SPLITS = {"train": "train[:50000]", "validation": "train[50000:]"}

epochs = 8
validation = "validation"
binarization = "dynamic"
training_dtype = "mixed_bfloat16"


def model(seed=0):
    return GatedPixelCNN(
        IMAGE_SHAPE,
        BernoulliLikelihood(),
        filters=32,
        num_layers=6,
        kernel_size=5,
        output_filters=64,
        num_classes=10,
        seed=seed,
        name="gated_pixel_cnn_mnist",
    )


def data(split="train", source="mnist", batch_size=25, **options):
    return datasets.load(
        source,
        SPLITS.get(split, split) if source == "mnist" else split,
        batch_size=batch_size,
        image_shape=IMAGE_SHAPE,
        binarization=binarization,
        labels=True,
        **options,
    )


def compile(model, steps, learning_rate=2e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(rate), jit_compile=False)
