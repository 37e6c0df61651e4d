"""IWAE of five draws, on dynamically binarized MNIST.

200-200-50 tanh units each way, as in the one-layer model of Burda et al. (2015,
arXiv:1509.00519), table 1, k = 5.

Command: keras-gen train iwae_mnist
"""

import keras
import numpy as np

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.models import IWAE
from keras_gen.models.base import num_replicas
from keras_gen.networks import mlp

IMAGE_SHAPE = (28, 28, 1)

epochs = 500
extractor = "classifier_mnist"
binarization = "dynamic"
paper = {
    "negative_log_likelihood": {
        "value": 85.54,
        "source": "Burda et al., 2015, table 1, one layer, k = 5",
        "protocol": {
            "bound": "importance-weighted",
            "num_importance_samples": 5000,
            "num_images": 10_000,
            "binarization": "dynamic",
        },
    },
}


def model(seed=0):
    encoder = mlp(IMAGE_SHAPE, [200, 200], (100,), activation="tanh", name="encoder")
    decoder = mlp((50,), [200, 200], IMAGE_SHAPE, activation="tanh", name="decoder")
    return IWAE(
        encoder, decoder, BernoulliLikelihood(), 5, seed=seed, name="iwae_mnist"
    )


def data(split="train", source="mnist", batch_size=500, **options):
    return datasets.load(
        source,
        split,
        batch_size=batch_size,
        image_shape=IMAGE_SHAPE,
        binarization=binarization,
        **options,
    )


def prepare(model, batches):
    """Centres the encoder on the mean image, which the decoder gives at first."""
    some = [np.mean(images, axis=0) for images in batches.take(20)]
    mean = np.mean(some, axis=0).ravel()
    first, last = (
        model.encoder.get_layer("hidden_0"),
        model.decoder.get_layer("outputs"),
    )
    first.bias.assign(-mean @ np.array(first.kernel))
    chance = np.clip(mean, 0.005, 0.995)
    last.bias.assign(np.log(chance / (1.0 - chance)))


def compile(model, steps, learning_rate=1e-2):
    rate = keras.optimizers.schedules.ExponentialDecay(learning_rate, steps, 1e-2)
    model.compile(
        keras.optimizers.Muon(rate, adam_lr_ratio=0.3),
        jit_compile=num_replicas() == 1,
        steps_per_execution=40,
    )
