"""The measures of a model: functions that return a value with its protocol.

A result is a dict of `metric`, `value`, `unit`, an uncertainty and `protocol`, which
can be written as JSON. The uncertainty is a `standard_error`: over the test images,
and for distances over the samples too. A count or a time has none.
"""

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
        nats = -model.log_prob(x, **given_to(model, "log_prob", y))
        found = mean_of(nats, "nats")
        stated = {"likelihood": "exact", **stated_images(x, protocol)}
    else:
        samples = protocol.num_importance_samples
        given = given_to(model, "log_likelihood", y)
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
            **stated_images(x, protocol),
            "seed": protocol.seed,
        }
    return {
        "metric": "negative log likelihood",
        **found,
        "protocol": {**stated, **binarization_of(recipe)},
    }


def completion(model, recipe, data, protocol) -> dict:
    """The negative log likelihood of the lower half of images given the upper one."""
    x, *y = examples_of(recipe, data, protocol)
    mask = upper_half(model.x_domain.shape)
    log_prob = model.log_prob(x, mask=mask, **given_to(model, "log_prob", y))
    return {
        "metric": "negative log likelihood of the lower half given the upper one",
        **mean_of(-log_prob, "nats"),
        "protocol": {
            "likelihood": "exact",
            **stated_images(x, protocol),
            **binarization_of(recipe),
        },
    }


def upper_half(image_shape) -> np.ndarray:
    """A mask of shape `(height, width)` that is True in the upper half."""
    height, width, _ = image_shape
    return np.repeat(np.arange(height) < height // 2, width).reshape(height, width)


def mean_of(values, unit):
    """Value, unit and standard error of a mean, from an array with one number each."""
    values = values.astype(np.float64)
    return {
        "value": float(values.mean()),
        "unit": unit,
        "standard_error": float(values.std(ddof=1) / np.sqrt(len(values))),
    }


def binarization_of(recipe):
    stated = getattr(recipe, "binarization", None)
    return {} if stated is None else {"binarization": stated}


def squared_error(model, recipe, data, protocol) -> dict:
    """The squared error of the reconstruction, summed over an image.

    A model that learned to recover corrupted images gets corrupted images.
    `without_model` is the error without a model: that of the corrupted images, else
    that of the mean image.
    """
    x, *y = examples_of(recipe, data, protocol)
    stated, inputs = stated_images(x, protocol), x
    name, without_model = "the mean image", x.mean(axis=0)
    if "corrupt" in marks_of(model):
        rows = Rows(len(x), check_seed(protocol.seed))
        inputs = model.corrupt(x, model.domain_of("noise").draw(rows))
        name, without_model = "the corrupted images", np.asarray(inputs)
        stated |= {
            "corruption": type(model.corruption).__name__,
            "seed": protocol.seed,
        }

    def errors_of(guesses):
        squares = np.square(guesses - x).reshape(len(x), -1)
        return squares.sum(axis=1, dtype=np.float64)

    if given_to(model, "reconstruct", y):
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
        scores = model.classify(x)
    else:
        scores = model.predict(x, verbose=0)
        losses = keras.losses.sparse_categorical_crossentropy(labels, scores, True)
        found["cross_entropy"] = float(np.mean(losses))
    return {
        "metric": "accuracy",
        **share(scores.argmax(axis=-1) == labels),
        **found,
        "protocol": stated_images(x, protocol),
    }


def active_units(model, recipe, data, protocol) -> dict:
    """The number of latents that vary with the image."""
    x, *y = examples_of(recipe, data, protocol)
    parts = {"x": x, **given_to(model, "encode", y)}
    means = []
    for first in range(0, len(x), _ROWS_AT_ONCE):
        block = slice(first, first + _ROWS_AT_ONCE)
        some = {name: part[block] for name, part in parts.items()}
        means.append(np.asarray(model.encode(**some)))
    found = active_units_of(np.concatenate(means))
    return {
        "metric": "active units",
        "value": found.count,
        "unit": f"of {len(found.variances)} latents",
        "protocol": {**stated_images(x, protocol), "threshold": 0.01},
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


def given_to(model, method, y):
    """The argument `y` of a method, from the data; empty if it takes none."""
    return {"y": y[0]} if "y" in marks_of(model)[method].takes else {}


def examples_of(recipe, data, protocol):
    if data is None:
        is_test = protocol.split == "test"
        data = recipe.data(protocol.split, **({} if is_test else {"training": False}))
    return first_examples(data, protocol.num_images)


def stated_images(x, protocol):
    """How many examples were measured, and of which split unless of the test split."""
    split = {} if protocol.split == "test" else {"split": protocol.split}
    return {"num_images": len(x), **split}


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
