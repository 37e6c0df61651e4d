"""PixelCNN of statically binarized MNIST.

Command: keras-gen train pixel_cnn_binarized_mnist
"""

import keras

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.models import PixelCNN

IMAGE_SHAPE = (28, 28, 1)

epochs = 12
validation = "validation"
binarization = "static"
compression = True
training_dtype = "mixed_bfloat16"
paper = {
    "negative_log_likelihood": {
        "value": 81.3,
        "source": "van den Oord et al., 2016 (1601.06759), table 4",
        "protocol": {
            "likelihood": "exact",
            "num_images": 10_000,
            "binarization": "static",
        },
    },
}


def model(seed=0):
    return PixelCNN(
        IMAGE_SHAPE,
        BernoulliLikelihood(),
        filters=32,
        num_layers=7,
        kernel_size=7,
        output_filters=64,
        seed=seed,
        name="pixel_cnn_binarized_mnist",
    )


def data(split="train", source="binarized_mnist", batch_size=25, **options):
    return datasets.load(
        source, split, batch_size=batch_size, image_shape=IMAGE_SHAPE, **options
    )


def compile(model, steps, learning_rate=3e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(rate), jit_compile=False)
