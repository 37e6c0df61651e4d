"""Conditional VAE on dynamically binarized MNIST, with the digit as the label.

The network of `vae_mnist`, 200-200-50 tanh units each way, whose first layers also take
the one-hot label.

Command: keras-gen train conditional_vae_mnist
"""

import keras
import numpy as np

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.models import ConditionalVAE
from keras_gen.models.base import num_replicas
from keras_gen.networks import mlp

IMAGE_SHAPE = (28, 28, 1)
NUM_CLASSES = 10

epochs = 200
extractor = "classifier_mnist"
num_importance_samples = 1000
binarization = "dynamic"


def model(seed=0):
    told = {"activation": "tanh", "num_classes": NUM_CLASSES}
    return ConditionalVAE(
        mlp(IMAGE_SHAPE, [200, 200], (100,), name="encoder", **told),
        mlp((50,), [200, 200], IMAGE_SHAPE, name="decoder", **told),
        BernoulliLikelihood(),
        NUM_CLASSES,
        seed=seed,
        name="conditional_vae_mnist",
    )


def data(split="train", source="mnist", batch_size=500, **options):
    return datasets.load(
        source,
        split,
        batch_size=batch_size,
        image_shape=IMAGE_SHAPE,
        binarization=binarization,
        labels=True,
        **options,
    )


def prepare(model, batches):
    """Starts the decoder from the mean image."""
    some = [np.mean(images, axis=0) for images, _ in batches.take(20)]
    chance = np.clip(np.mean(some, axis=0).ravel(), 0.005, 0.995)
    last = model.decoder.get_layer("outputs")
    last.bias.assign(np.log(chance / (1.0 - chance)))


def compile(model, steps, learning_rate=1e-2):
    rate = keras.optimizers.schedules.ExponentialDecay(learning_rate, steps, 1e-2)
    model.compile(
        keras.optimizers.Muon(rate, adam_lr_ratio=0.3),
        jit_compile=num_replicas() == 1,
        steps_per_execution=40,
    )
