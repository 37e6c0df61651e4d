"""Measures of models of text and melodies, beside counts and beside test data.

Consecutive windows of a text are alike. So fewer windows than there are lie evenly over
all of them.
"""

import math
import sys

import numpy as np

from keras_gen.metrics import ngram_log_probs, repeated_phrases
from keras_gen.zoo.evaluation.measures import (
    examples_of,
    given_of,
    mean_of,
    split_of,
)
from keras_gen.zoo.shelf.recipes import first_examples

_ORDERS = {1: "unigram", 2: "bigram", 5: "5-gram"}
# An image of the protocol stands for so many symbols, so there are fewer long windows.
_SYMBOLS = 64
# One window is sampled for this number of samples of the protocol.
_SHARE = 10


def nats_a_symbol(model, recipe, data, protocol) -> dict:
    """The negative log likelihood of a symbol, beside those of n-grams.

    The n-grams count symbols in the training windows of the recipe, and see what the
    model sees: the symbols before in the same window, and where it begins.
    """
    x, *y = _windows(recipe, protocol)
    (length,) = model.x_domain.shape
    num_symbols = model.x_domain.num_levels
    log_prob = model.log_prob(x, **given_of(model, "log_prob", y))
    found = mean_of(-log_prob / length, "nats a symbol")
    counted = ngram_log_probs(x, training_windows(recipe), num_symbols, max(_ORDERS))
    return {
        "metric": "negative log likelihood of a symbol",
        **found,
        "bits_per_dimension": found["value"] / math.log(2.0),
        "without_model": {
            name: -float(counted[order - 1].mean()) for order, name in _ORDERS.items()
        },
        "protocol": {
            "likelihood": "exact",
            **_windows_of(x, length, protocol),
            "n-grams": "interpolated by the method of Witten and Bell",
        },
    }


def repeats(model, recipe, data, protocol) -> dict:
    """The percentage of the phrases of samples that occur in the training data.

    `phrases` has it for each length of a phrase that samples and test data have, beside
    that of test data. The value is that of the longest phrases.

    Raises:
        ValueError: If windows are too short for any phrase.
    """
    x, *_ = _windows(recipe, protocol)
    domain = model.x_domain
    num = max(2, min(len(x), protocol.num_samples // _SHARE))
    # Windows are in order, so together they are what they were cut from.
    training = [domain.to_steps(training_windows(recipe).reshape(-1))]
    found = {"samples": model.sample(num, protocol.seed), f"{protocol.split} data": x}
    found = {name: [*map(domain.to_steps, some)] for name, some in found.items()}
    counted = {
        length: {n: repeated_phrases(s, training, length) for n, s in found.items()}
        for length in domain.phrase_lengths
    }
    phrases = {
        length: {name: _percentage(part) for name, part in parts.items()}
        for length, parts in counted.items()
        if all(part.num_phrases for part in parts.values())
    }
    if not phrases:
        raise ValueError(
            f"`repeats` needs phrases of {min(domain.phrase_lengths)} steps. Received "
            f"windows of {domain.shape[0]} symbols, which hold none"
        )
    longest = max(phrases)
    samples, others = phrases[longest].values()
    return {
        "metric": "repeated phrases",
        "value": samples["value"],
        "unit": "%",
        "standard_error": samples["standard_error"],
        "without_model": {f"{protocol.split} data": others["value"]},
        "phrases": {f"{length} steps": part for length, part in phrases.items()},
        "protocol": {
            "num_steps": longest,
            "num_sampled_windows": num,
            **_windows_of(x, domain.shape[0], protocol),
            "seed": protocol.seed,
        },
    }


def training_windows(recipe) -> np.ndarray:
    """The training examples of a recipe, `data("train", training=False)`, in order.

    Returns:
        Integer array of shape `(num, length)`.
    """
    return first_examples(recipe.data("train", training=False), sys.maxsize)[0]


def _windows(recipe, protocol):
    """The windows to measure, and what they are paired with: arrays."""
    every = examples_of(recipe, None, protocol._replace(num_images=sys.maxsize))
    num = max(2, protocol.num_images * _SYMBOLS // max(_SYMBOLS, every[0].shape[1]))
    num = min(len(every[0]), num)
    rows = np.linspace(0, len(every[0]) - 1, num).round().astype(int)
    return [part[rows] for part in every]


def _windows_of(x, length, protocol):
    sizes = {"num_windows": len(x), "num_symbols_each": length}
    return {**sizes, **split_of(protocol)}


def _percentage(found):
    return {"value": 100 * found.share, "standard_error": 100 * found.standard_error}
