import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.distributions import BernoulliSites, CategoricalSites
from keras_gen.random import Rows

SITES = [BernoulliSites(), CategoricalSites(2), CategoricalSites(7)]
IDS = ["bernoulli", "two levels", "seven levels"]


def parameters_of(sites, num=5):
    return 2 * Rows(num, 0).normal((3, sites.parameters_per_site), "parameters")


def probabilities(sites, parameters):
    """Of every level, float64 of shape `(..., num_levels)`."""
    levels = np.arange(sites.num_levels) / (sites.num_levels - 1)
    shape = tuple(parameters.shape[:-1])
    return np.exp(
        np.stack(
            [
                sites.log_prob(parameters, tf.fill(shape, np.float32(level)))
                for level in levels
            ],
            axis=-1,
        ).astype("f8")
    )


@pytest.mark.parametrize("sites", SITES, ids=IDS)
def test_probabilities_sum_to_one_and_to_the_cumulative(sites):
    parameters = parameters_of(sites)
    found = probabilities(sites, parameters)
    np.testing.assert_allclose(found.sum(axis=-1), 1, atol=1e-6)
    steps = np.cumsum(found, axis=-1)[..., :-1]
    np.testing.assert_allclose(sites.cumulative(parameters), steps, atol=1e-6)
    levels = np.arange(sites.num_levels) / (sites.num_levels - 1)
    np.testing.assert_allclose(
        sites.mean(parameters), (found * levels).sum(axis=-1), atol=1e-6
    )


@pytest.mark.parametrize("sites", SITES, ids=IDS)
def test_quantiles_of_uniforms_are_distributed_so(sites):
    parameters = tf.repeat(parameters_of(sites, 1), 20_000, axis=0)
    uniform = Rows(20_000, 1).uniform((3,), "uniform")
    values = sites.quantile(parameters, uniform).numpy()
    sites.check_levels(values)
    expected = probabilities(sites, parameters[:1])[0]
    for level in range(sites.num_levels):
        share = np.isclose(values * (sites.num_levels - 1), level).mean(axis=0)
        np.testing.assert_allclose(share, expected[:, level], atol=0.015)


@pytest.mark.parametrize("sites", SITES, ids=IDS)
def test_temperature_takes_probabilities_to_a_power(sites):
    parameters = parameters_of(sites)
    temperature = tf.constant([[0.5], [2.0], [1.0], [0.1], [10.0]])
    powers = probabilities(sites, parameters) ** (1 / temperature.numpy()[..., None])
    expected = np.cumsum(powers / powers.sum(axis=-1, keepdims=True), axis=-1)
    found = sites.cumulative(parameters, temperature)
    np.testing.assert_allclose(found, expected[..., :-1], atol=1e-5)


@pytest.mark.parametrize("sites", SITES, ids=IDS)
def test_mixtures_are_means_of_probabilities(sites):
    parameters = parameters_of(sites)
    mixed = sites.mixture(parameters)
    np.testing.assert_allclose(
        probabilities(sites, mixed),
        probabilities(sites, parameters).mean(axis=0),
        atol=1e-6,
    )


@pytest.mark.parametrize("sites", SITES, ids=IDS)
def test_extreme_parameters_stay_finite(sites):
    parameters = 1e4 * parameters_of(sites)
    values = sites.quantile(parameters, tf.fill((5, 3), np.float32(1 - 2**-23)), 0.1)
    sites.check_levels(values)
    assert np.isfinite(sites.log_prob(parameters, values)).all()


@pytest.mark.parametrize("temperature", [1e-3, 1e-37, np.finfo(np.float32).tiny])
@pytest.mark.parametrize("sites", SITES, ids=IDS)
def test_a_small_temperature_leaves_the_likeliest_level(sites, temperature):
    parameters = 100 * parameters_of(sites, 50)
    likeliest = probabilities(sites, parameters).argmax(axis=-1)
    uniform = Rows(50, 1).uniform((3,), "uniform")
    values = sites.quantile(parameters, uniform, np.float32(temperature)).numpy()
    np.testing.assert_allclose(values * (sites.num_levels - 1), likeliest, atol=1e-5)


@pytest.mark.parametrize("sites", SITES, ids=IDS)
def test_config_round_trips(sites):
    config = keras.saving.serialize_keras_object(sites)
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(sites)
    assert again.num_levels == sites.num_levels


def test_values_between_levels_are_refused():
    with pytest.raises(ValueError, match="`x` must hold 0 or 1 for .*0.25"):
        BernoulliSites().check_levels(np.array([0.0, 1.0, 0.25]))
    levels = np.arange(256) / np.float32(255)
    CategoricalSites().check_levels(levels)
    with pytest.raises(ValueError, match="multiples of 1/255.*0.501"):
        CategoricalSites().check_levels(np.array([0.0, 1.0, 0.501]))
    with pytest.raises(ValueError, match="`num_levels`"):
        CategoricalSites(1)
