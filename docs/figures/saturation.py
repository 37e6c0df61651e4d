"""Draws `saturation.png`: the two losses of a generator, and how steep they are.

Run as `python docs/figures/saturation.py` from the root of the repository.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_gen.losses import minimax_generator_loss, non_saturating_generator_loss

LOSSES = {
    r"minimax: $\log(1 - D)$": minimax_generator_loss,
    r"non-saturating: $-\log D$": non_saturating_generator_loss,
}


def values_and_gradients(loss, scores):
    """The loss of each score alone, and its derivative, float32 arrays."""
    scores = tf.constant(scores, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(scores)
        values = tf.stack([loss(None, score) for score in tf.unstack(scores)])
    return values.numpy(), tape.gradient(values, scores).numpy()


def main():
    scores = np.linspace(-10, 10, 201)
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    for label, loss in LOSSES.items():
        values, gradients = values_and_gradients(loss, scores)
        left.plot(scores, values, label=label)
        right.plot(scores, np.abs(gradients), label=label)
    left.set(ylabel="loss of the generator")
    right.set(ylabel="size of its gradient", yscale="log", ylim=(2e-5, 2))
    for axes in (left, right):
        axes.set_xlabel("logit of a fake: sure of fake < 0 < sure of real", fontsize=9)
        axes.axvline(0, color="0.8", linewidth=0.8, zorder=0)
        axes.spines[["top", "right"]].set_visible(False)
    left.legend(frameon=False, fontsize=9)
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=120)


if __name__ == "__main__":
    main()
