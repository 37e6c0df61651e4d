"""Whether each latent is one factor of variation, by three scores."""

import numpy as np

from keras_gen.metrics import (
    factor_vae_score,
    mutual_information_gap,
    separated_attribute_predictability,
)
from keras_gen.zoo.evaluation.measures import images_of, latents_of
from keras_gen.zoo.shelf.recipes import first_examples

#: Examples of which latents are compared with factors, also by the quick protocol:
#: mutual information of few examples is too large.
NUM_EXAMPLES = 10_000
NUM_BINS, NUM_VOTES, GROUP_SIZE = 20, 800, 64
# Standard errors are of this many parts of the examples.
_NUM_PARTS = 20


def disentanglement(model, recipe, data, protocol) -> dict:
    """The mutual information gap of the mean latents, with two other scores.

    Returns:
        A result. `scores` has MIG, SAP and the FactorVAE score (see
        `keras_gen.metrics`): the `mean`, and the score of each factor, or None where it
        has none. SAP leaves out the recipe's `unordered_factors`. Standard errors of
        MIG and SAP are over the examples, by a jackknife; that of the FactorVAE score
        is over the votes.
    """
    split, names = protocol.split, list(recipe.factors)
    (x, *_) = first_examples(recipe.data(split, training=False), NUM_EXAMPLES)
    codes, factors = latents_of(model, x), recipe.factors_of(split)[: len(x)]
    unordered = getattr(recipe, "unordered_factors", ())
    ordered = [name not in unordered for name in names]
    # One vote in five images of the quick protocol, of which each has its own group.
    num_votes = min(NUM_VOTES, max(1, protocol.num_images // 5))
    votes = factor_vae_score(
        lambda some: latents_of(model, recipe.examples_of(some)),
        recipe.factors.values(),
        num_votes,
        GROUP_SIZE,
        seed=protocol.seed,
    )
    shares = np.array([votes.score, *votes.of_each_factor])
    counts = num_votes * np.array([1.0, *[1 / len(names)] * len(names)])
    scores = {
        "MIG": _jackknifed(
            lambda z, f: mutual_information_gap(z, f, NUM_BINS), codes, factors
        ),
        "SAP": _jackknifed(
            separated_attribute_predictability, codes, factors[:, ordered]
        ),
        "FactorVAE score": (shares, np.sqrt(shares * (1 - shares) / counts)),
    }
    ordered_names = [name for name in names if name not in unordered]
    rows = {
        score: dict.fromkeys(["mean", *names], {"value": None, "standard_error": None})
        | _cells(ordered_names if score == "SAP" else names, *found)
        for score, found in scores.items()
    }
    return {
        "metric": "MIG",
        "value": rows["MIG"]["mean"]["value"],
        "unit": "of 1",
        "standard_error": rows["MIG"]["mean"]["standard_error"],
        "scores": rows,
        "protocol": {
            "codes": "mean",
            **images_of(x, protocol),
            "num_latents": codes.shape[1],
            "factors": names,
            "ordered_factors": ordered_names,
            "num_bins": NUM_BINS,
            "num_votes": num_votes,
            "group_size": GROUP_SIZE,
            "seed": protocol.seed,
        },
    }


def _jackknifed(score, codes, factors):
    """A score and that of each factor, and their standard errors: two arrays."""

    def values_of(rows):
        found = score(codes[rows], factors[rows])
        return np.array([found.score, *found.of_each_factor])

    part = np.arange(len(codes)) % _NUM_PARTS
    others = np.array([values_of(part != left_out) for left_out in range(_NUM_PARTS)])
    squares = np.square(others - others.mean(axis=0)).sum(axis=0)
    return values_of(part >= 0), np.sqrt((_NUM_PARTS - 1) / _NUM_PARTS * squares)


def _cells(names, values, errors):
    """The cells of a row, by name. A factor that no vote is about has no number."""
    return {
        name: {"value": float(value), "standard_error": float(error)}
        for name, value, error in zip(["mean", *names], values, errors, strict=True)
        if np.isfinite(value)
    }
