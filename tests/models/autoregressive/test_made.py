import itertools

import numpy as np
import pytest
import tensorflow as tf
from contracts import (
    AutoregressiveContract,
    check_one_pass_gives_samples_back,
    check_reference_agrees,
    influence_of_sites,
    total_probability,
    unsettle,
)

from keras_gen.distributions import BernoulliSites, CategoricalSites
from keras_gen.models import MADE
from keras_gen.models.autoregressive.degrees import draw_degrees, units_by_degree
from keras_gen.models.base import Batch
from keras_gen.random import Rows


def tiny(image_shape=(8, 8, 1), site_distribution=None, seed=0, **options):
    options = {"hidden_units": (40, 30)} | options
    sites = site_distribution or BernoulliSites()
    return MADE(image_shape, sites, seed=seed, name="tiny", **options)


class TestContract(AutoregressiveContract):
    model_class = MADE

    def make(self, seed=0):
        return tiny(seed=seed, num_masks=3, direct_connections=True)


@pytest.mark.parametrize("hidden_units", [(), (20,), (20, 15, 10)])
def test_samples_of_colors_are_exact(hidden_units):
    model = tiny((4, 5, 3), CategoricalSites(4), hidden_units=hidden_units)
    unsettle(model)
    check_one_pass_gives_samples_back(model, 3, temperature=0.7)
    check_reference_agrees(model, 3)


def test_no_path_leads_from_a_site_to_itself_or_to_an_earlier_one():
    model = tiny((2, 3, 1), CategoricalSites(3), hidden_units=(7, 5), num_masks=4)
    for mask in range(4):
        layers = [np.array(layer) for layer in model.connections(mask)]
        sizes = [layer.shape[0] for layer in layers]
        assert sizes == [6, 7, 5]
        for path in itertools.product(*(range(n) for n in (6, 7, 5, 6))):
            source, first, second, target = path
            outputs = layers[2][second, 3 * target : 3 * target + 3]
            if layers[0][source, first] and layers[1][first, second] and outputs.any():
                assert source < target
    # Masks are drawn, and the same again from the same seed.
    first, second = model.connections(0), model.connections(1)
    assert not np.array_equal(first[0], second[0])
    again = tiny((2, 3, 1), CategoricalSites(3), hidden_units=(7, 5), num_masks=4)
    np.testing.assert_array_equal(again.connections(1)[1], second[1])


def test_degrees_are_uniform_from_the_least_before():
    model = tiny((3, 3, 1), hidden_units=(4000, 4000))
    for degrees in model.degrees[1:]:
        found = np.bincount(degrees[0], minlength=9)
        np.testing.assert_allclose(found[1:] / 4000, 1 / 8, atol=0.02)
        assert found[0] == 0


def test_units_are_found_by_their_degree():
    (_, degrees) = draw_degrees((20,), num_sites=6, num_masks=3, seed=1)
    table = units_by_degree(degrees, 6)
    for degree in range(6):
        for mask in range(3):
            assert (table[degree, mask, :, 0] == mask).all()
            units = table[degree, mask, :, 1]
            found = np.flatnonzero(degrees[mask] == degree)
            np.testing.assert_array_equal(units[: len(found)], found)
            assert len(set(units)) == len(units)


@pytest.mark.parametrize(
    "options",
    [{"hidden_units": (400,)}, {"hidden_units": ()}, {"direct_connections": True}],
)
def test_every_earlier_site_is_seen(options):
    model = tiny((4, 3, 1), **options)
    unsettle(model)
    influence = influence_of_sites(model, num_images=16)
    np.testing.assert_array_equal(influence > 0, np.tri(12, k=-1) > 0)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"hidden_units": ()},
        {"num_masks": 3},
        {"hidden_units": (20,), "direct_connections": True, "num_masks": 2},
    ],
)
def test_probabilities_of_all_images_sum_to_one(options):
    model = tiny((3, 3, 1), **options)
    unsettle(model)
    assert total_probability(model) == pytest.approx(1, abs=1e-5)


def test_without_hidden_layers_each_site_is_a_logistic_regression():
    model = tiny((2, 2, 1), hidden_units=())
    unsettle(model)
    images = Rows(3, 0).uniform((2, 2, 1), "images").numpy() < 0.5
    flat = images.reshape(3, 4).astype("f4")
    kernel, bias = (np.array(weight) for weight in model.outputs_layer.weights)
    expected = flat @ (kernel * np.tri(4, k=-1).T) + bias
    found = model.site_parameters(tf.constant(images, tf.float32))
    np.testing.assert_allclose(np.reshape(found, (3, 4)), expected, atol=1e-6)


def test_training_takes_the_masks_in_turn_and_evaluation_their_mean():
    model = tiny((3, 3, 1), num_masks=2)
    unsettle(model)
    images = tf.cast(Rows(3, 0).uniform((3, 3, 1), "images") < 0.5, tf.float32)
    white = [
        tf.sigmoid(model.training_parameters(Batch(images, Rows(3, 0, step=step))))
        for step in range(4)
    ]
    np.testing.assert_array_equal(white[0], white[2])
    np.testing.assert_array_equal(white[1], white[3])
    assert not np.allclose(white[0], white[1])
    found = tf.sigmoid(model.site_parameters(images))
    np.testing.assert_allclose(found, (white[0] + white[1]) / 2, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_units": (0,)}, "`hidden_units`"),
        ({"num_masks": 0}, "`num_masks`"),
        ({"hidden_units": (), "num_masks": 2}, "`num_masks` must be 1 without"),
        ({"image_shape": (1, 1, 1)}, "at least two sites"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)
