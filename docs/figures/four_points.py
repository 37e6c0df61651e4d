"""Draws `four_points.png`: posteriors of four images, with a density and without.

Run as `python docs/figures/four_points.py` from the root of the repository.
"""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_gen.distributions import BernoulliLikelihood
from keras_gen.models import VAE, AdversarialVariationalBayes
from keras_gen.networks import mlp
from keras_gen.random import Rows, seed_initializers

POINTS = np.eye(4, dtype="float32")
X = np.repeat(POINTS, 1024, axis=0)
SEED = 1


def vae():
    """A variational autoencoder with a normal posterior."""
    encoder, decoder = mlp((4,), [64, 64], (4,)), mlp((2,), [64, 64], (4,))
    model = VAE(encoder, decoder, BernoulliLikelihood(), seed=SEED)
    model.compile(keras.optimizers.Adam(1e-3), jit_compile=True)
    model.fit(X, batch_size=256, epochs=400, verbose=0)
    return model


def adversarial():
    """One with a posterior of any shape, which plays a game."""
    encoder = mlp([(4,), (4,)], [64, 64], (2,))
    discriminator = mlp([(4,), (2,)], [128, 128], (1,), activation="elu")
    model = AdversarialVariationalBayes(
        encoder,
        mlp((2,), [64, 64], (4,)),
        discriminator,
        BernoulliLikelihood(),
        seed=SEED,
    )
    model.compile(
        autoencoder_optimizer=keras.optimizers.Adam(2e-4, 0.5),
        discriminator_optimizer=keras.optimizers.Adam(1e-3, 0.5),
        jit_compile=True,
    )
    model.fit(X, batch_size=256, epochs=800, verbose=0)
    return model


def log_likelihood(model, size=201):
    """The mean log-likelihood of the points, by an integral on a grid of latents."""
    line = np.linspace(-5.0, 5.0, size)
    grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    log_prior = -0.5 * np.sum(grid**2, axis=1) - np.log(2.0 * np.pi)
    logits = np.asarray(model.decoder(grid.astype("float32")), np.float64)
    log_on, log_off = -np.logaddexp(0, -logits), -np.logaddexp(0, logits)
    log_prob = POINTS @ log_on.T + (1 - POINTS) @ log_off.T
    step = line[1] - line[0]
    return np.mean(np.log(np.sum(np.exp(log_prob + log_prior), axis=1) * step**2))


def main():
    seed_initializers(SEED)
    noise = Rows(2000, SEED)
    normal, free = vae(), adversarial()
    draws = {
        "normal posterior": lambda x: normal.infer(x, noise.normal((2,), "q")[None])[0],
        "no density": lambda x: free.infer(tf.constant(x), noise.normal((4,), "q")),
    }
    figure = Figure(figsize=(7, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, model, (title, draw) in zip(
        figure.subplots(1, 2, sharey=True), (normal, free), draws.items(), strict=True
    ):
        for point in POINTS:
            latents = np.reshape(draw(np.repeat(point[None], 2000, axis=0)), (-1, 2))
            axes.scatter(*latents.T, s=2, alpha=0.4)
        axes.set_title(f"{title}: {log_likelihood(model):.3f} nats", fontsize=10)
        axes.set(xlim=(-3.5, 3.5), ylim=(-3.5, 3.5), aspect="equal")
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=120)


if __name__ == "__main__":
    main()
