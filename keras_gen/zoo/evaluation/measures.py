"""The measures of a model: functions that return a value with its protocol.

A result is a dict of `metric`, `value`, `unit`, an uncertainty and `protocol`, which
can be written as JSON. The uncertainty is a `standard_error`: over the test images,
and for distances over the samples too. A count or a time has none.
"""

import math
import os
import platform
import time

import keras
import numpy as np

from keras_gen.metrics import active_units as active_units_of
from keras_gen.models.base import marks_of
from keras_gen.random import Rows, check_seed
from keras_gen.zoo.shelf.recipes import first_examples

_ROWS_AT_ONCE = 500


def negative_log_likelihood(model, recipe, data, protocol) -> dict:
    """The negative log likelihood in nats, or its importance-weighted bound."""
    x, *y = examples_of(recipe, data, protocol)
    if "log_prob" in marks_of(model):
        nats = -model.log_prob(x, **given_of(model, "log_prob", y))
        found = mean_of(nats, "nats")
        stated = {"likelihood": "exact", **images_of(x, protocol)}
    else:
        samples = min(
            protocol.num_importance_samples,
            getattr(recipe, "num_importance_samples", math.inf),
        )
        given = given_of(model, "log_likelihood", y)
        bound = model.log_likelihood(x, samples, protocol.seed, **given)
        found = {
            "value": -bound.mean,
            "unit": "nats",
            "standard_error": bound.standard_error,
            "monte_carlo_error": bound.monte_carlo_error,
        }
        stated = {
            "bound": "importance-weighted",
            "num_importance_samples": samples,
            **images_of(x, protocol),
            "seed": protocol.seed,
        }
    return {
        "metric": "negative log likelihood",
        **found,
        **_bits_per_dimension(model, found["value"]),
        "protocol": {**stated, **binarization_of(recipe)},
    }


def _bits_per_dimension(model, nats):
    """The same in bits, for examples whose values have more than two levels."""
    if (model.x_domain.num_levels or 0) <= 2:
        return {}
    size = math.prod(model.x_domain.shape)
    return {"bits_per_dimension": nats / (size * math.log(2.0))}


def preprocessed_log_likelihood(model, recipe, data, protocol) -> dict:
    """The log density of preprocessed images in nats, with one draw of noise each."""
    x, *_ = examples_of(recipe, data, protocol)
    return {
        "metric": "log likelihood of preprocessed images",
        **mean_of(model.preprocessed_log_prob(x, protocol.seed), "nats"),
        "protocol": {
            "preprocessing": recipe.preprocessing,
            **images_of(x, protocol),
            "seed": protocol.seed,
        },
    }


def completion(model, recipe, data, protocol) -> dict:
    """The negative log likelihood of the lower half of images given the upper one."""
    x, *y = examples_of(recipe, data, protocol)
    mask = upper_half(model.x_domain.shape)
    log_prob = model.log_prob(x, mask=mask, **given_of(model, "log_prob", y))
    return {
        "metric": "negative log likelihood of the lower half given the upper one",
        **mean_of(-log_prob, "nats"),
        "protocol": {
            "likelihood": "exact",
            **images_of(x, protocol),
            **binarization_of(recipe),
        },
    }


def perplexity(model, recipe, data, protocol) -> dict:
    """The perplexity of half of the words of documents given the other half.

    Every other word of a document is given, in the order of the vocabulary. The
    perplexity is the exponential of the mean negative log probability of a word.
    """
    x, *_ = examples_of(recipe, data, protocol)
    given, held_out = alternate_words(x)
    whole = (given.sum(axis=1) > 0) & (held_out.sum(axis=1) > 0)
    given, held_out = given[whole], held_out[whole]
    nats = []
    for first in range(0, len(given), _ROWS_AT_ONCE):
        block = slice(first, first + _ROWS_AT_ONCE)
        chances = np.asarray(model.word_probabilities(given[block]), np.float64)
        # Words that do not occur may have no chance either.
        logs = np.log(np.where(held_out[block] > 0, chances, 1.0))
        nats.append(-np.sum(held_out[block] * logs, axis=1))
    nats = np.concatenate(nats)
    num_words = held_out.sum(axis=1)
    mean = nats.sum() / num_words.sum()
    # Of a ratio of means over documents.
    error = np.sqrt(np.square(nats - mean * num_words).sum()) / num_words.sum()
    return {
        "metric": "perplexity",
        "value": float(np.exp(mean)),
        "unit": "a word",
        "standard_error": float(np.exp(mean) * error),
        "protocol": {
            "given": "every other word of a document",
            "num_documents": len(given),
            "num_words": int(num_words.sum()),
        },
    }


