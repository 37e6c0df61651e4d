import numpy as np
import pytest
import tensorflow as tf

from keras_gen.distributions.gamma_functions import (
    digamma,
    log_gamma,
    log_gamma_sample,
)
from keras_gen.random import Rows

NUMBERS = np.concatenate([np.geomspace(1e-4, 1e5, 200), [0.5, 1.0, 2.0]])


def test_they_are_those_of_tensorflow():
    exact = tf.constant(NUMBERS, tf.float64)
    x = tf.constant(NUMBERS, tf.float32)
    np.testing.assert_allclose(digamma(x), tf.math.digamma(exact), rtol=2e-6, atol=2e-6)
    size = np.maximum(NUMBERS * np.abs(np.log(NUMBERS)), 10.0)
    error = np.abs(np.array(log_gamma(x)) - tf.math.lgamma(exact).numpy())
    assert np.all(error < 1e-6 * size)


@pytest.mark.parametrize("shape", [0.2, 3.0])
def test_draws_have_the_moments_of_the_distribution(shape):
    rows = Rows(4000, 0)
    normal, uniform = rows.normal((2, 8), "a"), rows.uniform((2, 8), "b")
    logs = log_gamma_sample(shape, normal, uniform, rows.uniform((2,), "c"))
    draws = np.exp(np.array(logs, np.float64))
    assert draws.mean() == pytest.approx(shape, rel=0.04)
    assert draws.var() == pytest.approx(shape, rel=0.1)
    third = np.mean((draws - shape) ** 3)
    assert third == pytest.approx(2 * shape, rel=0.3)
    expected = float(tf.math.digamma(shape))
    assert np.mean(logs) == pytest.approx(expected, abs=0.2)
