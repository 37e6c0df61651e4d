"""Gated PixelCNN of statically binarized MNIST.

Command: keras-gen train gated_pixel_cnn_binarized_mnist
"""

import keras

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.models import GatedPixelCNN

IMAGE_SHAPE = (28, 28, 1)

epochs = 16
validation = "validation"
binarization = "static"
compression = True
training_dtype = "mixed_bfloat16"
paper = {
    "negative_log_likelihood": {
        "value": 80.1,
        "source": "Gulrajani et al., PixelVAE, 2016, table 1",
        "protocol": {
            "likelihood": "exact",
            "num_images": 10_000,
            "binarization": "static",
        },
    },
}


def model(seed=0):
    return GatedPixelCNN(
        IMAGE_SHAPE,
        BernoulliLikelihood(),
        filters=32,
        num_layers=6,
        kernel_size=5,
        output_filters=64,
        seed=seed,
        name="gated_pixel_cnn_binarized_mnist",
    )


def data(split="train", source="binarized_mnist", batch_size=25, **options):
    return datasets.load(
        source, split, batch_size=batch_size, image_shape=IMAGE_SHAPE, **options
    )


def compile(model, steps, learning_rate=2e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(rate), jit_compile=False)
