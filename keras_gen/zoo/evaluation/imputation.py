"""How well a model fills in missing pixels, beside two baselines.

Images are black and white. Each method gives the probability that a missing pixel is
white; the log-loss is that of the missing pixels alone.
"""

import numpy as np

from keras_gen.random import Rows
from keras_gen.zoo.evaluation import measures
from keras_gen.zoo.shelf.recipes import first_examples

# One test image of this number is measured, because chains take many steps.
_SHARE = 40
# A chain stays long with what it has found, so that expected values need several.
_NUM_CHAINS = 10
_NUM_TRAINING_IMAGES = 10_000
_NUM_NEIGHBOURS = 5
# Probabilities are kept this far from 0 and 1, so that no loss is infinite.
_MARGIN = 1e-3


def known_pixels(missing, image_shape, num, seed=0) -> np.ndarray:
    """Masks of known pixels.

    Args:
        missing: String, what is missing: "random_50" or "random_80", that many percent
            of the pixels at random, "lower_half", or "centre", the square in the middle
            with half of the height and half of the width.
        image_shape: Tuple `(height, width, channels)`.
        num: Integer, the number of masks.
        seed: Integer in [0, 2**31).

    Returns:
        Boolean array of shape `(num, *image_shape)`, True where a pixel is known.
    """
    height, width, channels = image_shape
    if missing.startswith("random_"):
        share = int(missing.removeprefix("random_")) / 100
        known = Rows(num, seed).uniform((height, width), missing).numpy() >= share
    elif missing == "lower_half":
        known = measures.upper_half(image_shape)
    else:
        rows, columns = (np.abs(np.arange(n) + 0.5 - n / 2) for n in (height, width))
        known = (rows[:, None] > height / 4) | (columns > width / 4)
    known = np.broadcast_to(known, (num, height, width))
    return np.repeat(known[..., None], channels, axis=-1)


#: What can be missing, see `known_pixels()`.
MISSING = ("lower_half", "centre", "random_50", "random_80")


def imputation(model, recipe, data, protocol) -> dict:
    """The log-loss of missing pixels, for several kinds of masks.

    A model that draws sites in raster order fills in the lower half only.

    Returns:
        A result whose value is the loss for the lower half. `masks` holds for each kind
        of mask the loss of each method of the model with its standard error over the
        images, of `marginal_means` of training images, and of `nearest_neighbours`: the
        mean of the 5 training images that are nearest in the known pixels.
    """
    x, *y = measures.examples_of(recipe, data, protocol)
    num = max(2, len(x) // _SHARE)
    x, y = x[:num], [part[:num] for part in y]
    num_training = min(protocol.num_training_images, _NUM_TRAINING_IMAGES)
    training = recipe.data("train", training=False)
    training = first_examples(training, num_training)[0]
    kinds = MISSING[:1] if model.domain_of("mask").in_order else MISSING
    masks = {}
    for kind in kinds:
        known = known_pixels(kind, model.x_domain.shape, num, protocol.seed)
        options = {"mean": True, **measures.given_of(model, "impute", y)}
        guesses = {
            method: np.mean(
                [
                    model.impute(x, known, method=method, seed=seed, **options)
                    for seed in range(protocol.seed, protocol.seed + _NUM_CHAINS)
                ],
                axis=0,
            )
            for method in model.imputation_methods
        }
        guesses["marginal_means"] = _smoothed(training.sum(axis=0), len(training))
        guesses["nearest_neighbours"] = _of_neighbours(x, known, training)
        masks[kind] = {name: _loss(x, known, some) for name, some in guesses.items()}
    first = masks["lower_half"][model.imputation_methods[0]]
    return {
        "metric": "log-loss of the missing lower half",
        "value": first["value"],
        "unit": "nats a pixel",
        "standard_error": first["standard_error"],
        "masks": masks,
        "protocol": {
            "num_imputed_images": num,
            "num_training_images": len(training),
            "neighbours": _NUM_NEIGHBOURS,
            "steps": model.imputation_steps,
            "num_chains": _NUM_CHAINS,
            "margin": _MARGIN,
            "seed": protocol.seed,
            **measures.binarization_of(recipe),
        },
    }


def _loss(x, known, chances):
    """The mean over images of the mean log-loss of their missing pixels."""
    chances = np.clip(chances.astype(np.float64), _MARGIN, 1 - _MARGIN)
    losses = -np.where(x > 0.5, np.log(chances), np.log1p(-chances))
    axes = (1, 2, 3)
    losses = np.where(known, 0.0, losses).sum(axis=axes) / (~known).sum(axis=axes)
    found = measures.mean_of(losses, "nats a pixel")
    return {key: found[key] for key in ("value", "standard_error")}


def _smoothed(white, num):
    """The probability of white, from how many of some images are white there."""
    return (white + 1.0) / (num + 2.0)


def _of_neighbours(x, known, training, block=250):
    """The share of white among the training images nearest in what is known."""
    shape, parts = x.shape[1:], []
    training = training.reshape(len(training), -1)
    for first in range(0, len(x), block):
        some = slice(first, first + block)
        weights = known[some].reshape(-1, training.shape[1]).astype(np.float32)
        images = weights * x[some].reshape(weights.shape)
        # Of black and white images the square of a pixel is the pixel.
        distances = weights @ training.T - 2.0 * images @ training.T
        nearest = np.argpartition(distances, _NUM_NEIGHBOURS, axis=1)
        white = training[nearest[:, :_NUM_NEIGHBOURS]].sum(axis=1)
        parts.append(_smoothed(white, _NUM_NEIGHBOURS).reshape(-1, *shape))
    return np.concatenate(parts)
