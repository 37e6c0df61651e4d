"""One-class MNIST: models that saw one digit alone tell it from the others.

For each digit and seed a small variational autoencoder learns from the training images
of this digit. Its scores of all test images are compared by their area under the ROC
curve, with the images of the digit as the normal ones. Beside it stands the residual of
principal components, which needs no training. Nothing is fitted to test images.

Command: python docs/anomalies/one_class.py

With `--split=validation` it learns from the first 50,000 training images and scores the
last 10,000; settings are chosen there.
"""

import argparse
import json
import time
from pathlib import Path

import keras
import numpy as np

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.metrics import auroc
from keras_gen.models import VAE
from keras_gen.networks import mlp
from keras_gen.random import seed_initializers

RESULTS = Path(__file__).with_name("one_class.json")
IMAGE_SHAPE = (28, 28, 1)
SPLITS = {
    "test": ("train", "test"),
    "validation": ("train[:50000]", "train[50000:]"),
}
EPOCHS, BATCH_SIZE, LATENT_DIM, NUM_COMPONENTS = 30, 100, 16, 32


def trained(images, seed):
    """A model of the images of one digit."""
    seed_initializers(seed)
    encoder = mlp(IMAGE_SHAPE, [256], (2 * LATENT_DIM,), name="encoder")
    decoder = mlp((LATENT_DIM,), [256], IMAGE_SHAPE, name="decoder")
    model = VAE(encoder, decoder, BernoulliLikelihood(), seed=seed)
    steps = len(images) // BATCH_SIZE
    rate = keras.optimizers.schedules.CosineDecay(2e-3, EPOCHS * steps)
    model.compile(
        keras.optimizers.Adam(rate), jit_compile=True, steps_per_execution=steps
    )
    model.fit(
        images[: steps * BATCH_SIZE], batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0
    )
    return model


def residuals(images, others):
    """Squared distances from the subspace of the principal components of images."""
    images, others = (part.reshape(len(part), -1) for part in (images, others))
    mean = images.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov((images - mean).T))
    rest = vectors[:, :-NUM_COMPONENTS]
    return np.square((others - mean) @ rest).sum(axis=1)


def area(scores, is_normal):
    """The AUROC in percent."""
    return 100 * auroc(scores[is_normal], scores[~is_normal])


def measured(split, digits, seeds, methods=("bound", "reconstruction")):
    """Areas in percent: dicts by method, of a list over digits for each seed."""
    (x, y), (others, labels) = (load(part) for part in SPLITS[split])
    areas = {name: [[] for _ in seeds] for name in methods}
    areas["principal components"] = [[]]
    for digit in digits:
        images, is_normal = x[y == digit], labels == digit
        found = area(residuals(images, others), is_normal)
        areas["principal components"][0].append(found)
        for index, seed in enumerate(seeds):
            start = time.perf_counter()
            model = trained(images, seed)
            seconds = time.perf_counter() - start
            for method in methods:
                scores = model.anomaly_score(others, method=method)
                areas[method][index].append(area(scores, is_normal))
            last = {name: round(areas[name][index][-1], 2) for name in methods}
            print(digit, seed, last, f"{found:.2f}", f"{seconds:.0f} s", flush=True)
            keras.backend.clear_session()
    return areas


def load(split):
    """Images in [0, 1] and their labels."""
    batches = list(datasets.load("mnist", split, 1000, labels=True, training=False))
    images, labels = zip(*batches, strict=True)
    return np.concatenate(images), np.concatenate(labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="test", choices=SPLITS)
    parser.add_argument("--digits", type=int, nargs="+", default=list(range(10)))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    given = parser.parse_args()
    areas = measured(given.split, given.digits, given.seeds)
    for name, found in areas.items():
        print(name, np.mean(found, axis=0).round(2), f"mean {np.mean(found):.2f}")
    if given.split == "test":
        RESULTS.write_text(json.dumps(areas, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
