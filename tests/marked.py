"""Marked methods: what they are given, what their exports give, what they refuse."""

import contextlib
import inspect
import re
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from keras_gen.domains import AnySizeImages, Waveforms
from keras_gen.models.base import ONE_BY_DEFAULT, Mark
from keras_gen.random import Rows

# Of exports: rows, the seed of what is drawn, and a temperature where there is one.
NUM, SEED, TEMPERATURE = 40, 3, 0.5


class Exported(NamedTuple):
    """A signature of an exported model.

    Attributes:
        mark: `Mark` of the method that it is.
        inputs: Dict of arrays by name, what the signature takes.
        expected: Dict of arrays by name, what the model gives, not as bytes yet.
        as_bytes: Boolean, whether the signature gives bytes.
    """

    mark: Mark
    inputs: dict
    expected: dict
    as_bytes: bool


def drawn_for(model, mark, num):
    """What a marked method takes beside noise, drawn: a dict of arrays by name."""
    names = [name for name in mark.takes if name not in ("noise", "seed")]
    drawn = {
        name: model.domain_of(name).draw(Rows(num, SEED, step=step))
        for step, name in enumerate(names)
    }
    if "temperature" in drawn:
        drawn["temperature"] = np.full(num, TEMPERATURE, np.float32)
    return drawn


def call_marked(model, name, mark, drawn, num):
    """What a marked method gives, called as users call it."""
    given, count, method = dict(drawn), [], getattr(model, name)
    if isinstance(given.get("temperature"), np.ndarray):
        given["temperature"] = float(given["temperature"][0])
    if "seed" in inspect.signature(method).parameters and mark.draws:
        given["seed"] = SEED
        count = [] if "x" in given else [num]
    elif "noise" in mark.takes:
        given["noise"] = np.array(model.noise_rows(Rows(num, SEED)))
    return method(*count, **given)


def named(mark, outputs):
    """What a marked method gave as arrays, by name."""
    return {name: np.array(values) for name, values in mark.named(outputs).items()}


def of_method(model, name, mark):
    """`Exported` of a marked method."""
    drawn = drawn_for(model, mark, NUM)
    outputs = named(mark, call_marked(model, name, mark, drawn, NUM))
    seeds = np.array([(SEED, row) for row in range(NUM)], np.int32)
    if "mask" in drawn:
        drawn["mask"] = drawn["mask"].astype(np.uint8)
    inputs = {"seed": seeds, **drawn} if mark.draws else drawn
    return Exported(mark, inputs, outputs, mark.draws)


def of_call(model, mark):
    """`Exported` of `serving_default`, which is given its noise."""
    inputs = drawn_for(model, mark, NUM)
    for scale in ONE_BY_DEFAULT:
        inputs.pop(scale, None)
    if "noise" in mark.takes:
        inputs = {"noise": np.array(model.noise(NUM, SEED)), **inputs}
    given = {key: tf.constant(values) for key, values in inputs.items()}
    outputs = named(mark, getattr(model, mark.traced)(**given))
    return Exported(mark, inputs, outputs, False)


def outside_of(found, expected, domain, signature):
    """Where an export does not give what the model gives but for rounding.

    Floats may differ by 1e-5 of the range. A byte may be another where its float lies
    that near to where it would be.
    """
    if domain.bounds is None:
        margin = 1e-5 * max(1.0, np.abs(expected).max())
    else:
        margin = 1e-5 * (domain.bounds[1] - domain.bounds[0])
    low, high = expected - margin, expected + margin
    if signature.as_bytes:
        assert found.dtype == domain.to_bytes(expected).dtype
        low, high = domain.to_bytes(low), domain.to_bytes(high)
    return ~((found >= low) & (found <= high))


def spoilt(values, domain, name="x"):
    """What is wrong, values that are so, and what an error says of them."""
    if name == "temperature":
        for wrong in (0.0, -1.0, np.nan, "hot"):
            yield f"temperature {wrong}", wrong, "must be a positive number"
        return
    if name == "truncation":
        for wrong in (
            0.0,
            -1.0,
            1.5,
            np.nan,
            np.inf,
            "hot",
            values[:, None],
            values[:0],
        ):
            yield f"truncation {wrong}", wrong, r"must lie in \(0, 1\]"
        return
    if name == "mask":
        yield "masks of a wrong shape", values[..., None], "must have shape"
        yield "masks of twos", 2 * values.astype(int), "must be boolean"
        yield "masks of strings", values.astype(str), "must be boolean"
        return
    if name in ("x", "latents"):
        yield "a number", 5, "must be an array"
    if isinstance(domain, AnySizeImages):
        yield "too few channels", values[..., :0], "must have shape"
    elif values.ndim > 1:
        yield "too few values", values[:, :-1], "must have shape"
    yield "an axis too many", values[..., None], "must have shape"
    yield "strings", values.astype(str), "must hold numbers"
    yield "no rows", values[:0], "holds no"
    if values.dtype.kind == "f":
        for wrong, kind in ((np.nan, "NaN"), (np.inf, "infinity")):
            one = values.copy()
            one.flat[-1] = wrong
            yield kind, one, f"holds {kind}: 1 of"
        # Sound between two levels of the mu-law stands for the nearest one.
        if domain.num_levels is not None and not isinstance(domain, Waveforms):
            grey = np.full_like(values, np.mean(domain.bounds) + 0.0017)
            yield "values between the levels", grey, "must hold"
    else:
        yield "fractions", values + 0.5, "must be integers"
    if domain.bounds is not None:
        low, high = domain.bounds
        wide = np.promote_types(values.dtype, np.int16)
        beyond = values.astype(wide) + wide.type(2 * (high - low) + 1)
        yield "values beyond the range", beyond, r"must lie in \["


@contextlib.contextmanager
def refused(message, what):
    """Fails unless a ValueError is raised whose text has the message."""
    with pytest.raises(ValueError) as error:
        yield
    assert re.search(message, str(error.value)), f"{what}: {error.value}"
