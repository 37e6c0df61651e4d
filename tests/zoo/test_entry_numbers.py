"""Published numbers belong to the weights: each is found again, and all agree."""

import copy
import math
import warnings

import numpy as np
import pytest
from missing_data import skip_without_data

from keras_gen import zoo
from keras_gen.zoo.evaluation.evaluate import measure, metrics_for
from keras_gen.zoo.publishing.seeds import values_of
from keras_gen.zoo.shelf.entry import Entry

# To classify images, a generative model takes a pass for each class. To restore them,
# a model with convolutions takes seconds.
COSTLY = {
    ("gated_pixel_cnn_mnist", "accuracy"),
    ("gated_pixel_cnn_binarized_mnist", "compression"),
    ("pixel_cnn_binarized_mnist", "compression"),
}
# Two machines may round differently, so that an image of 500 is counted differently.
ROUNDING, COUNTED = 5e-5, 0.003
# A file has whole words, and other formats change with the version of their library.
WORDS = 0.02
SHARES = {
    "precision",
    "recall",
    "coverage",
    "near_copies",
    # A code at the edge of a bin.
    "MIG",
    "disentanglement",
    "FactorVAE score",
}
# Standard errors by which a full number and a quick one may differ.
MOST_ERRORS = 4.0
REPORTS = {name: zoo.info(name) for name in zoo.names()}


def quick(name, spoil=None):
    """The quick results of an entry, after `spoil` has changed its weights."""
    entry = Entry(name)
    skip_without_data(entry.recipe, "test")
    model = entry.load()
    if spoil is not None:
        spoil(model)
    # Without the extra `compress`, nothing measures compression.
    known = set(metrics_for(model, entry.recipe))
    metrics = [
        key
        for key in entry.report["quick"]
        if (name, key) not in COSTLY and key in known
    ]
    with warnings.catch_warnings():
        # Few images leave some classes nearly empty.
        warnings.simplefilter("ignore")
        return measure(model, entry.recipe, metrics, zoo.QUICK)


def numbers_of(results):
    """All numbers of some results, a dict from pairs of names to floats."""
    found = {}
    for metric, result in results.items():
        found[metric, "value"] = result["value"]
        for name, value in result.get("without_model", {}).items():
            found[metric, name] = value
        if "cross_entropy" in result:
            found[metric, "cross_entropy"] = result["cross_entropy"]
        for kind in ("translations", "enlargements", "scores"):
            for guess, numbers in result.get(kind, {}).items():
                for name, number in numbers.items():
                    if number["value"] is not None:
                        found[guess, name] = number["value"]
        for column, values in result.get("columns", {}).items():
            for kind in ("model", "training_images", "noise"):
                if values[kind] is not None:
                    found[column, kind] = values[kind]
    return found


def are_found_again(report, found):
    """Whether the quick results of a report equal those found now."""
    stored = numbers_of({metric: report["quick"][metric] for metric in found})
    found = numbers_of(found)
    assert found.keys() == stored.keys()
    return all(
        found[name]
        == pytest.approx(
            value,
            rel=WORDS if name[0] == "compression" else ROUNDING,
            abs=COUNTED if name[0] in SHARES else 0,
        )
        for name, value in stored.items()
    )


def disagreements(report):
    """Names of full results that disagree with the quick ones or with themselves."""
    wrong = []
    for metric, result in report["quick"].items():
        full = report["results"][metric]
        # A distance is larger for few samples, so equal numbers are compared.
        value = full["curve"]["model"][0] if "curve" in full else full["value"]
        if not agree(full, result, value, result["value"]):
            wrong.append(metric)
        if "columns" not in full:
            continue
        columns = full["columns"]
        kernel, other = columns["KD"], result["columns"]["KD"]
        if not agree(kernel, other, kernel["model"], other["model"]):
            wrong.append("KD")
        if full["value"] != columns["FD"]["model"] or full["value"] != pytest.approx(
            full["curve"]["model"][-1]
        ):
            wrong.append("FD")
    if "training_seeds" in report:
        own = report["training_seeds"][str(report["training"]["seed"])]
        found = values_of(report["results"])
        # Numbers that are newer than the trainings stand for the entry alone.
        wrong += [name for name in own if own[name] != found.get(name)]
    return wrong


def agree(full, quick, value, other):
    """Whether two numbers are the same within some of their standard errors."""
    error = math.hypot(full.get("standard_error", 0), quick.get("standard_error", 0))
    return abs(value - other) <= MOST_ERRORS * error


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
