"""Draws `two_modes.png`: one normal distribution fitted to two modes, three ways.

Run as `python docs/figures/two_modes.py` from the root of the repository.
"""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_gen.models import GaussianMixture

POINTS = np.linspace(-8.0, 8.0, 1601)
STEP = POINTS[1] - POINTS[0]


def two_modes():
    """The log density of a mixture of two normal distributions at `POINTS`."""
    model = GaussianMixture(2, 1)
    weights, means = np.array([0.45, 0.55]), np.array([[-3.0], [2.5]])
    model.restart(model.statistics_of(weights, means, np.array([[0.4], [0.7]])))
    return model.log_prob(POINTS[:, None], batch_size=len(POINTS)).astype("float64")


def normal(mean, scale):
    """The log density of a normal distribution at `POINTS`."""
    return -0.5 * ((POINTS - mean) / scale) ** 2 - np.log(scale * np.sqrt(2 * np.pi))


def divergence(log_p, log_q):
    """The integral of `p log(p / q)`."""
    return float(np.sum(np.exp(log_p) * (log_p - log_q)) * STEP)


def best(loss, means, scales):
    """The mean and scale with the least loss, on a grid of both."""
    pairs = [(mean, scale) for mean in means for scale in scales]
    return min(pairs, key=lambda pair: loss(normal(*pair)))


def main():
    log_p = two_modes()
    forward = lambda log_q: divergence(log_p, log_q)  # noqa: E731
    reverse = lambda log_q: divergence(log_q, log_p)  # noqa: E731
    # Within a narrow grid around a mode lies a local optimum.
    wide, narrow = np.linspace(1.0, 5.0, 81), np.linspace(0.4, 1.4, 41)
    near = np.linspace(-1.0, 1.0, 41)
    cases = {
        r"least $D(p\,\|\,q)$: covers both": (forward, np.linspace(-2, 2, 81), wide),
        r"least $D(q\,\|\,p)$, on the left": (reverse, near - 3.0, narrow),
        r"least $D(q\,\|\,p)$, on the right": (
            reverse,
            near + 2.5,
            narrow,
        ),
    }
    figure = Figure(figsize=(9, 2.8), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (title, (loss, means, scales)) in zip(
        figure.subplots(1, 3, sharey=True), cases.items(), strict=True
    ):
        log_q = normal(*best(loss, means, scales))
        axes.fill_between(POINTS, np.exp(log_p), color="0.85", label="p")
        axes.plot(POINTS, np.exp(log_q), label="q")
        found = f"D(p||q) = {forward(log_q):.2f}\nD(q||p) = {reverse(log_q):.2f}"
        place = {"transform": axes.transAxes, "ha": "right", "va": "top"}
        axes.text(0.98, 0.97, found, **place, fontsize=9)
        if loss is forward:
            axes.legend(frameon=False, fontsize=9, loc="upper left")
        axes.set_title(title, fontsize=10)
        axes.set(xlim=(-6, 6), yticks=[])
        axes.spines[["top", "right", "left"]].set_visible(False)
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=120)


if __name__ == "__main__":
    main()
