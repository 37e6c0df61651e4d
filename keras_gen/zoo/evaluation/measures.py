"""The measures of a model, each a function that returns a value with its protocol.

A result is a dict of `metric`, `value`, `unit`, an uncertainty and `protocol`, all of
which JSON can hold. The uncertainty is a `standard_error` over images where the
images are the sample, a `standard_deviation` over seeds, and absent of a count or a
time.
"""

import os
import platform
import time

import numpy as np

from keras_gen.metrics import active_units as active_units_of
from keras_gen.models.base import marks_of
from keras_gen.random import Rows, check_seed
from keras_gen.zoo.shelf.recipes import first_examples

_ROWS_AT_ONCE = 500


def negative_log_likelihood(model, recipe, data, protocol):
    """The negative log likelihood in nats, or its importance-weighted bound."""
    x, *y = _examples(recipe, data, protocol)
    if "log_prob" in marks_of(model):
        found = _exact(-model.log_prob(x, **_given(model, "log_prob", y)))
        stated = {"likelihood": "exact", **_images(x, protocol)}
    else:
        samples = protocol.num_importance_samples
        given = _given(model, "log_likelihood", y)
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
            **_images(x, protocol),
            "seed": protocol.seed,
        }
    return {
        "metric": "negative log likelihood",
        **found,
        "protocol": {**stated, **_binarization(recipe)},
    }


def completion(model, recipe, data, protocol):
    """The negative log likelihood of the lower half of images given the upper one."""
    x, *y = _examples(recipe, data, protocol)
    mask = upper_half(model.x_domain.shape)
    log_prob = model.log_prob(x, mask=mask, **_given(model, "log_prob", y))
    return {
        "metric": "negative log likelihood of the lower half given the upper one",
        **_exact(-log_prob),
        "protocol": {
            "likelihood": "exact",
            **_images(x, protocol),
            **_binarization(recipe),
        },
    }


def upper_half(image_shape):
    """A mask of shape `(height, width)` that is True in the upper half."""
    height, width, _ = image_shape
    return np.repeat(np.arange(height) < height // 2, width).reshape(height, width)


def _exact(nats):
    """Value, unit and standard error of numbers in nats, one an image."""
    nats = nats.astype(np.float64)
    return {
        "value": float(nats.mean()),
        "unit": "nats",
        "standard_error": float(nats.std(ddof=1) / np.sqrt(len(nats))),
    }


def _binarization(recipe):
    stated = getattr(recipe, "binarization", None)
    return {} if stated is None else {"binarization": stated}


def squared_error(model, recipe, data, protocol):
    """The squared error of the reconstruction, summed over an image.

    Of corrupted images, where the model learned to recover them. The `ceiling` is the
    error of what needs no model: the corrupted image itself, or else the mean image.
    """
    x, *y = _examples(recipe, data, protocol)
    stated, inputs = _images(x, protocol), x
    without_model = x.mean(axis=0)
    if "corrupt" in marks_of(model):
        rows = Rows(len(x), check_seed(protocol.seed))
        inputs = model.corrupt(x, model.domain_of("noise").draw(rows))
        without_model = np.asarray(inputs)
        stated |= {
            "corruption": type(model.corruption).__name__,
            "seed": protocol.seed,
        }

    def errors_of(guesses):
        squares = np.square(guesses - x).reshape(len(x), -1)
        return squares.sum(axis=1, dtype=np.float64)

    if _given(model, "reconstruct", y):
        inputs = [inputs, *y]
    errors = errors_of(model.predict(inputs, verbose=0))
    return {
        "metric": "squared error",
        "value": float(errors.mean()),
        "unit": "squared pixel values an image",
        "standard_error": float(errors.std(ddof=1) / np.sqrt(len(errors))),
        "floor": 0.0,
        "ceiling": float(errors_of(without_model).mean()),
        "protocol": stated,
    }


def accuracy(model, recipe, data, protocol):
    """The share of images that a classifier gives their label, in percent.

    A generative model with classes is one too, by Bayes' rule.
    """
    x, labels = _examples(recipe, data, protocol)
    if "classify" in marks_of(model):
        predicted = model.classify(x).argmax(axis=-1)
    else:
        predicted = model.predict(x, verbose=0).argmax(axis=-1)
    return {
        "metric": "accuracy",
        **share(predicted == labels),
        "protocol": _images(x, protocol),
    }


def active_units(model, recipe, data, protocol):
    """How many latents vary with the image."""
    x, *y = _examples(recipe, data, protocol)
    parts = {"x": x, **_given(model, "encode", y)}
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
        "protocol": {**_images(x, protocol), "threshold": 0.01},
    }


def sampling(model, recipe, data, protocol, batch_size=100, repetitions=10):
    """Milliseconds that a sample takes: the fastest of several repetitions.

    What a machine does beside it can only add to a time, so the fastest says most; the
    `median` is kept with it.
    """
    seconds = []
    # The first one traces and is not counted.
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


def _given(model, method, y):
    """What a method takes beside examples, from what the data have beside them."""
    return {"y": y[0]} if "y" in marks_of(model)[method].takes else {}


def _examples(recipe, data, protocol):
    if data is None:
        is_test = protocol.split == "test"
        data = recipe.data(protocol.split, **({} if is_test else {"training": False}))
    return first_examples(data, protocol.num_images)


def _images(x, protocol):
    """How many examples were measured, and of which split unless of the test split."""
    split = {} if protocol.split == "test" else {"split": protocol.split}
    return {"num_images": len(x), **split}


def share(hits):
    """Value, unit and standard error of a share, from booleans."""
    rate = float(np.mean(hits))
    return {
        "value": 100 * rate,
        "unit": "%",
        "standard_error": 100 * float(np.sqrt(rate * (1 - rate) / len(hits))),
    }


def machine():
    """What the numbers were measured on, in words."""
    return f"{platform.machine()}, {os.cpu_count()} CPU cores"
