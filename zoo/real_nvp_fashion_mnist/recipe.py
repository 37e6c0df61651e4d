"""RealNVP of Fashion-MNIST with two scales, on logits.

Command: keras-gen train real_nvp_fashion_mnist
"""

import keras
import numpy as np

from keras_gen import datasets
from keras_gen.models import RealNVP

IMAGE_SHAPE = (28, 28, 1)
SPLITS = {"train": "train[:50000]", "validation": "train[50000:]"}

epochs = 12
validation = "validation"
extractor = "classifier_fashion_mnist"
num_importance_samples = 10


def model(seed=0):
    return RealNVP(
        IMAGE_SHAPE,
        num_couplings=3,
        width=32,
        num_blocks=1,
        num_scales=2,
        logit_margin=1e-6,
        seed=seed,
        name="real_nvp_fashion_mnist",
    )


def data(split="train", source="fashion_mnist", batch_size=100, **options):
    return datasets.load(
        source,
        SPLITS.get(split, split) if source == "fashion_mnist" else split,
        batch_size=batch_size,
        image_shape=IMAGE_SHAPE,
        **options,
    )


def prepare(model, batches):
    """Gives the layers that normalize the moments of some training images."""
    model.adapt(np.concatenate(list(batches.take(5).as_numpy_iterator())))


def compile(model, steps, learning_rate=2e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate, global_clipnorm=200.0),
        jit_compile=False,
    )
