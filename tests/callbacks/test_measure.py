import csv

import keras
import numpy as np
import pytest

from keras_gen.callbacks import MeasureEvery


@pytest.fixture
def fit():
    """Fits a line with callbacks for some epochs; returns the history."""

    def run(*callbacks, epochs=5, first=0):
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        x = np.zeros((4, 1), "f4")
        options = {"epochs": epochs, "initial_epoch": first, "verbose": 0}
        return model.fit(x, x, callbacks=list(callbacks), **options).history

    return run


def counting():
    calls = []

    def measure(model):
        calls.append(model)
        return {"distance": 10.0 * len(calls), "coverage": np.float32(0.5)}

    return measure, calls


def test_it_measures_every_n_epochs_and_is_nan_between(fit):
    measure, calls = counting()
    history = fit(MeasureEvery(measure, ["distance", "coverage"], epochs=2))
    np.testing.assert_array_equal(
        history["distance"], [np.nan, 10.0, np.nan, 20.0, np.nan]
    )
    np.testing.assert_array_equal(
        history["coverage"], [np.nan, 0.5, np.nan, 0.5, np.nan]
    )
    assert len(calls) == 2
    assert isinstance(calls[0], keras.Model)


def test_the_values_land_in_the_csv_of_an_interrupted_run_too(fit, tmp_path):
    measure, _ = counting()
    path = tmp_path / "history.csv"
    for first, epochs in ((0, 3), (3, 5)):
        callback = MeasureEvery(measure, ["distance", "coverage"], epochs=2)
        logger = keras.callbacks.CSVLogger(path, append=first > 0)
        fit(callback, logger, epochs=epochs, first=first)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["epoch"]) for row in rows] == [0, 1, 2, 3, 4]
    found = [float(row["distance"]) for row in rows]
    np.testing.assert_array_equal(found, [np.nan, 10.0, np.nan, 20.0, np.nan])
    assert all(float(row["loss"]) >= 0.0 for row in rows)


@pytest.mark.parametrize("names", [[], "distance", [1], None])
def test_names_are_a_list_of_strings(names):
    with pytest.raises(ValueError, match="`names` must be a list of at least one"):
        MeasureEvery(dict, names)


def test_epochs_are_counted_from_one():
    with pytest.raises(ValueError, match="`epochs` must be an integer of at least 1"):
        MeasureEvery(dict, ["distance"], epochs=0)


def test_a_measure_of_other_names_is_refused(fit):
    with pytest.raises(
        ValueError, match=r"the `names` \['a'\]. Received: \['b', 'c'\]"
    ):
        fit(MeasureEvery(lambda model: {"b": 1.0, "c": 2.0}, ["a"]))


def test_a_name_that_the_model_reports_is_refused(fit):
    with pytest.raises(ValueError, match="holds loss, which the model reports itself"):
        fit(MeasureEvery(lambda model: {"loss": 1.0}, ["loss"]))
