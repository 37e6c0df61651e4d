"""Draws `rate_distortion.png`: bits against squared error, for three lossy codes.

Run as `python docs/figures/rate_distortion.py` from the root of the repository. It
prints the numbers. The codes are real bytes: latents are rounded, packed by
`keras_gen.compression`, unpacked and decoded.
"""

import io
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from keras_gen import datasets, zoo
from keras_gen.compression import pack_latents, unpack_latents
from keras_gen.images import grid, to_uint8

NUM = 2000
ENTRY = "vae_mnist"


def examples(split):
    batches = datasets.load("mnist", split, 500, image_shape=(28, 28, 1))
    return np.concatenate(list(batches.as_numpy_iterator()))


def curve(x, latents, decode, steps):
    """Pairs of bits a pixel and mean squared error, one for each step."""
    found = []
    for step in steps:
        data = pack_latents(latents, step)
        again = np.clip(decode(unpack_latents(data)), 0.0, 1.0)
        found.append((8 * len(data) / x.size, float(np.mean((again - x) ** 2))))
    return found


def principal(x, training, num_components):
    """Principal components: the coefficients of `x`, and how to decode them."""
    flat = training.reshape(len(training), -1)
    mean = flat.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(flat.T))
    basis = vectors[:, ::-1][:, :num_components]
    return (x.reshape(len(x), -1) - mean) @ basis, (
        lambda latents: (latents @ basis.T + mean).reshape(-1, 28, 28, 1)
    )


def webp(x, qualities):
    """Pairs of bits a pixel and error, of all images in one lossy WebP picture."""
    sheet, found = grid(to_uint8(x, (0.0, 1.0)))[..., 0], []
    for quality in qualities:
        buffer = io.BytesIO()
        picture = Image.fromarray(sheet).convert("RGB")
        picture.save(buffer, "WEBP", quality=quality, method=6)
        again = np.asarray(Image.open(buffer).convert("L"), np.float64)
        error = float(np.mean((again / 255 - sheet / 255.0) ** 2))
        found.append((8 * len(buffer.getvalue()) / x.size, error))
    return found


def main():
    x = examples(f"test[:{NUM}]")
    model = zoo.load(ENTRY)
    coefficients, project = principal(x, examples("train[:20000]"), 150)
    curves = {
        f"latents of {ENTRY}": curve(
            x,
            np.asarray(model.encode(x)),
            lambda latents: np.asarray(model.decode(latents)),
            (0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0),
        ),
        "150 principal components": curve(
            x, coefficients, project, (0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)
        ),
        "WebP": webp(x, (0, 5, 10, 20, 40, 60, 80)),
    }
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for label, points in curves.items():
        axes.plot(*zip(*points, strict=True), "o-", markersize=3, label=label)
        print(label, " ".join(f"{rate:.4f}:{error:.5f}" for rate, error in points))
    axes.set(xlabel="bits a pixel", ylabel="mean squared error", yscale="log")
    axes.set_xscale("log")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9)
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=120)


if __name__ == "__main__":
    main()
