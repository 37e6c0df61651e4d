"""RealNVP of MNIST with two scales, on logits as Papamakarios et al. have them.

Command: keras-gen train real_nvp_mnist
"""

import keras
import numpy as np

from keras_gen import datasets
from keras_gen.models import RealNVP

IMAGE_SHAPE = (28, 28, 1)
SPLITS = {"train": "train[:50000]", "validation": "train[50000:]"}

epochs = 12
validation = "validation"
num_importance_samples = 10
preprocessing = "logit, lambda 1e-6"
paper = {
    "preprocessed_log_likelihood": {
        "value": -1323.2,
        "source": "Papamakarios et al., MAF, 2017, RealNVP of 5 layers, dense networks",
        "protocol": {"preprocessing": preprocessing, "num_images": 10_000},
    },
}


def model(seed=0):
    return RealNVP(
        IMAGE_SHAPE,
        num_couplings=3,
        width=32,
        num_blocks=1,
        num_scales=2,
        logit_margin=1e-6,
        seed=seed,
        name="real_nvp_mnist",
    )


def data(split="train", source="mnist", batch_size=100, **options):
    return datasets.load(
        source,
        SPLITS.get(split, split) if source == "mnist" else split,
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
