"""Whether latents are factors of variation: the measure, its tables and its recipes."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from keras_gen.models import Autoencoder
from keras_gen.networks import mlp
from keras_gen.random import Rows, seed_initializers
from keras_gen.zoo.evaluation import disentanglement as module
from keras_gen.zoo.evaluation.disentanglement import disentanglement
from keras_gen.zoo.evaluation.evaluate import metrics_for
from keras_gen.zoo.evaluation.protocol import QUICK, Protocol
from keras_gen.zoo.evaluation.report import describe
from keras_gen.zoo.publishing import table
from keras_gen.zoo.publishing.seeds import values_of
from keras_gen.zoo.shelf.recipes import set_data

SHAPE = (2, 2, 1)
FACTORS = {"kind": 3, "width": 4, "height": 5}
FEW = QUICK._replace(num_images=50)


def factors_of(split="test"):
    grid = np.indices(tuple(FACTORS.values())).reshape(3, -1).T.astype(np.int32)
    return np.tile(grid, (4 if split == "test" else 2, 1))


def examples_of(factors):
    """Images whose pixels are the factors, and noise."""
    images = np.zeros((len(factors), *SHAPE), np.float32)
    images[..., 0].reshape(-1, 4)[:, :3] = factors / 10
    images[:, 1, 1, 0] = Rows(len(factors), 0).uniform((), "noise").numpy()
    return images


def data(split="train", source="tiny", training=True, **options):
    return tf.data.Dataset.from_tensor_slices(examples_of(factors_of(split))).batch(50)


RECIPE = SimpleNamespace(
    name="tiny",
    data=data,
    factors=FACTORS,
    unordered_factors=("kind",),
    factors_of=factors_of,
    examples_of=examples_of,
)


def reading(kernel):
    """An autoencoder whose latents are sums of pixels."""
    kernel = np.asarray(kernel, np.float32).T
    seed_initializers(0)
    num = kernel.shape[1]
    model = Autoencoder(mlp(SHAPE, [], (num,)), mlp((num,), [], SHAPE))
    model.encoder.set_weights([kernel, np.zeros(num)])
    return model


def means_of(found):
    return {name: cells["mean"]["value"] for name, cells in found["scores"].items()}


def test_latents_that_are_the_factors_score_one():
    model = reading([[0, 0, -1, 0], [1, 0, 0, 0], [0, 2, 0, 0]])
    found = disentanglement(model, RECIPE, None, FEW)
    assert means_of(found) == pytest.approx(dict.fromkeys(found["scores"], 1.0))
    assert found["value"] == pytest.approx(1.0)
    assert found["standard_error"] == pytest.approx(0.0, abs=1e-6)
    assert found["protocol"] == {
        "codes": "mean",
        "num_images": 240,
        "num_latents": 3,
        "factors": ["kind", "width", "height"],
        "ordered_factors": ["width", "height"],
        "num_bins": 20,
        "num_votes": 10,
        "group_size": 64,
        "seed": 0,
    }


def test_the_scores_are_those_of_each_factor():
    # One latent tells the kind, two tell the width, and none tells the height.
    model = reading([[1, 0, 0, 0], [0, 1, 0, 0], [0, -1, 0, 0]])
    full = Protocol(num_images=1000)
    scores = disentanglement(model, RECIPE, None, full)["scores"]
    gaps = {name: cell["value"] for name, cell in scores["MIG"].items()}
    expected = {"mean": 1 / 3, "kind": 1.0, "width": 0.0, "height": 0.0}
    assert gaps == pytest.approx(expected, abs=1e-6)
    assert scores["SAP"]["kind"] == {"value": None, "standard_error": None}
    assert scores["SAP"]["width"]["value"] == pytest.approx(0.0, abs=1e-6)
    # Votes about the height go to codes that stand for another factor.
    votes = scores["FactorVAE score"]
    assert (votes["kind"]["value"], votes["width"]["value"]) == (1.0, 1.0)
    assert votes["height"]["value"] == 0.0
    assert 0.55 < votes["mean"]["value"] < 0.75


def test_noise_scores_near_zero_and_by_chance():
    model = reading([[0, 0, 0, 1], [0, 0, 0, 3]])
    found = means_of(disentanglement(model, RECIPE, None, QUICK))
    assert max(found["MIG"], found["SAP"]) < 1e-3
    assert found["FactorVAE score"] < 0.6


def test_a_quick_number_is_of_all_examples_with_fewer_votes():
    model = reading([[1, 0.5, 0, 0], [0, 1, 0.5, 0], [0.5, 0, 1, 0]])
    quick, full = (
        disentanglement(model, RECIPE, None, protocol) for protocol in (FEW, QUICK)
    )
    assert quick["scores"]["MIG"] == full["scores"]["MIG"]
    stated = [found["protocol"]["num_votes"] for found in (quick, full)]
    assert stated == [10, 100]
    held = disentanglement(model, RECIPE, None, FEW._replace(split="validation"))
    assert held["protocol"]["split"] == "validation"
    assert held["protocol"]["num_images"] == 120


def test_the_error_of_a_mean_is_that_of_its_formula():
    codes = Rows(module._NUM_PARTS, 1).normal((), "codes").numpy()[:, None]

    def mean(codes, factors):
        return SimpleNamespace(score=codes.mean(), of_each_factor=codes.mean(axis=0))

    values, errors = module._jackknifed(mean, codes.astype(np.float64), codes)
    expected = codes.astype(np.float64).std(ddof=1) / np.sqrt(len(codes))
    np.testing.assert_allclose(errors, expected, rtol=1e-12)
    np.testing.assert_allclose(values, codes.mean(), rtol=1e-6)


def test_models_with_two_latents_are_measured_where_factors_are_known():
    model = reading(np.eye(4)[:2])
    assert metrics_for(model, RECIPE)[0] == "disentanglement"
    assert "disentanglement" not in metrics_for(model, RECIPE, data("test"))
    assert "disentanglement" not in metrics_for(reading(np.eye(4)[:1]), RECIPE)
    recipe = SimpleNamespace(**vars(RECIPE))
    set_data(recipe, "others")
    assert "disentanglement" not in metrics_for(model, recipe)


def test_tables_have_a_row_for_each_score_and_the_spread_of_seeds():
    model = reading([[1, 0.5, 0, 0], [0, 1, 0.5, 0], [0.5, 0, 1, 0]])
    found = disentanglement(model, RECIPE, None, FEW)
    lines = table._scores_table(found).splitlines()
    assert lines[0] == "| score | mean | kind | width | height |"
    assert [line.split(" | ")[0] for line in lines[2:5]] == [
        "| MIG",
        "| SAP",
        "| FactorVAE score",
    ]
    assert lines[3].split(" | ")[2] == "—"
    assert "for width, height." in lines[-1]
    assert "SAP           mean" in describe(found)
    results = {"disentanglement": found}
    values = values_of(results)
    assert values == means_of(found)
    report = {"results": results, "training_seeds": {"0": values, "1": {"MIG": 1.0}}}
    short = table._short_result(SimpleNamespace(report=report))
    spread = np.hypot(found["standard_error"], np.std([values["MIG"], 1.0], ddof=1))
    assert short == f"MIG {table.number(values['MIG'], spread)}"
