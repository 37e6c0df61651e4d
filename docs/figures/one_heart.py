"""Draws `one_heart.png`: two latents of a heart that moves, of two models.

Run as `python docs/figures/one_heart.py` from the root of the repository.
"""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.metrics import mutual_information_gap
from keras_gen.models import VAE, BetaTCVAE
from keras_gen.networks import mlp
from keras_gen.random import seed_initializers

SIZE, SIDE, STEPS, SEED = 20, 11, 3000, 0


def hearts():
    """Images of one heart at the places of a grid, and x and y of each."""
    x, y = np.indices((SIDE, SIDE)).reshape(2, -1)
    factors = np.stack([2 + 0 * x, 5 + 0 * x, 0 * x, 3 * x, 3 * y], axis=1)
    return datasets.sprites(factors, SIZE), np.stack([x, y], axis=1)


def latents_of(model_class, images, **options):
    """The mean latents of a model whose batches hold all images."""
    seed_initializers(SEED)
    shape = (SIZE, SIZE, 1)
    networks = mlp(shape, [128, 128], (4,)), mlp((2,), [128, 128], shape)
    model = model_class(*networks, BernoulliLikelihood(), seed=SEED, **options)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, STEPS)
    model.compile(keras.optimizers.Adam(rate), jit_compile=True, steps_per_execution=50)
    model.fit(tf.data.Dataset.from_tensors(images).repeat(STEPS), verbose=0)
    return np.asarray(model.encode(images))


def main():
    images, places = hearts()
    options = {"dataset_size": len(images), "beta": 10.0, "stratified": True}
    found = {
        "VAE": latents_of(VAE, images),
        "BetaTCVAE": latents_of(BetaTCVAE, images, **options),
    }
    figure = Figure(figsize=(7, 4.1), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (name, latents) in zip(
        figure.subplots(1, 2, sharex=True, sharey=True), found.items(), strict=True
    ):
        grid = latents.reshape(SIDE, SIDE, 2)
        # Each column of these arrays is a line.
        for lines, name_of, color in (
            (grid.swapaxes(0, 1), "x", "C0"),
            (grid, "y", "C1"),
        ):
            first, *_ = axes.plot(*np.moveaxis(lines, -1, 0), color=color, linewidth=1)
            first.set_label(f"the same {name_of}")
        score = mutual_information_gap(latents, places, num_bins=SIDE).score
        axes.set_title(f"{name}: MIG {score:.2f}", fontsize=10)
        axes.set(aspect="equal", xlabel="first latent")
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("second latent")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=120)


if __name__ == "__main__":
    main()
