"""What of the Fréchet distance is due to the prior, and what to the decoder.

Compares decoded images with the last 10,000 training images. Their latents are draws
of the posteriors of these images, of the flow, or of the standard normal prior under
which the VAE learned. The decoded images are the means or the medians of the
likelihood. Writes `parts.csv`.

Command: python zoo/vae_fashion_mnist/parts.py
"""

import csv
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_gen import zoo
from keras_gen.metrics import frechet_distance
from keras_gen.random import Rows
from keras_gen.zoo.evaluation.extraction import extractor
from keras_gen.zoo.shelf.recipes import first_examples, load_recipe

NUM = 10_000
BATCH = 500
IMAGES = {
    "means": lambda values: values.mean(),
    "medians": lambda values: values.distribution.quantile(0.5),
}


def main():
    recipe = load_recipe("vae_fashion_mnist")
    model = zoo.load("vae_fashion_mnist")
    extract = extractor(recipe.extractor)
    (x,) = first_examples(recipe.data("train[50000:]", training=False), NUM)
    real = extract(model.x_domain.to_bytes(x)).features
    vae, prior = model.autoencoder, model.prior
    posteriors = in_batches(
        lambda x, noise: vae.infer(x, noise[None])[0][0],
        x,
        model.posterior_noise(Rows(NUM, 0)),
    )
    normal = Rows(NUM, 0).normal((model.latent_dim,), "latents").numpy()
    rows = []
    for latents, values in (
        ("posteriors", posteriors),
        ("flow", prior.sample(NUM, seed=0)),
        ("standard normal", normal),
    ):
        for images, of in IMAGES.items():
            decoded = in_batches(lambda z, of=of: of(vae.likelihood(z)), values)
            found = extract(model.x_domain.to_bytes(decoded)).features
            rows.append((latents, images, round(frechet_distance(found, real), 3)))
            print(*rows[-1], flush=True)
    with Path(__file__).with_name("parts.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [("latents", "images", "FD"), *rows]
        )


def in_batches(function, *arrays):
    """The rows of a function of arrays."""
    function = tf.function(function)
    return np.concatenate(
        [
            function(*(tf.constant(some[first : first + BATCH]) for some in arrays))
            for first in range(0, NUM, BATCH)
        ]
    )


if __name__ == "__main__":
    main()
