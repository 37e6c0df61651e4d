"""Top-k and nucleus sampling keep the levels that they state, and their ratios."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gen.distributions import (
    BernoulliLikelihood,
    CategoricalLikelihood,
    DiscretizedLogisticLikelihood,
    LogisticMixtureLikelihood,
    most_probable,
)
from keras_gen.random import Rows

LIKELIHOODS = [
    BernoulliLikelihood(),
    CategoricalLikelihood(7),
    DiscretizedLogisticLikelihood(7),
    LogisticMixtureLikelihood(3, 7),
]


def probabilities(num=200, levels=7):
    logits = 2.0 * Rows(num, 0).normal((levels,), "logits").numpy()
    return np.array(tf.nn.softmax(logits))


@pytest.mark.parametrize("top_k", [1, 3, 7, 9])
def test_as_many_levels_are_left_as_top_k_says(top_k):
    chances = probabilities()
    kept = most_probable(np.log(chances), top_k=top_k).numpy()
    assert (kept.sum(axis=-1) == min(top_k, 7)).all()
    least = np.where(kept, chances, 1.0).min(axis=-1)
    assert (np.where(kept, 0.0, chances).max(axis=-1) <= least).all()


@pytest.mark.parametrize("top_p", [1e-6, 0.5, 0.9, 0.999])
def test_the_nucleus_is_the_smallest_set_of_at_least_its_mass(top_p):
    chances = probabilities()
    kept = most_probable(np.log(chances), top_p=top_p).numpy()
    mass = np.where(kept, chances, 0.0).sum(axis=-1)
    least = np.where(kept, chances, np.inf).min(axis=-1)
    assert (mass >= top_p - 1e-6).all()
    # Without its least probable level it has too little.
    assert (mass - least < top_p + 1e-6).all()
    assert (np.where(kept, 0.0, chances).max(axis=-1) <= least).all()


def test_of_equal_levels_the_lower_ones_are_left():
    equal = tf.fill((4,), np.log(0.25).astype("f"))
    assert most_probable(equal, top_k=2).numpy().tolist() == [True, True, False, False]
    assert most_probable(equal, top_p=0.75).numpy().tolist() == [True] * 3 + [False]


def test_limits_may_differ_between_examples_and_both_hold():
    log_probs = tf.math.log([[0.5, 0.3, 0.2]] * 3)
    kept = most_probable(log_probs, top_k=[1, 2, 3], top_p=[0.9, 0.4, 0.7])
    assert kept.numpy().tolist() == [[True, False, False]] * 2 + [[True, True, False]]


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=lambda n: type(n).__name__)
@pytest.mark.parametrize("options", [{"top_k": 2}, {"top_p": 0.7}])
def test_what_is_left_is_drawn_in_its_ratios(likelihood, options):
    shape = (likelihood.parameters_per_value,)
    parameters = Rows(1, 3).normal(shape, "parameters")
    uniform = (tf.range(20_000, dtype="float32") + 0.5) / 20_000
    many = tf.repeat(parameters, 20_000, axis=0)
    levels = likelihood.quantile(many, uniform, 0.8, **options).numpy()
    log_probs = tf.nn.log_softmax(likelihood.level_log_probs(parameters) / 0.8)[0]
    expected = np.where(most_probable(log_probs, **options), np.exp(log_probs), 0.0)
    expected /= expected.sum()
    found = np.bincount(levels, minlength=likelihood.num_levels) / 20_000
    np.testing.assert_allclose(found, expected, atol=2e-4)
    assert (found[expected == 0] == 0).all()


def test_the_greatest_number_does_not_pass_the_last_level_that_is_left():
    likelihood = CategoricalLikelihood(64)
    parameters = Rows(500, 0).normal((64,), "parameters")
    uniform = tf.fill((500,), np.float32(1 - 2**-24))
    levels = likelihood.quantile(parameters, uniform, top_k=40).numpy()
    log_probs = tf.nn.log_softmax(parameters)
    kept = most_probable(log_probs, top_k=40).numpy()
    assert kept[np.arange(500), levels].all()


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=lambda n: type(n).__name__)
def test_limits_that_leave_all_change_nothing(likelihood):
    shape = (likelihood.parameters_per_value,)
    parameters = Rows(300, 0).normal(shape, "parameters")
    uniform = Rows(300, 1).uniform((), "uniform")
    plain = likelihood.quantile(parameters, uniform, 1.3)
    limited = likelihood.quantile(parameters, uniform, 1.3, top_k=9, top_p=1.0)
    steps = likelihood.cumulative(parameters, 1.3)
    near = np.abs(uniform[:, None] - steps).min(axis=-1) < 1e-5
    assert ((plain == limited) | near).numpy().all()
