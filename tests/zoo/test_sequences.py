"""Measures of sequences, on a model that knows nothing."""

import types

import numpy as np
import pytest
import tensorflow as tf

from keras_gen.domains import Melodies, Text
from keras_gen.metrics import ngram_log_probs
from keras_gen.models import RecurrentModel
from keras_gen.zoo import Protocol
from keras_gen.zoo.evaluation.evaluate import measure, metrics_for
from keras_gen.zoo.evaluation.report import describe
from keras_gen.zoo.publishing.table import card_tables

FEW = Protocol(num_images=20, num_samples=100)


def recipe_of(domain, **splits):
    """A recipe whose data are the windows of each split, in order."""

    def data(split, training=None):
        assert split == "test" or training is False
        return tf.data.Dataset.from_tensor_slices(splits[split]).batch(7)

    return types.SimpleNamespace(name="tiny", data=data)


def uniform_model(domain):
    """A model that gives all symbols the same probability."""
    model = RecurrentModel(domain, units=4, name="tiny")
    model.compiled_sampling = False
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    return model


def windows(num, length, num_symbols, seed):
    return np.random.default_rng(seed).integers(num_symbols, size=(num, length))


@pytest.fixture(scope="module")
def text():
    domain = Text(40, "abcd")
    parts = {"train": windows(30, 40, 4, 0), "test": windows(20, 40, 4, 1)}
    return uniform_model(domain), recipe_of(domain, **parts), parts


def test_the_nats_of_a_symbol_stand_beside_those_of_n_grams(text):
    model, recipe, parts = text
    found = measure(model, recipe, ["nats_a_symbol"], FEW)["nats_a_symbol"]
    assert found["value"] == pytest.approx(np.log(4.0), rel=1e-5)
    expected = -ngram_log_probs(parts["test"], parts["train"], 4).mean(axis=(1, 2))
    assert found["without_model"] == pytest.approx(
        {"unigram": expected[0], "bigram": expected[1], "5-gram": expected[4]}
    )
    assert found["protocol"]["num_windows"] == 20
    assert found["bits_per_dimension"] == pytest.approx(2.0, rel=1e-5)
    text = describe(found)
    assert "likelihood of a symbol 1.386" in text
    assert "nats a symbol (unigram: 1.3" in text


def test_fewer_windows_are_spread_over_the_text(text):
    model, _, parts = text
    x = np.repeat(np.arange(20) % 4, 40).reshape(20, 40)
    recipe = recipe_of(model.x_domain, train=parts["train"], test=x)
    few = FEW._replace(num_images=3)
    found = measure(model, recipe, ["nats_a_symbol"], few)["nats_a_symbol"]
    expected = -ngram_log_probs(x[[0, 10, 19]], parts["train"], 4)[0].mean()
    assert found["without_model"]["unigram"] == pytest.approx(expected)
    assert found["protocol"]["num_windows"] == 3


def test_long_windows_are_fewer():
    domain, x = Text(128, "ab"), np.zeros((9, 128), int)
    recipe = recipe_of(domain, train=x, test=x)
    few = FEW._replace(num_images=8)
    found = measure(uniform_model(domain), recipe, ["nats_a_symbol"], few)
    assert found["nats_a_symbol"]["protocol"]["num_windows"] == 4


def test_repeats_of_samples_stand_beside_those_of_test_data(text):
    model, recipe, _ = text
    # Half of the test windows are those of the training.
    parts = {"train": windows(30, 40, 4, 0), "test": windows(20, 40, 4, 1)}
    parts["test"][:10] = parts["train"][:10]
    recipe = recipe_of(model.x_domain, **parts)
    found = measure(model, recipe, ["repeats"], FEW)["repeats"]
    longest = found["phrases"]["30 steps"]
    assert found["value"] == longest["samples"]["value"] == 0.0
    assert longest["test data"]["value"] == pytest.approx(50.0)
    assert found["without_model"] == {"test data": pytest.approx(50.0)}
    assert found["protocol"]["num_sampled_windows"] == 10
    assert "  30 steps      samples 0, test data 50 ± 11" in describe(found)
    # 1,200 of 4 ** 10 phrases are known.
    assert found["phrases"]["10 steps"]["samples"]["value"] < 1.0


def test_a_transposed_tune_is_the_same_phrase():
    domain = Melodies(64, low=48, high=96)
    random = np.random.default_rng(0)
    notes = np.stack([np.arange(0, 64, 2), np.full(32, 2), random.integers(55, 80, 32)])
    tune = domain.from_notes(notes.T)[None]
    higher = domain.from_notes(notes.T + [0, 0, 5])[None]
    slower = domain.from_notes((notes * [[2], [2], [1]]).T)[None, :64]
    for test, share in ((higher, 100.0), (slower, 0.0)):
        recipe = recipe_of(domain, train=tune, test=np.repeat(test, 2, axis=0))
        found = measure(uniform_model(domain), recipe, ["repeats"], FEW)["repeats"]
        assert found["phrases"]["8 steps"]["test data"]["value"] == share


def test_the_measures_are_those_of_sequences_with_data_of_the_recipe(text):
    model, recipe, _ = text
    found = metrics_for(model, recipe)
    assert found[0] == "nats_a_symbol"
    assert "repeats" in found
    assert "negative_log_likelihood" not in found
    other = metrics_for(model, recipe, data=recipe.data("test"))
    assert not {"nats_a_symbol", "repeats"} & set(other)
    assert other[0] == "negative_log_likelihood"


def test_a_card_shows_each_length_of_a_phrase(text):
    model, recipe, _ = text
    results = measure(model, recipe, ["nats_a_symbol", "repeats"], FEW)
    training = {"epochs": 1, "seed": 0, "seconds": 60, "machine": "x", "versions": {}}
    report = {
        "model": "RecurrentModel",
        "parameters": 1,
        "training": training,
        "weights_sha256": "0",
        "results": results,
        "quick": {},
    }
    entry = types.SimpleNamespace(name="tiny", report=report, recipe=recipe)
    tables = card_tables(entry)
    assert "| phrases of | samples | test data |" in tables
    assert "\n| 20 steps | 0 | 0 |" in tables


def test_phrases_that_windows_cannot_hold_are_left_out():
    short = Text(15, "abcd")
    parts = {"train": windows(30, 15, 4, 0), "test": windows(20, 15, 4, 1)}
    found = measure(uniform_model(short), recipe_of(short, **parts), ["repeats"], FEW)
    assert list(found["repeats"]["phrases"]) == ["10 steps"]
    assert found["repeats"]["protocol"]["num_steps"] == 10
    tiny = Text(5, "abcd")
    parts = {"train": windows(30, 5, 4, 0), "test": windows(20, 5, 4, 1)}
    with pytest.raises(ValueError, match="phrases of 10 steps.*windows of 5 symbols"):
        measure(uniform_model(tiny), recipe_of(tiny, **parts), ["repeats"], FEW)
