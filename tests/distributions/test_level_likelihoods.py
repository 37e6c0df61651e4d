import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.distributions import (
    BernoulliLikelihood,
    CategoricalLikelihood,
    DiscretizedLogisticLikelihood,
    LogisticMixtureLikelihood,
)
from keras_gen.random import Rows

LIKELIHOODS = [
    BernoulliLikelihood(),
    CategoricalLikelihood(2),
    CategoricalLikelihood(7),
    DiscretizedLogisticLikelihood(7),
    LogisticMixtureLikelihood(3, 7),
]
IDS = ["bernoulli", "two levels", "seven levels", "logistic", "logistic mixture"]


def parameters_of(likelihood, num=5):
    return 2 * Rows(num, 0).normal((3, likelihood.parameters_per_value), "parameters")


def probabilities(likelihood, parameters):
    """Of every level, float64 of shape `(..., num_levels)`."""
    shape = tuple(parameters.shape[:-1])
    log_probs = [
        likelihood.log_prob(parameters, tf.fill(shape, level))
        for level in range(likelihood.num_levels)
    ]
    return np.exp(np.stack(log_probs, axis=-1).astype("f8"))


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=IDS)
def test_probabilities_sum_to_one_and_to_the_cumulative(likelihood):
    parameters = parameters_of(likelihood)
    found = probabilities(likelihood, parameters)
    np.testing.assert_allclose(found.sum(axis=-1), 1, atol=1e-6)
    steps = np.cumsum(found, axis=-1)[..., :-1]
    np.testing.assert_allclose(likelihood.cumulative(parameters), steps, atol=1e-6)
    expected = (found * np.arange(likelihood.num_levels)).sum(axis=-1)
    np.testing.assert_allclose(likelihood.mean(parameters), expected, atol=1e-5)


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=IDS)
def test_quantiles_of_uniforms_are_distributed_so(likelihood):
    parameters = tf.repeat(parameters_of(likelihood, 1), 20_000, axis=0)
    uniform = Rows(20_000, 1).uniform((3,), "uniform")
    levels = likelihood.quantile(parameters, uniform).numpy()
    assert levels.dtype == np.int32
    expected = probabilities(likelihood, parameters[:1])[0]
    for level in range(likelihood.num_levels):
        share = (levels == level).mean(axis=0)
        np.testing.assert_allclose(share, expected[:, level], atol=0.015)


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=IDS)
def test_temperature_takes_probabilities_to_a_power(likelihood):
    parameters = parameters_of(likelihood)
    temperature = tf.constant([[0.5], [2.0], [1.0], [0.1], [10.0]])
    powers = probabilities(likelihood, parameters) ** (
        1 / temperature.numpy()[..., None]
    )
    expected = np.cumsum(powers / powers.sum(axis=-1, keepdims=True), axis=-1)
    found = likelihood.cumulative(parameters, temperature)
    np.testing.assert_allclose(found, expected[..., :-1], atol=1e-5)


@pytest.mark.parametrize("likelihood", LIKELIHOODS[:3], ids=IDS[:3])
def test_mixtures_are_means_of_probabilities(likelihood):
    parameters = parameters_of(likelihood)
    mixed = likelihood.mixture(parameters)
    np.testing.assert_allclose(
        probabilities(likelihood, mixed),
        probabilities(likelihood, parameters).mean(axis=0),
        atol=1e-6,
    )


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=IDS)
def test_extreme_parameters_stay_finite(likelihood):
    parameters = 1e4 * parameters_of(likelihood)
    uniform = tf.fill((5, 3), np.float32(1 - 2**-23))
    levels = likelihood.quantile(parameters, uniform, 0.1)
    assert set(np.unique(levels)) <= set(range(likelihood.num_levels))
    assert np.isfinite(likelihood.log_prob(parameters, levels)).all()


@pytest.mark.parametrize("temperature", [1e-3, 1e-37, np.finfo(np.float32).tiny])
@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=IDS)
def test_a_small_temperature_leaves_the_likeliest_level(likelihood, temperature):
    parameters = 100 * parameters_of(likelihood, 50)
    found = probabilities(likelihood, parameters)
    uniform = Rows(50, 1).uniform((3,), "uniform")
    levels = likelihood.quantile(parameters, uniform, np.float32(temperature))
    second, first = np.moveaxis(np.sort(found, axis=-1)[..., -2:], -1, 0)
    is_clear = first > 1.1 * second
    assert is_clear.mean() > 0.5
    likeliest = found.argmax(axis=-1)
    np.testing.assert_array_equal(levels[is_clear], likeliest[is_clear])


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=IDS)
def test_config_round_trips(likelihood):
    config = keras.saving.serialize_keras_object(likelihood)
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(likelihood)
    assert again.num_levels == likelihood.num_levels


def test_one_level_is_refused():
    for kind in (
        CategoricalLikelihood,
        DiscretizedLogisticLikelihood,
        LogisticMixtureLikelihood,
    ):
        with pytest.raises(ValueError, match="`num_levels`.*1"):
            kind(num_levels=1)
