"""Tests of the Kullback-Leibler divergence."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from keras_gen.distributions import kl_divergence

tfd = tfp.distributions


def diagonal():
    return tfd.MultivariateNormalDiag(
        tf.constant([[0.5, -1.0], [2.0, 0.0], [0.0, 0.0]]),
        tf.constant([[0.7, 1.5], [1.0, 0.3], [1.0, 1.0]]),
    )


def standard():
    return tfd.MultivariateNormalDiag(tf.zeros(2), tf.ones(2))


def mixture():
    return tfd.MixtureSameFamily(
        tfd.Categorical(probs=[0.3, 0.7]),
        tfd.MultivariateNormalDiag(tf.constant([[-1.0, 0.0], [1.0, 1.0]]), tf.ones(2)),
    )


def test_the_closed_form_is_that_of_gaussians():
    mean, scale = diagonal().loc.numpy(), diagonal().stddev().numpy()
    expected = 0.5 * (scale**2 + mean**2 - 1 - 2 * np.log(scale)).sum(axis=1)
    latents = tf.fill((1, 3, 2), np.nan)
    np.testing.assert_allclose(
        kl_divergence(diagonal(), standard(), latents), expected, rtol=1e-5, atol=1e-6
    )


def test_the_closed_form_is_what_the_estimate_tends_to():
    latents = diagonal().sample(50_000, seed=(0, 1))
    log_ratio = (diagonal().log_prob(latents) - standard().log_prob(latents)).numpy()
    error = log_ratio.std(axis=0) / np.sqrt(len(log_ratio))
    analytic = kl_divergence(diagonal(), standard(), latents).numpy()
    assert (np.abs(log_ratio.mean(axis=0) - analytic) <= 4 * error + 1e-5).all()
    assert (error[:2] > 0).all()


def test_a_mixture_prior_is_estimated_at_the_latents():
    with pytest.raises(NotImplementedError):
        tfd.kl_divergence(diagonal(), mixture())
    latents = diagonal().sample(7, seed=(0, 1))
    estimate = kl_divergence(diagonal(), mixture(), latents)
    log_ratio = diagonal().log_prob(latents) - mixture().log_prob(latents)
    assert estimate.shape == (3,)
    np.testing.assert_allclose(estimate, np.mean(log_ratio, axis=0), rtol=1e-5)


def test_the_estimate_of_a_posterior_from_itself_is_zero():
    component = tfd.MultivariateNormalDiag(tf.zeros((1, 2)), tf.ones(2))
    one = tfd.MixtureSameFamily(tfd.Categorical(probs=[1.0]), component)
    posterior = tfd.MultivariateNormalDiag(tf.zeros((3, 2)), tf.ones(2))
    latents = posterior.sample(5, seed=(0, 1))
    np.testing.assert_allclose(kl_divergence(posterior, one, latents), 0, atol=1e-5)


def test_independent_pixels_have_a_closed_form():
    def normal(mean):
        return tfd.Independent(tfd.Normal(tf.fill((3, 2), mean), 1.0), 1)

    latents = tf.fill((1, 3, 2), np.nan)
    divergence = kl_divergence(normal(0.0), normal(2.0), latents)
    np.testing.assert_allclose(divergence, [4, 4, 4], rtol=1e-6)
