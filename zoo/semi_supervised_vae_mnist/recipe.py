"""Semi-supervised VAE (M1+M2) of MNIST with 100 labels, on latents of `vae_mnist`.

The seed of a training also draws the labels: ten of each digit.

Command: keras-gen train semi_supervised_vae_mnist
"""

import dataclasses
import functools

import keras
import numpy as np
import tensorflow as tf

from keras_gen import datasets, zoo
from keras_gen.distributions import LearnedGaussianLikelihood
from keras_gen.images import grid
from keras_gen.models import SemiSupervisedVAE
from keras_gen.models.base import num_replicas
from keras_gen.networks import mlp
from keras_gen.random import Rows

IMAGE_SHAPE = (28, 28, 1)
NUM_CLASSES = 10
NUM_LABELS = 100
# Of 11 images in a batch, one has a label.
UNLABELLED_FOR_ONE = 10
#: The active units of `vae_mnist`. Its other latents are noise.
LATENTS = (0, 1, 2, 3, 6, 8, 11, 12, 26, 32, 34, 35, 38, 39, 41, 44, 45, 46, 47)

epochs = 20
compared_by = "accuracy"
num_importance_samples = 1000
binarization = "dynamic"


def model(seed=0):
    size, told = len(LATENTS), {"num_classes": NUM_CLASSES}
    return SemiSupervisedVAE(
        mlp((size,), [200], (20,), name="encoder", **told),
        mlp((10,), [200], (2 * size,), name="decoder", **told),
        LearnedGaussianLikelihood(),
        classifier=classifier((size,)),
        alpha=10.0,
        seed=seed,
        name="semi_supervised_vae_mnist",
    )


def classifier(shape):
    inputs = x = keras.Input(shape, name="examples")
    x = keras.layers.Flatten(name="flatten")(x)
    for index in range(2):
        x = keras.layers.Dense(256, use_bias=False, name=f"hidden_{index}")(x)
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"norm_{index}")(x)
        x = keras.layers.ReLU(name=f"relu_{index}")(x)
    logits = keras.layers.Dense(NUM_CLASSES, name="logits")(x)
    return keras.Model(inputs, logits, name="classifier")


def data(split="train", source="mnist", batch_size=500, training=None, **options):
    """Latents and labels: draws and few labels in training, else means and all."""
    training = split.startswith("train") if training is None else training
    images = images_of(split, source, batch_size, training, **options)
    seed, (epoch, step) = options.get("seed", 0), options.get("start", (0, 0))
    vae = first_model()

    def encoded(step, batch):
        posterior = vae.posterior(batch[0])
        latents = posterior.mean()
        if training:
            rows = Rows(tf.shape(latents)[0], seed, step=step)
            latents += posterior.stddev() * rows.normal((vae.latent_dim,), "latents")
        return tf.gather(latents, LATENTS, axis=1), batch[1]

    first_step = epoch * images.steps_per_epoch + step
    return images.enumerate(first_step).map(encoded, num_parallel_calls=2)


def images_of(split, source, batch_size, training, **options):
    """Binary images and labels, of which all but a few are hidden in training."""
    found = {n: options.pop(n) for n in ("data_dir", "download") if n in options}
    examples = datasets.source(source, split, image_shape=IMAGE_SHAPE, **found)
    if training:
        examples = with_few_labels(examples, options.get("seed", 0))
    options |= {"labels": True, "training": training, "binarization": binarization}
    return datasets.batches(examples, batch_size, **options)


def with_few_labels(examples, seed):
    """A source whose labels are hidden but for a few, with more of these images."""
    parts = zip(*examples.elements.batch(1000).as_numpy_iterator(), strict=True)
    images, labels = map(np.concatenate, parts)
    labels = datasets.hide_labels(labels, NUM_LABELS, seed)
    times = len(labels) // (NUM_LABELS * UNLABELLED_FOR_ONE)
    known = np.flatnonzero(labels >= 0)
    rows = np.append(np.arange(len(labels)), np.tile(known, times))
    return dataclasses.replace(
        examples,
        num_examples=len(rows),
        elements=tf.data.Dataset.from_tensor_slices((images[rows], labels[rows])),
    )


@functools.cache
def first_model():
    """M1, which has learned without labels."""
    return zoo.load("vae_mnist")


def compile(model, steps, learning_rate=1e-2):
    rate = keras.optimizers.schedules.ExponentialDecay(learning_rate, steps, 3e-2)
    model.compile(
        keras.optimizers.Muon(rate, adam_lr_ratio=0.3),
        jit_compile=num_replicas() == 1,
        steps_per_execution=11,
    )


def picture(model, lines=10):
    """A style in each line, a digit in each column, by the decoders of M2 and of M1."""
    styles = Rows(lines, 0).normal((model.latent_dim,), "styles")
    digits = tf.tile(tf.range(NUM_CLASSES), [lines])
    means = model.decode(tf.repeat(styles, NUM_CLASSES, axis=0), digits)
    vae = first_model()
    latents = np.zeros((len(means), vae.latent_dim), np.float32)
    latents[:, LATENTS] = means
    return grid(vae.x_domain.to_bytes(vae.decode(latents)), columns=NUM_CLASSES)
