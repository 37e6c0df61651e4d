"""Beta-TCVAE on sprites, with ten latents for five factors of variation.

`others.py` trains other models with the same networks, data and number of updates.

Command: keras-gen train beta_tc_vae_sprites
"""

import keras
import numpy as np

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.images import grid
from keras_gen.models import BetaTCVAE
from keras_gen.models.base import num_replicas
from keras_gen.networks import mlp

SIZE = 32
LATENT_DIM = 10

epochs = 8
validation = "validation"
num_importance_samples = 200
factors = datasets.SPRITE_FACTORS
# The angle is a circle, on which no value is the first.
unordered_factors = ("shape", "angle")


def networks():
    """The encoder and the decoder."""
    shape = (SIZE, SIZE, 1)
    return (
        mlp(shape, [256, 256], (2 * LATENT_DIM,), name="encoder"),
        mlp((LATENT_DIM,), [256, 256], shape, name="decoder"),
    )


def model(seed=0, beta=6.0):
    return BetaTCVAE(
        *networks(),
        BernoulliLikelihood(),
        dataset_size=50_000,
        beta=beta,
        seed=seed,
        name="beta_tc_vae_sprites",
    )


def data(split="train", source="sprites", batch_size=250, **options):
    shape = (SIZE, SIZE, 1)
    return datasets.load(
        source, split, batch_size=batch_size, image_shape=shape, **options
    )


def factors_of(split="test"):
    return datasets.sprite_factors(split)


def examples_of(factors):
    return datasets.sprites(factors, SIZE)


def adam(steps, learning_rate=2e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    return keras.optimizers.Adam(rate)


def compile(model, steps, learning_rate=2e-3):
    model.compile(
        adam(steps, learning_rate),
        jit_compile=num_replicas() == 1,
        steps_per_execution=50,
    )


def picture(model, columns=11):
    """A row for each latent, by falling rate: it goes from -2 to 2, others stay.

    They are those of a heart in the middle.
    """
    posterior = model.posterior(examples_of(factors_of("validation[:1000]")))
    mean, scale = (np.asarray(part) for part in (posterior.mean(), posterior.stddev()))
    rates = np.mean((mean**2 + scale**2 - 1) / 2 - np.log(scale), axis=0)
    heart = model.encode(examples_of(np.array([[2, 5, 0, 16, 16]])))
    rows = np.repeat(heart, LATENT_DIM * columns, axis=0)
    rows = rows.reshape(LATENT_DIM, columns, LATENT_DIM)
    for row, latent in enumerate(np.argsort(-rates)):
        rows[row, :, latent] = np.linspace(-2, 2, columns)
    images = model.decode(rows.reshape(-1, LATENT_DIM))
    return grid(model.x_domain.to_bytes(images), columns=columns)
