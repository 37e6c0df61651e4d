"""Published numbers belong to the weights: each is found again, and all agree."""

import copy
import inspect
import math
import warnings

import numpy as np
import pytest

from keras_gen import zoo
from keras_gen.datasets.sources import find_set
from keras_gen.zoo.evaluation.evaluate import measure
from keras_gen.zoo.shelf.entry import Entry

# To classify images, a generative model takes a pass for each class.
COSTLY = {("gated_pixel_cnn_mnist", "accuracy")}
# What two machines may round differently: a number, and one of 500 images or samples.
ROUNDING = {"rel": 5e-4, "abs": 0.002}
# Standard errors by which a full number and a quick one may differ.
MOST_ERRORS = 4.0
REPORTS = {name: zoo.info(name) for name in zoo.names()}


def quick(name, spoil=None):
    """The quick results of an entry, whose weights may be spoilt before."""
    entry = Entry(name)
    source = inspect.signature(entry.recipe.data).parameters["source"].default
    if find_set(source) is None:
        pytest.skip(f"needs {source} in TFDS_DATA_DIR, which is not in the package")
    model = entry.load()
    if spoil is not None:
        spoil(model)
    metrics = [key for key in entry.report["quick"] if (name, key) not in COSTLY]
    with warnings.catch_warnings():
        # Some classes have few of so few images.
        warnings.simplefilter("ignore")
        return measure(model, entry.recipe, metrics, zoo.QUICK)


def numbers_of(results):
    """All numbers of some results, a dict from where they stand to floats."""
    found = {}
    for metric, result in results.items():
        found[metric] = result["value"]
        for column, values in result.get("columns", {}).items():
            for kind in ("model", "training_images", "noise"):
                if values[kind] is not None:
                    found[metric, column, kind] = values[kind]
        for name, value in result.get("without_model", {}).items():
            found[metric, name] = value
    return found


def are_found_again(report, found):
    """Whether the quick results of an entry are those that were found."""
    stored = numbers_of({metric: report["quick"][metric] for metric in found})
    return numbers_of(found) == pytest.approx(stored, **ROUNDING)


def disagreements(report):
    """What of the full results does not agree with the quick ones or with itself."""
    wrong = []
    for metric, result in report["quick"].items():
        full = report["results"][metric]
        if not agree(full, result, full["value"], result["value"]):
            wrong.append(metric)
        columns = full.get("columns", {})
        for column, values in columns.items():
            other = result["columns"][column]
            if column not in BIASED and not agree(
                values, other, values["model"], other["model"]
            ):
                wrong.append(column)
        if columns and not (
            full["value"] == columns["FD"]["model"]
            and full["value"] == pytest.approx(full["curve"]["model"][-1])
        ):
            wrong.append("FD")
        seeds = report.get("training_seeds")
        if columns and seeds is not None:
            own = seeds[str(report["training"]["seed"])]
            wrong += [name for name in own if own[name] != columns[name]["model"]]
    return wrong


# These depend on the numbers of samples and images.
BIASED = {"FD", "class_score", "chi_square", "memorization", "near_copies", "recall"}


def agree(full, quick, value, other):
    if "curve" in full:
        value = full["curve"]["model"][0]
    error = math.hypot(full.get("standard_error", 0), quick.get("standard_error", 0))
    return abs(value - other) <= MOST_ERRORS * error or value == other


@pytest.mark.parametrize("name", zoo.names())
def test_the_numbers_are_found_again(name):
    assert are_found_again(REPORTS[name], quick(name))


def disturb(model):
    """Changes each weight by 1% of itself, up or down."""
    generator = np.random.default_rng(0)
    for weight in model.trainable_weights:
        noise = generator.normal(size=tuple(weight.shape)).astype(np.float32)
        weight.assign(weight * (1.0 + 0.01 * noise))


@pytest.mark.parametrize(
    "name",
    [
        "classifier_mnist",
        "denoising_autoencoder_mnist",
        "gan_mnist",
        "made_binarized_mnist",
        "pixel_cnn_binarized_mnist",
        "vae_2d_mnist",
    ],
)
def test_disturbed_weights_have_other_numbers(name):
    assert not are_found_again(REPORTS[name], quick(name, disturb))


@pytest.mark.parametrize("name", zoo.names())
def test_full_and_quick_numbers_agree(name):
    assert disagreements(REPORTS[name]) == []


@pytest.mark.parametrize(
    ("name", "metric", "value"),
    [
        ("dcgan_mnist", "distances", 0.5),
        ("conditional_gan_mnist", "distances", 0.05),
        ("pixel_cnn_binarized_mnist", "negative_log_likelihood", 78.0),
        ("vae_mnist", "negative_log_likelihood", 79.0),
    ],
)
def test_a_falsified_number_is_found(name, metric, value):
    report = copy.deepcopy(REPORTS[name])
    report["results"][metric]["value"] = value
    assert disagreements(report)
