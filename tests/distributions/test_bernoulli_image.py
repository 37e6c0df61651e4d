"""Tests of black and white images."""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from keras_gen.distributions import BernoulliImage

tfd = tfp.distributions

SHAPES = [(1, 1, 1), (3, 3, 1), (8, 8, 1), (5, 13, 1), (28, 28, 1), (9, 7, 3)]


def normal(*shape, scale=3.0):
    random = np.random.default_rng(0)
    return tf.constant(random.normal(size=shape) * scale, tf.float32)


def pixels(*shape):
    random = np.random.default_rng(1)
    return tf.constant(random.integers(0, 2, shape), tf.float32)


def reference(logits):
    return tfd.Independent(tfd.Bernoulli(logits=logits, dtype=tf.float32), 3)


def value_and_gradients(distribution, value, logits):
    with tf.GradientTape() as tape:
        tape.watch([value, logits])
        log_prob = distribution(logits).log_prob(value)
        # Weighted, so that the gradient sees which image each share belongs to.
        weights = tf.range(1.0, log_prob.shape.num_elements() + 1.0)
        total = tf.tensordot(tf.reshape(log_prob, [-1]), weights, 1)
    return log_prob, *tape.gradient(total, [value, logits])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("jit_compile", [False, True])
def test_it_is_independent_bernoulli_pixels(shape, jit_compile):
    logits, value = normal(4, *shape), pixels(4, *shape)
    ours, expected = (
        tf.function(value_and_gradients, jit_compile=jit_compile)(kind, value, logits)
        for kind in (BernoulliImage, reference)
    )
    for some, others in zip(ours, expected, strict=True):
        assert some.shape == others.shape
        np.testing.assert_allclose(some, others, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("scale", [-80.0, 80.0])
def test_extreme_logits_keep_exact_values_and_gradients(scale):
    logits = tf.fill((2, 9, 9, 1), scale)
    value = tf.concat([tf.zeros((1, 9, 9, 1)), tf.ones((1, 9, 9, 1))], axis=0)
    log_prob, of_value, of_logits = value_and_gradients(BernoulliImage, value, logits)
    wrong = -80.0 * 81
    expected = [0.0, wrong] if scale < 0 else [wrong, 0.0]
    np.testing.assert_allclose(log_prob, expected, rtol=1e-6, atol=1e-6)
    for ours, theirs in zip(
        (of_value, of_logits),
        value_and_gradients(reference, value, logits)[1:],
        strict=True,
    ):
        assert np.isfinite(ours).all()
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)


def test_probabilities_of_all_images_sum_to_one():
    images = np.array(list(itertools.product([0, 1], repeat=9)), np.float32)
    images = images.reshape(-1, 1, 3, 3, 1)
    log_prob = BernoulliImage(normal(2, 3, 3, 1)).log_prob(images)
    assert log_prob.shape == (512, 2)
    np.testing.assert_allclose(tf.reduce_sum(tf.exp(log_prob), 0), 1, rtol=1e-5)


def test_values_and_logits_broadcast():
    logits, value = normal(5, 1, 3, 3, 1), pixels(4, 3, 3, 1)
    for some, others in zip(
        value_and_gradients(BernoulliImage, value, logits),
        value_and_gradients(reference, value, logits),
        strict=True,
    ):
        assert some.shape == others.shape
        np.testing.assert_allclose(some, others, rtol=1e-5, atol=1e-5)


def test_the_batch_may_be_unknown_while_tracing():
    @tf.function(input_signature=[tf.TensorSpec((None, 3, 3, 1), tf.float32)] * 2)
    def log_prob(value, logits):
        return BernoulliImage(logits).log_prob(value)

    logits, value = normal(4, 3, 3, 1), pixels(4, 3, 3, 1)
    np.testing.assert_allclose(
        log_prob(value, logits), reference(logits).log_prob(value), rtol=1e-5
    )


def test_shapes_mean_and_mode_are_those_of_the_reference():
    logits = tf.concat([normal(4, 3, 5, 1), tf.zeros((1, 3, 5, 1))], axis=0)
    ours, theirs = BernoulliImage(logits), reference(logits)
    assert ours.batch_shape == theirs.batch_shape == (5,)
    assert ours.event_shape == theirs.event_shape == (3, 5, 1)
    assert ours.batch_shape_tensor().numpy().tolist() == [5]
    assert ours.event_shape_tensor().numpy().tolist() == [3, 5, 1]
    np.testing.assert_allclose(ours.mean(), theirs.mean(), rtol=1e-6)
    np.testing.assert_array_equal(ours.mode(), theirs.mode())
    assert ours.mode().dtype == tf.float32


def test_samples_are_white_with_the_mean():
    distribution = BernoulliImage(normal(2, 4, 4, 1))
    sample = distribution.sample(4000, seed=(0, 1)).numpy()
    assert sample.shape == (4000, 2, 4, 4, 1)
    assert sample.dtype == np.float32
    assert set(np.unique(sample)) == {0, 1}
    mean = distribution.mean().numpy()
    error = np.sqrt(mean * (1 - mean) / 4000)
    assert (np.abs(sample.mean(axis=0) - mean) <= 4.5 * error + 1e-9).all()
    np.testing.assert_array_equal(distribution.sample(4000, seed=(0, 1)), sample)
    assert not np.array_equal(distribution.sample(4000, seed=(0, 2)), sample)


def test_a_pixel_of_logit_zero_costs_one_bit():
    log_prob = BernoulliImage(tf.zeros((1, 28, 28, 1))).log_prob(pixels(1, 28, 28, 1))
    assert float(log_prob[0]) == pytest.approx(-784 * math.log(2), rel=1e-6)
