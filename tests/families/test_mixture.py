import keras
import numpy as np
import pytest
from contracts import SamplerContract
from families.mixture import Mixture

from keras_gen.random import Rows

START = [[0.0, 1.0], [1.0, 0.0], [-1.0, -1.0]]


class TestContract(SamplerContract):
    model_class = Mixture
    coupled_terms = ("loss",)

    def make(self, seed=0):
        return Mixture(START, seed=seed, name="tiny")


def data(num=60):
    centres = np.array([[2.0, 0.0], [-2.0, 1.0], [0.0, -3.0]])[np.arange(num) % 3]
    noise = np.array(Rows(num, 0).normal((2,), "data"))
    return (centres + noise).astype("float32")


def exact_step(weights, means, x):
    """Expectation and maximization in float64."""
    joint = np.log(weights) - 0.5 * ((x[:, None] - means) ** 2).sum(axis=-1)
    share = np.exp(joint - joint.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    return share.mean(axis=0), share.T @ x / share.sum(axis=0)[:, None]


def test_a_step_on_all_data_is_exact_expectation_maximization():
    model, x = Mixture(START), data()
    model.compile(run_eagerly=True)
    weights, means = np.full(3, 1 / 3), np.array(START)
    for _ in range(5):
        model.fit(x, batch_size=len(x), verbose=0)
        weights, means = exact_step(weights, means, x.astype("float64"))
        statistics = np.array(model.statistics, np.float64)
        np.testing.assert_allclose(statistics[:, 0], weights, atol=2e-6)
        found = statistics[:, 1:] / statistics[:, :1]
        np.testing.assert_allclose(found, means, atol=2e-5)


def test_the_likelihood_never_falls():
    model, x = Mixture(START), data()
    model.compile(run_eagerly=True)
    found = [model.log_prob(x).mean()]
    for _ in range(8):
        model.fit(x, batch_size=len(x), verbose=0)
        found.append(model.log_prob(x).mean())
    rise = np.diff(found)
    assert (rise > -1e-6).all()
    assert rise[0] > 0.1


def test_a_smaller_rate_is_stepwise_and_weights_sum_to_one():
    model, x = Mixture(START), data()
    model.compile(keras.optimizers.SGD(0.3), run_eagerly=True)
    before = np.array(model.statistics)
    model.fit(x, batch_size=20, verbose=0)
    assert not np.allclose(before, model.statistics)
    assert float(np.sum(model.statistics[:, 0])) == pytest.approx(1.0, abs=1e-5)


def test_samples_have_the_moments_of_the_mixture():
    samples = Mixture(START).sample(20_000, seed=0)
    np.testing.assert_allclose(samples.mean(axis=0), [0.0, 0.0], atol=0.04)
    expected = 1.0 + np.var(START, axis=0)
    np.testing.assert_allclose(samples.var(axis=0), expected, atol=0.06)
