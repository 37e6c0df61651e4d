"""The mixture of logistics on levels, and its pixels of several channels."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from keras_gen.distributions import (
    DiscretizedLogistic,
    DiscretizedLogisticLikelihood,
    LogisticMixtureLikelihood,
)
from keras_gen.random import Rows

MIXTURE = LogisticMixtureLikelihood(num_components=3, num_levels=4)


def parameters_of(likelihood, *shape, scale=1.0):
    shape = (*shape, likelihood.parameters_per_value)
    return scale * Rows(1, 0).normal(shape, "parameters")[0]


def outputs_of(likelihood, num_channels, num=2, scale=1.0):
    size = likelihood.outputs_per_pixel(num_channels)
    return scale * Rows(num, 0).normal((size,), "outputs")


def all_pixels(num_levels, num_channels):
    levels = itertools.product(range(num_levels), repeat=num_channels)
    return np.array(list(levels), np.int32)


def scale_of(log_scale, num_levels):
    return np.maximum(np.exp(log_scale - 2.0), 0.125 / (num_levels - 1))


def cumulative_at(edge, location, scale):
    return 1.0 / (1.0 + np.exp(-(edge - location) / scale))


def probability_of_pixel(outputs, levels, num_components, num_levels):
    """The sum over components of eq. 3 and its following lines, in float64."""
    groups = iter(np.split(np.array(outputs, "f8"), len(outputs) // num_components))
    weights = np.exp(next(groups))
    joint = weights / weights.sum()
    values = np.array(levels) / (num_levels - 1)
    spread = (np.arange(num_components) + 0.5) / num_components
    for channel, level in enumerate(levels):
        location, scale = spread + next(groups), scale_of(next(groups), num_levels)
        for value in values[:channel]:
            location = location + np.tanh(next(groups)) * (value - 0.5)
        edges = (level + np.array([0.5, -0.5])) / (num_levels - 1)
        above, below = (cumulative_at(edge, location, scale) for edge in edges)
        above = 1.0 if level == num_levels - 1 else above
        below = 0.0 if level == 0 else below
        joint = joint * (above - below)
    return joint.sum()


@pytest.mark.parametrize("scale", [1.0, 5.0])
def test_the_probabilities_of_256_levels_sum_to_one(scale):
    likelihood = LogisticMixtureLikelihood()
    log_probs = likelihood.level_log_probs(parameters_of(likelihood, 50, scale=scale))
    total = np.exp(np.array(log_probs, "f8")).sum(axis=-1)
    np.testing.assert_allclose(total, 1.0, atol=1e-5)


def test_all_levels_at_once_have_the_probabilities_of_each():
    likelihood = LogisticMixtureLikelihood()
    parameters = parameters_of(likelihood, 20, scale=3.0)
    expected = likelihood.log_prob(parameters[:, None], tf.range(256))
    found = likelihood.level_log_probs(parameters)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_a_mixture_is_the_weighted_sum_of_discretized_logistics():
    logits, location, log_scale = np.split(np.array(parameters_of(MIXTURE)), 3)
    weights = np.array(tf.nn.softmax(logits), "f8")
    each = [
        DiscretizedLogistic(place + np.float32(point), scale_of(size, 4), 4)
        for place, point, size in zip(
            location, [1 / 6, 1 / 2, 5 / 6], log_scale, strict=True
        )
    ]
    values = np.arange(4, dtype="f4") / 3
    expected = sum(
        w * np.exp(one.log_prob(values)) for w, one in zip(weights, each, strict=True)
    )
    found = np.exp(MIXTURE.level_log_probs(parameters_of(MIXTURE)))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_one_component_is_the_discretized_logistic():
    one, plain = LogisticMixtureLikelihood(1), DiscretizedLogisticLikelihood()
    location_and_scale = parameters_of(plain, 20)
    parameters = tf.concat([tf.ones((20, 1)), location_and_scale], axis=-1)
    np.testing.assert_allclose(
        one.level_log_probs(parameters),
        plain.level_log_probs(location_and_scale),
        rtol=1e-4,
        atol=1e-4,
    )


def test_one_wide_logistic_is_uniform_between_the_edges_which_get_the_tails():
    log_probs = LogisticMixtureLikelihood(1).level_log_probs(tf.constant([0.0, 0, 8.0]))
    probabilities = np.exp(np.array(log_probs, "f8"))
    inner = probabilities[1:-1] / probabilities[1:-1].sum()
    np.testing.assert_allclose(-np.log2(inner), np.log2(254), atol=1e-4)
    np.testing.assert_allclose(probabilities[[0, -1]], 0.5, atol=1e-3)


def test_components_spread_over_the_range_have_about_eight_bits():
    likelihood = LogisticMixtureLikelihood(10)
    log_scales = tf.fill((10,), 2.0 + np.log(0.05).astype("f4"))
    parameters = tf.concat([tf.zeros(20), log_scales], axis=0)
    bits = -np.array(likelihood.level_log_probs(parameters)) / np.log(2.0)
    np.testing.assert_allclose(bits[40:-40], 8.0, atol=0.1)


@pytest.mark.parametrize("num_channels", [1, 2, 3])
def test_channels_one_by_one_have_the_probability_of_the_pixel(num_channels):
    levels = all_pixels(4, num_channels)
    for outputs in outputs_of(MIXTURE, num_channels):
        repeated = tf.repeat(outputs[None], len(levels), axis=0)
        values = levels.astype("f4") / 3
        parameters = MIXTURE.of_channels(repeated, values)
        log_probs = np.array(MIXTURE.log_prob(parameters, levels), "f8").sum(axis=-1)
        expected = [probability_of_pixel(outputs, some, 3, 4) for some in levels]
        np.testing.assert_allclose(np.exp(log_probs), expected, rtol=1e-4, atol=1e-7)
        assert np.sum(expected) == pytest.approx(1.0)


def test_a_channel_depends_on_earlier_ones_alone():
    outputs = outputs_of(MIXTURE, 3, num=5)
    values = Rows(5, 1).uniform((3,), "values")
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(values)
        parameters = MIXTURE.of_channels(outputs, values)
        channels = [tf.reduce_sum(tf.sin(parameters[:, i])) for i in range(3)]
    for channel, total in enumerate(channels):
        gradient = tape.gradient(
            total, values, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        seen = np.abs(gradient).max(axis=0) > 0
        np.testing.assert_array_equal(seen, np.arange(3) < channel)


def test_pixels_drawn_channel_by_channel_have_their_probabilities():
    num, likelihood = 20_000, LogisticMixtureLikelihood(2, 3)
    outputs = outputs_of(likelihood, 2, num=1)
    repeated = tf.repeat(outputs, num, axis=0)
    uniform = Rows(num, 3).uniform((2,), "channels")
    values = tf.zeros((num, 2))
    for channel in range(2):
        parameters = likelihood.of_channels(repeated, values)[:, channel]
        drawn = tf.cast(likelihood.quantile(parameters, uniform[:, channel]), "float32")
        values = tf.where(tf.range(2) == channel, drawn[:, None] / 2, values)
    levels = np.rint(2 * np.array(values)).astype(int)
    for some in all_pixels(3, 2):
        expected = probability_of_pixel(outputs[0], some, 2, 3)
        share = (levels == some).all(axis=-1).mean()
        error = np.sqrt(expected * (1 - expected) / num)
        assert abs(share - expected) <= 4.5 * error


def test_gradients_stay_finite_at_extreme_outputs():
    outputs = outputs_of(LogisticMixtureLikelihood(), 3, num=4, scale=1e3)
    levels = np.array([[0, 128, 255]] * 4, np.int32)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        likelihood = LogisticMixtureLikelihood()
        parameters = likelihood.of_channels(outputs, levels.astype("f4") / 255)
        log_prob = likelihood.log_prob(parameters, levels)
    assert np.isfinite(log_prob).all()
    assert np.isfinite(tape.gradient(log_prob, outputs)).all()


@pytest.mark.parametrize("num_components", [0, 1.5, True])
def test_bad_numbers_of_components_are_named(num_components):
    with pytest.raises(ValueError, match=f"`num_components`.*{num_components}"):
        LogisticMixtureLikelihood(num_components)
