"""The measure of imputation and its two baselines."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from contracts import make_tiny

from keras_gen.models import VAE, Autoencoder, PixelCNN
from keras_gen.random import Rows
from keras_gen.zoo.evaluation import imputation
from keras_gen.zoo.evaluation.evaluate import measure, metrics_for
from keras_gen.zoo.evaluation.protocol import Protocol
from keras_gen.zoo.evaluation.report import describe
from keras_gen.zoo.publishing.table import _masks_table


def halves(num, seed):
    """Images with a white left half or a white right half, by chance."""
    side = Rows(num, seed).uniform((), "side").numpy() < 0.5
    columns = np.arange(8) < 4
    white = columns == side[:, None]
    return np.repeat(white[:, None], 8, axis=1)[..., None].astype("f4")


def recipe():
    def data(split, training=True):
        x = halves(200, split == "test")
        return tf.data.Dataset.from_tensor_slices(x).batch(50)

    return SimpleNamespace(name="halves", binarization="static", data=data)


def measured(model, monkeypatch, num_images=200):
    monkeypatch.setattr(imputation, "_NUM_CHAINS", 1)
    model.imputation_steps, model.compiled_sampling = 2, False
    protocol = Protocol(num_images=num_images, num_training_images=200)
    return measure(model, recipe(), ["imputation"], protocol)["imputation"]


def test_neighbours_know_what_the_known_half_tells_and_means_do_not(monkeypatch):
    found = measured(make_tiny(VAE), monkeypatch)
    assert set(found["masks"]) == set(imputation.MISSING)
    for losses in found["masks"].values():
        # A fair coin for each pixel, against five of five neighbours: 6/7.
        assert losses["marginal_means"]["value"] == pytest.approx(np.log(2), abs=0.05)
        assert losses["nearest_neighbours"]["value"] == pytest.approx(np.log(7 / 6))
    value = found["masks"]["lower_half"]["metropolis"]["value"]
    assert found["value"] == value
    lines = describe(found).splitlines()
    assert len(lines) == 5
    assert "marginal means 0.6" in lines[1]
    table = _masks_table(found)
    assert table.startswith("| missing | metropolis | pseudo-gibbs | marginal means |")
    assert "5 of them" in table


def test_the_loss_is_that_of_missing_pixels_alone():
    x, known = halves(3, 0), np.zeros((3, 8, 8, 1), bool)
    known[:, :4] = True
    chances = np.where(known, 0.0, 0.75)
    white = x[:, 4:].mean()
    expected = -white * np.log(0.75) - (1 - white) * np.log(0.25)
    found = imputation._loss(x, known, chances)
    assert found["value"] == pytest.approx(expected)


def test_sites_in_raster_order_have_the_lower_half_alone(monkeypatch):
    found = measured(make_tiny(PixelCNN), monkeypatch)
    assert list(found["masks"]) == ["lower_half"]
    assert list(found["masks"]["lower_half"])[0] == "exact"


def test_it_applies_to_black_and_white_images_that_can_be_filled_in():
    assert "imputation" in metrics_for(make_tiny(VAE), recipe())
    assert "imputation" not in metrics_for(make_tiny(Autoencoder), recipe())
    grey = recipe()
    del grey.binarization
    assert "imputation" not in metrics_for(make_tiny(VAE), grey)