def alternate_words(counts) -> tuple:
    """Divides documents into two halves: every other word, and the others.

    Args:
        counts: Integer array of shape `(num, vocabulary_size)`.

    Returns:
        Two arrays of the same shape, whose sum it is.
    """
    ends = np.cumsum(counts, axis=1)
    first = np.diff((ends + 1) // 2, axis=1, prepend=0)
    return first, counts - first


def upper_half(image_shape) -> np.ndarray:
    """A mask of shape `(height, width)` that is True in the upper half."""
    height, width, _ = image_shape
    return np.repeat(np.arange(height) < height // 2, width).reshape(height, width)


def mean_of(values, unit) -> dict:
    """Value, unit and standard error of a mean, from an array with one number each."""
    values = values.astype(np.float64)
    return {
        "value": float(values.mean()),
        "unit": unit,
        "standard_error": float(values.std(ddof=1) / np.sqrt(len(values))),
    }


def binarization_of(recipe) -> dict:
    """How the images of a recipe became binary, as an item of a protocol."""
    stated = getattr(recipe, "binarization", None)
    return {} if stated is None else {"binarization": stated}


def squared_error(model, recipe, data, protocol) -> dict:
    """The squared error of the reconstruction, summed over an image.

    A model that learned to recover corrupted images gets corrupted images.
    `without_model` is the error without a model: that of the corrupted images, else
    that of the mean image.
    """
    x, *y = examples_of(recipe, data, protocol)
    stated, inputs = images_of(x, protocol), x
    name, without_model = "the mean image", x.mean(axis=0)
    if "corrupt" in marks_of(model):
        rows = Rows(len(x), check_seed(protocol.seed))
        inputs = model.corrupt(x, model.domain_of("corruption_noise").draw(rows))
        name, without_model = "the corrupted images", np.asarray(inputs)
        stated |= {
            "corruption": type(model.corruption).__name__,
            "seed": protocol.seed,
        }

    def errors_of(guesses):
        squares = np.square(guesses - x).reshape(len(x), -1)
        return squares.sum(axis=1, dtype=np.float64)

    if given_of(model, "reconstruct", y):
        inputs = [inputs, *y]
    errors = errors_of(model.predict(inputs, verbose=0))
    return {
        "metric": "squared error",
        **mean_of(errors, "squared pixel values an image"),
        "without_model": {name: float(errors_of(without_model).mean())},
        "protocol": stated,
    }


def accuracy(model, recipe, data, protocol) -> dict:
    """The percentage of images that a classifier gives their label.

    A generative model with classes is a classifier by Bayes' rule. The result of a
    network also holds the mean `cross_entropy` of the labels, in nats.
    """
    x, labels = examples_of(recipe, data, protocol)
    found = {}
    if "classify" in marks_of(model):
        scores = np.asarray(model.classify(x))
    else:
        scores = model.predict(x, verbose=0)
        losses = keras.losses.sparse_categorical_crossentropy(labels, scores, True)
        found["cross_entropy"] = float(np.mean(losses))
    return {
        "metric": "accuracy",
        **share(scores.argmax(axis=-1) == labels),
        **found,
        "protocol": images_of(x, protocol),
    }


def active_units(model, recipe, data, protocol) -> dict:
    """The number of latents that vary with the image."""
    x, *y = examples_of(recipe, data, protocol)
    found = active_units_of(latents_of(model, x, *y))
    return {
        "metric": "active units",
        "value": found.count,
        "unit": f"of {len(found.variances)} latents",
        "protocol": {**images_of(x, protocol), "threshold": 0.01},
    }


def sampling(model, recipe, data, protocol, batch_size=100, repetitions=10) -> dict:
    """The time of a sample in milliseconds, the shortest of several repetitions.

    Other work on the machine can only make a time longer, so the shortest is the best
    estimate. The result also has the `median`.
    """
    seconds = []
    # The first repetition traces, so it does not count.
    for _ in range(1 + repetitions):
        start = time.perf_counter()
        model.sample(batch_size, protocol.seed)
        seconds.append(time.perf_counter() - start)
    times = np.array(seconds[1:]) * 1000 / batch_size
    return {
        "metric": "sampling",
        "value": float(times.min()),
        "unit": "ms a sample",
        "median": float(np.median(times)),
        "protocol": {
            "batch_size": batch_size,
            "repetitions": repetitions,
            "machine": machine(),
        },
    }


def given_of(model, method, y) -> dict:
    """The argument `y` of a method, from the data; empty if it takes none."""
    return {"y": y[0]} if "y" in marks_of(model)[method].takes else {}


def examples_of(recipe, data, protocol) -> tuple:
    """The examples that a measure sees, and what they are paired with: arrays."""
    if data is None:
        is_test = protocol.split == "test"
        data = recipe.data(protocol.split, **({} if is_test else {"training": False}))
    return first_examples(data, protocol.num_images)


def images_of(x, protocol) -> dict:
    """How many examples were measured, and of which split unless of the test split."""
    # Images have rows, columns and channels.
    name = "num_images" if x.ndim == 4 else "num_examples"
    return {name: len(x), **split_of(protocol)}


def split_of(protocol) -> dict:
    """What a protocol states of its split: nothing of the test split."""
    return {} if protocol.split == "test" else {"split": protocol.split}


def share(hits) -> dict:
    """Value, unit and standard error of a percentage, from booleans."""
    rate = float(np.mean(hits))
    return {
        "value": 100 * rate,
        "unit": "%",
        "standard_error": 100 * float(np.sqrt(rate * (1 - rate) / len(hits))),
    }


def machine() -> str:
    """A description of this machine, a string."""
    return f"{platform.machine()}, {os.cpu_count()} CPU cores"


def latents_of(model, x, y=None) -> np.ndarray:
    """The latents of examples as vectors, of shape `(num, size)`."""
    parts = {"x": x, **given_of(model, "encode", [y])}
    codes = []
    for first in range(0, len(x), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        some = {name: part[rows] for name, part in parts.items()}
        codes.append(np.asarray(model.encode(**some)))
    return flat(np.concatenate(codes))


def flat(values) -> np.ndarray:
    """Values of shape `(num, ...)` as an array of shape `(num, size)`."""
    return np.asarray(values).reshape(len(values), -1)
