"""VAE with two latents on MNIST, whose manifold of digits fits on a page.

The picture is the grid of Kingma and Welling (2013, arXiv:1312.6114), figure 4: images
decoded at equally likely positions of the two-dimensional prior.

Command: keras-gen train vae_2d_mnist
"""

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.images import grid
from keras_gen.models import VAE
from keras_gen.models.base import num_replicas
from keras_gen.networks import mlp

IMAGE_SHAPE = (28, 28, 1)

epochs = 100
extractor = "classifier_mnist"
binarization = "dynamic"


def model(seed=0):
    encoder = mlp(IMAGE_SHAPE, [400, 400], (4,), name="encoder")
    decoder = mlp((2,), [400, 400], IMAGE_SHAPE, name="decoder")
    return VAE(encoder, decoder, BernoulliLikelihood(), seed=seed, name="vae_2d_mnist")


def data(split="train", source="mnist", batch_size=200, **options):
    return datasets.load(
        source,
        split,
        batch_size=batch_size,
        image_shape=IMAGE_SHAPE,
        binarization=binarization,
        **options,
    )


def compile(model, steps, learning_rate=1e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate),
        jit_compile=num_replicas() == 1,
        steps_per_execution=50,
    )


def picture(model, side=20):
    """Decodes a grid on the unit square, mapped by the inverse normal CDF."""
    chances = (np.arange(side, dtype=np.float32) + 0.5) / side
    levels = tfp.distributions.Normal(0.0, 1.0).quantile(chances)
    latents = tf.stack(tf.meshgrid(levels, levels[::-1]), axis=-1)
    images = model.decode(tf.reshape(latents, (-1, 2)))
    return grid(model.x_domain.to_bytes(images), columns=side)
