"""Tests of the logistic distribution on levels."""

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from keras_gen.distributions import DiscretizedLogistic

CASES = pytest.mark.parametrize(
    ("location", "scale"),
    [
        (0.5, 0.1),
        (0.502, 1e-3),
        (0.5, 1e-5),
        (0.3, 10.0),
        (0.0, 0.05),
        (1.0, 0.05),
        (-4.0, 0.5),
        (5.0, 1.0),
        (-30.0, 0.1),
        (30.0, 0.1),
    ],
)


def levels(num_levels):
    return np.arange(num_levels) / (num_levels - 1)


def sigmoid(x):
    return np.where(x < 0, np.exp(np.minimum(x, 0)), 1) / (1 + np.exp(-np.abs(x)))


def exact(location, scale, num_levels):
    """Probabilities of all levels, as differences of sigmoids in float64."""
    edges = levels(num_levels)[:-1] + 0.5 / (num_levels - 1)
    at = (edges - location) / scale
    # The upper half by survival probabilities, which keep their digits there.
    below = np.concatenate([[0], sigmoid(at), [1]])
    above = np.concatenate([[1], sigmoid(-at), [0]])
    return np.where(below[1:] < 0.5, below[1:] - below[:-1], above[:-1] - above[1:])


@CASES
@pytest.mark.parametrize("num_levels", [2, 5, 256])
def test_probabilities_of_all_levels_sum_to_one(location, scale, num_levels):
    distribution = DiscretizedLogistic(location, scale, num_levels)
    log_prob = distribution.log_prob(levels(num_levels)).numpy().astype(np.float64)
    assert np.isfinite(log_prob).all()
    assert log_prob.max() <= 0
    assert np.exp(log_prob).sum() == pytest.approx(1, abs=2e-4)


@pytest.mark.parametrize(
    ("location", "scale"),
    [(0.5, 0.1), (0.25, 0.02), (0.5, 10.0), (0.0, 0.05), (1.0, 0.05), (-1.0, 0.5)],
)
@pytest.mark.parametrize("num_levels", [2, 16, 256])
def test_probabilities_are_differences_of_sigmoids(location, scale, num_levels):
    probabilities = exact(location, scale, num_levels)
    assert probabilities.sum() == pytest.approx(1)
    log_prob = DiscretizedLogistic(location, scale, num_levels).log_prob(
        levels(num_levels)
    )
    np.testing.assert_allclose(log_prob, np.log(probabilities), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("location", "scale"), [(0.1, 1e-3), (8.0, 0.01), (0.5, 1e4)])
def test_gradients_are_finite_far_in_the_tail(location, scale):
    location = tf.fill((256,), location)
    log_scale = tf.fill((256,), np.log(scale).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch([location, log_scale])
        distribution = DiscretizedLogistic(location, tf.exp(log_scale))
        log_prob = distribution.log_prob(levels(256))
    for gradient in tape.gradient(log_prob, [location, log_scale]):
        assert np.isfinite(gradient).all()
    assert np.isfinite(log_prob).all()


def test_the_gradient_in_the_tail_pulls_towards_the_value():
    location = tf.constant([-3.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(location)
        log_prob = DiscretizedLogistic(location, 0.01).log_prob([0.5, 0.5])
    gradient = tape.gradient(log_prob, location).numpy()
    np.testing.assert_allclose(gradient, [100, -100], rtol=1e-3)


@CASES
def test_the_mean_is_within_half_a_level(location, scale):
    expected = (exact(location, scale, 256) * levels(256)).sum()
    mean = DiscretizedLogistic(location, scale).mean()
    assert float(mean) == pytest.approx(expected, abs=0.5 / 255 + 1e-6)


@pytest.mark.parametrize(("location", "scale"), [(0.4, 0.1), (-0.1, 0.3), (0.5, 5.0)])
def test_samples_have_the_probabilities(location, scale):
    count = 20_000
    distribution = DiscretizedLogistic(location, scale, num_levels=5)
    sample = distribution.sample(count, seed=(0, 1)).numpy()
    index = np.rint(sample * 4).astype(int)
    np.testing.assert_allclose(sample, index / 4, atol=1e-6)
    expected = exact(location, scale, 5)
    error = np.sqrt(expected * (1 - expected) / count)
    shares = np.bincount(index, minlength=5) / count
    assert (np.abs(shares - expected) <= 4.5 * error).all()


def test_samples_are_levels_of_full_probability():
    distribution = DiscretizedLogistic(tf.constant([0.3, 2.0]), 0.2)
    sample = distribution.sample(500, seed=(0, 1))
    rounded = np.rint(sample.numpy() * 255) / 255
    np.testing.assert_allclose(
        distribution.log_prob(sample), distribution.log_prob(rounded), rtol=1e-4
    )


def test_shapes_broadcast():
    distribution = DiscretizedLogistic(tf.zeros((3, 1)), tf.ones((2,)))
    assert distribution.batch_shape == (3, 2)
    assert distribution.event_shape == ()
    assert distribution.batch_shape_tensor().numpy().tolist() == [3, 2]
    assert distribution.log_prob(0.5).shape == (3, 2)
    assert distribution.mean().shape == (3, 2)
    assert distribution.sample(4, seed=(0, 1)).shape == (4, 3, 2)


@pytest.mark.parametrize("num_levels", [1, 0, 2.5, True])
def test_bad_levels_are_named(num_levels):
    with pytest.raises(ValueError, match=f"`num_levels`.*{num_levels}"):
        DiscretizedLogistic(0.5, 1.0, num_levels)


def test_the_mean_stays_finite_in_tensorflow_lite():
    mean = tf.function(lambda x: DiscretizedLogistic(x, 0.01 * tf.ones(4)).mean())
    function = mean.get_concrete_function(tf.TensorSpec((4,), tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
    interpreter = Interpreter(model_content=converter.convert())
    interpreter.allocate_tensors()
    locations = np.array([-3.0, 0.0, 0.5, 3.0], np.float32)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], locations)
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(found, mean(locations), atol=1e-6)
    np.testing.assert_allclose(found[[0, 2, 3]], [0.0, 0.5, 1.0], atol=1e-6)
