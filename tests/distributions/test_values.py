"""Draws of examples with independent values, as functions of rows."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gen.distributions import (
    BernoulliLikelihood,
    DiscretizedLogisticLikelihood,
    GaussianLikelihood,
    LearnedGaussianLikelihood,
    draw,
    log_prob_of_known,
)
from keras_gen.random import Rows

KINDS = [
    (BernoulliLikelihood(), 1),
    (GaussianLikelihood(0.3), 1),
    (LearnedGaussianLikelihood(), 2),
    (DiscretizedLogisticLikelihood(5), 2),
]


@pytest.mark.parametrize(("likelihood", "parameters"), KINDS)
@pytest.mark.parametrize("shape", [(3,), (2, 2, 1)])
def test_draws_have_the_mean_and_are_a_function_of_rows(likelihood, parameters, shape):
    shape = (*shape[:-1], shape[-1] * parameters)
    outputs = tf.constant(np.random.default_rng(0).normal(size=(1, *shape)), tf.float32)
    distribution = likelihood(tf.repeat(outputs, 4000, axis=0))
    drawn = draw(distribution, Rows(4000, 1), "test").numpy()
    mean = distribution.mean().numpy()[0]
    error = drawn.std(axis=0) / np.sqrt(4000)
    # The mean on levels is exact within half a level.
    slack = 0.1 if likelihood.num_levels == 5 else 0
    assert np.all(np.abs(drawn.mean(axis=0) - mean) < 4 * error + slack)
    few = draw(likelihood(outputs), Rows(1, 1, first_row=7), "test")
    np.testing.assert_allclose(few[0], drawn[7], atol=1e-5)


def test_levels_are_drawn_with_their_probabilities():
    likelihood = DiscretizedLogisticLikelihood(4)
    outputs = tf.constant([[0.1, -0.5]])
    drawn = draw(likelihood(tf.repeat(outputs, 8000, axis=0)), Rows(8000, 0), "test")
    for level in range(4):
        chance = float(np.exp(likelihood(outputs).log_prob([[level / 3]]))[0])
        found = np.mean(np.isclose(drawn, level / 3))
        assert found == pytest.approx(chance, abs=4 * np.sqrt(chance / 8000))


@pytest.mark.parametrize(("likelihood", "parameters"), KINDS)
def test_the_log_prob_of_known_values_leaves_the_others_out(likelihood, parameters):
    outputs = Rows(2, 0).normal((2, 3, parameters), "outputs")
    distribution = likelihood(outputs)
    x = np.round(Rows(2, 0).uniform((2, 3, 1), "x").numpy())
    whole = log_prob_of_known(distribution, tf.constant(x))
    np.testing.assert_allclose(whole, distribution.log_prob(x), rtol=1e-5)
    rest = x.copy()
    x[:, 0], rest[:, 1] = np.nan, np.nan
    parts = [log_prob_of_known(distribution, tf.constant(some)) for some in (x, rest)]
    np.testing.assert_allclose(sum(parts), whole, rtol=1e-4)
