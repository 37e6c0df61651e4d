"""Denoising autoencoder of binarized MNIST as a generative chain, with walkback.

A sample is the expected image after 100 steps from random pixels.

Command: keras-gen train denoising_chain_binarized_mnist
"""

import keras
import numpy as np

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.images import grid
from keras_gen.layers import SaltAndPepperCorruption
from keras_gen.models import DenoisingAutoencoder
from keras_gen.models.base import num_replicas
from keras_gen.networks import mlp
from keras_gen.zoo.shelf.recipes import first_examples

IMAGE_SHAPE = (28, 28, 1)
DATASET = "binarized_mnist"

epochs = 13
validation = "validation"
extractor = "classifier_mnist"
binarization = "static"


def model(seed=0, walkback_steps=3):
    encoder = mlp(IMAGE_SHAPE, [300], (200,), output_activation="relu", name="encoder")
    return DenoisingAutoencoder(
        encoder,
        mlp((200,), [300], IMAGE_SHAPE, name="decoder"),
        SaltAndPepperCorruption(0.25, name="corruption"),
        BernoulliLikelihood(),
        walkback_steps=walkback_steps,
        seed=seed,
        name="denoising_chain_binarized_mnist",
    )


def data(split="train", source=DATASET, batch_size=100, **options):
    return datasets.load(
        source, split, batch_size=batch_size, image_shape=IMAGE_SHAPE, **options
    )


def compile(model, steps, learning_rate=1e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate),
        jit_compile=num_replicas() == 1,
        steps_per_execution=50,
    )


def picture(model, num_chains=10, steps=95, every=5):
    """A row for each chain: a validation image, then the state after every 5 steps."""
    images = first_examples(data("validation"), num_chains)[0]
    states = model.chain(images, steps, seed=0, every=every)
    rows = np.concatenate([images[None], states]).swapaxes(0, 1)
    columns = rows.shape[1]
    return grid(model.x_domain.to_bytes(rows.reshape(-1, *IMAGE_SHAPE)), columns)
