"""Tests of distributions of images given the outputs of a decoder."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.distributions import (
    BernoulliLikelihood,
    DiscretizedLogisticLikelihood,
    GaussianLikelihood,
    LearnedGaussianLikelihood,
)

ALL = pytest.mark.parametrize(
    "likelihood",
    [
        BernoulliLikelihood(),
        GaussianLikelihood(0.5),
        LearnedGaussianLikelihood(0.05),
        DiscretizedLogisticLikelihood(),
    ],
    ids=lambda likelihood: type(likelihood).__name__,
)


def outputs_for(likelihood, channels=2):
    shape = (3, 4, 5, likelihood.parameters_per_value * channels)
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def grey(*shape):
    levels = np.random.default_rng(1).integers(0, 256, shape)
    return (levels / 255).astype(np.float32)


@ALL
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_outputs_become_a_distribution_of_images(likelihood, channels):
    distribution = likelihood(outputs_for(likelihood, channels))
    assert distribution.batch_shape == (3,)
    assert distribution.event_shape == (4, 5, channels)
    images = np.round(grey(3, 4, 5, channels))
    assert distribution.log_prob(images).shape == (3,)
    assert np.isfinite(distribution.log_prob(images)).all()
    assert distribution.mean().shape == images.shape
    assert distribution.sample(2, seed=(0, 1)).shape == (2, *images.shape)


@ALL
def test_the_parts_of_low_precision_outputs_are_float32(likelihood):
    distribution = likelihood(tf.cast(outputs_for(likelihood), tf.bfloat16))
    assert distribution.dtype == tf.float32
    assert distribution.log_prob(np.zeros((3, 4, 5, 2), np.float32)).dtype == tf.float32


@ALL
def test_each_image_depends_on_its_own_outputs(likelihood):
    outputs = outputs_for(likelihood)
    changed = outputs.copy()
    changed[1] += 1
    images = np.round(grey(3, 4, 5, 2))
    before, after = (likelihood(x).log_prob(images).numpy() for x in (outputs, changed))
    assert (before == after).tolist() == [True, False, True]


@ALL
def test_the_mean_stands_for_a_distribution(likelihood):
    distribution = likelihood(outputs_for(likelihood))
    np.testing.assert_array_equal(likelihood.center(distribution), distribution.mean())


def test_the_median_stands_for_a_discretized_logistic_distribution():
    likelihood = DiscretizedLogisticLikelihood(center_by="median")
    distribution = likelihood(outputs_for(likelihood))
    center = likelihood.center(distribution).numpy()
    median = distribution.distribution.quantile(0.5).numpy()
    np.testing.assert_allclose(center, median, atol=0.5 / 255 + 1e-6)
    assert {0.0, 1.0} <= set(center.flat)
    restored = DiscretizedLogisticLikelihood.from_config(likelihood.get_config())
    assert restored.center_by == "median"


def test_another_center_is_named():
    with pytest.raises(ValueError, match="`center_by` must be .* Received: 'mode'"):
        DiscretizedLogisticLikelihood(center_by="mode")


@ALL
def test_the_config_restores_the_distribution(likelihood):
    config = keras.saving.serialize_keras_object(likelihood)
    restored = keras.saving.deserialize_keras_object(config)
    assert type(restored) is type(likelihood)
    assert restored.get_config() == likelihood.get_config()
    outputs, images = outputs_for(likelihood), grey(3, 4, 5, 2)
    np.testing.assert_array_equal(
        restored(outputs).log_prob(images), likelihood(outputs).log_prob(images)
    )


def test_bernoulli_outputs_are_the_logits_of_white():
    distribution = BernoulliLikelihood()(np.full((1, 1, 1, 1), math.log(3), np.float32))
    white = float(distribution.prob(np.ones((1, 1, 1, 1), np.float32))[0])
    assert white == pytest.approx(0.75, rel=1e-5)


def test_a_gaussian_of_scale_half_root_is_the_squared_error_plus_a_constant():
    likelihood = GaussianLikelihood(1 / math.sqrt(2))
    outputs, images = outputs_for(likelihood), grey(3, 4, 5, 2)
    squared_error = ((images - outputs) ** 2).sum(axis=(1, 2, 3))
    constant = 0.5 * math.log(math.pi) * 4 * 5 * 2
    np.testing.assert_allclose(
        -likelihood(outputs).log_prob(images), squared_error + constant, rtol=1e-5
    )


def test_a_learned_scale_is_never_below_the_least():
    likelihood = LearnedGaussianLikelihood(least_scale=0.05)
    outputs = np.full((1, 2, 2, 2), -100, np.float32)
    outputs[..., 0] = 0.3
    distribution = likelihood(outputs)
    np.testing.assert_allclose(distribution.mean(), 0.3, rtol=1e-6)
    np.testing.assert_allclose(distribution.stddev(), 0.05, rtol=1e-6)


def test_a_learned_gaussian_reads_means_then_log_scales():
    likelihood = LearnedGaussianLikelihood(least_scale=1e-6)
    outputs = outputs_for(likelihood)
    distribution = likelihood(outputs)
    np.testing.assert_array_equal(distribution.mean(), outputs[..., :2])
    np.testing.assert_allclose(
        distribution.stddev(), np.exp(outputs[..., 2:]), rtol=1e-4
    )


def test_discretized_logistic_values_are_probabilities_of_256_levels():
    likelihood = DiscretizedLogisticLikelihood()
    outputs = outputs_for(likelihood, 1)[:1, :1, :1]
    levels = (np.arange(256) / 255).reshape(256, 1, 1, 1, 1).astype(np.float32)
    probabilities = likelihood(outputs).prob(levels)
    assert float(tf.reduce_sum(probabilities)) == pytest.approx(1, abs=1e-4)


def test_discretized_logistic_outputs_are_relative_to_mid_grey():
    outputs = np.zeros((1, 1, 2, 2), np.float32)
    outputs[0, 0, :, 0] = [0, 0.2]
    outputs[..., 1] = -3
    mean = DiscretizedLogisticLikelihood()(outputs).mean().numpy().ravel()
    np.testing.assert_allclose(mean, [0.5, 0.7], atol=1e-3)


@pytest.mark.parametrize("log_scale", [-1000.0, -20.0, 20.0])
def test_discretized_logistic_gradients_stay_finite(log_scale):
    outputs = tf.constant(np.full((1, 2, 2, 2), log_scale, np.float32))
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        log_prob = DiscretizedLogisticLikelihood()(outputs).log_prob(grey(1, 2, 2, 1))
    assert np.isfinite(log_prob).all()
    assert np.isfinite(tape.gradient(log_prob, outputs)).all()


@pytest.mark.parametrize("value", [0, -1.0, float("nan")])
def test_a_scale_that_is_not_positive_is_named(value):
    with pytest.raises(ValueError, match=f"`scale`.*{value}"):
        GaussianLikelihood(value)
    with pytest.raises(ValueError, match=f"`least_scale`.*{value}"):
        LearnedGaussianLikelihood(value)


@pytest.mark.parametrize("likelihood", [BernoulliLikelihood(), GaussianLikelihood()])
def test_outputs_of_any_rank_become_a_distribution_of_examples(likelihood):
    distribution = likelihood(np.zeros((3, 5), np.float32))
    assert distribution.batch_shape == (3,)
    assert distribution.event_shape == (5,)
    assert distribution.mean().shape == (3, 5)
