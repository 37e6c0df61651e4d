"""Tests of the VAE with flows: contracts, an exact posterior, an exact prior."""

import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract, SamplerContract

from keras_gen.distributions import BernoulliLikelihood, GaussianLikelihood
from keras_gen.domains import Images, Vectors
from keras_gen.models import MAF, NICE, VAE, FlowVAE, GaussianMixture
from keras_gen.networks import mlp
from keras_gen.random import Rows


def tiny(seed=0, prior=None, outputs=8, **options):
    networks = {
        "encoder": mlp((8, 8, 1), [16], (outputs,), name="encoder"),
        "decoder": mlp((3,), [16], (8, 8, 1), name="decoder"),
    }
    return FlowVAE(
        **networks | options,
        output_distribution=BernoulliLikelihood(),
        prior=prior,
        seed=seed,
        name="tiny",
    )


class TestFlowPosterior(SamplerContract, AutoencodingContract):
    model_class = FlowVAE

    def make(self, seed=0):
        model = tiny(seed, hidden_units=(8,))
        # Outputs of flows are zero at first, so that their first gradients are tiny and
        # rounding decides the steps of Adam.
        for index, flow in enumerate(model.flows):
            for weight in flow.weights:
                shape = tuple(weight.shape)
                weight.assign(0.3 * Rows(1, index).normal(shape, weight.path)[0])
        return model


class TestFlowPrior(SamplerContract, AutoencodingContract):
    model_class = FlowVAE

    def make(self, seed=0):
        prior = MAF(Vectors(3), 2, (6,), name="prior")
        return tiny(seed, prior, outputs=6, num_flows=0)


def linear_model(num_flows, scale=0.5):
    """A linear VAE of 4 values and 2 latents, its decoder and the scale of its noise.

    Its exact posterior has correlated latents.
    """
    encoder, decoder = mlp((4,), [], (4,)), mlp((2,), [], (4,))
    model = FlowVAE(encoder, decoder, GaussianLikelihood(scale), num_flows, ())
    factors = np.array([[1.0, 0.5, -1.0, 0.3], [0.8, 1.0, 0.2, -0.4]])
    kernel, bias = decoder.get_layer("outputs").weights
    kernel.assign(factors)
    bias.assign([0.1, -0.2, 0.3, 0.0])
    return model, factors.T, np.array(bias), scale


def exact_log_likelihood(x, factors, bias, scale):
    covariance = factors @ factors.T + scale**2 * np.eye(4)
    centred = x - bias
    squares = (centred @ np.linalg.inv(covariance) * centred).sum(axis=1)
    return -0.5 * (squares + np.linalg.slogdet(2 * np.pi * covariance)[1])


def test_a_linear_flow_reaches_a_posterior_that_a_diagonal_one_cannot():
    model, factors, bias, scale = linear_model(num_flows=1)
    covariance = np.linalg.inv(np.eye(2) + factors.T @ factors / scale**2)
    to_mean = covariance @ factors.T / scale**2
    # The flow adds `slope` times the first latent to the second one.
    slope = covariance[0, 1] / covariance[0, 0]
    back = np.array([[1.0, 0.0], [-slope, 1.0]])
    variances = np.diag(back @ covariance @ back.T)
    kernel, offset = model.encoder.get_layer("outputs").weights
    kernel.assign(np.concatenate([(back @ to_mean).T, np.zeros((4, 2))], axis=1))
    means = -(back @ to_mean) @ bias
    offset.assign(np.concatenate([means, 0.5 * np.log(variances)]))
    kernel = model.flows[0].networks[0].steps[0].kernel
    # The outputs are shift and log-scale of the first latent, then of the second.
    kernel.assign([[0, 0, -slope, 0], [0, 0, 0, 0]])
    x = Vectors(4).draw(Rows(5, 0))
    expected = exact_log_likelihood(x, factors, bias, scale)
    # All importance weights are equal, so the bound of a single draw is exact.
    noise = Rows(15, 0).normal((2,), "noise")
    noise = tf.reshape(noise, (3, 5, 2))
    found = model.log_weights(tf.constant(x), noise)
    np.testing.assert_allclose(found, np.tile(expected, (3, 1)), atol=1e-4)
    kernel.assign(tf.zeros((2, 4)))
    found = model.log_weights(tf.constant(x), noise)
    assert np.std(found, axis=0).max() > 0.1
    assert np.mean(found) < expected.mean() - 0.05


def test_a_flow_prior_is_the_distribution_of_latents():
    flow = MAF(Vectors(2), 1, ())
    bias = flow.flow.layers[0].networks[0].steps[0].bias
    kernel = flow.flow.layers[0].networks[0].steps[0].kernel
    bias.assign([0.5, 0.0, -0.3, 0.0])
    kernel.assign([[0, 0, 0.7, 0], [0, 0, 0, 0]])
    encoder, decoder = mlp((4,), [8], (4,)), mlp((2,), [], (4,))
    model = FlowVAE(encoder, decoder, GaussianLikelihood(0.5), 0, prior=flow)
    samples = model.latents_from_noise(model.noise(20_000, seed=0)).numpy()
    np.testing.assert_allclose(samples.mean(axis=0), [0.5, 0.05], atol=0.03)
    expected = [[1, 0.7], [0.7, 1.49]]
    np.testing.assert_allclose(np.cov(samples.T), expected, atol=0.04)
    latents = Vectors(2).draw(Rows(6, 0))
    centred = latents - [0.5, 0.05]
    squares = (centred @ np.linalg.inv(expected) * centred).sum(axis=1)
    log_prior = -0.5 * (squares + np.linalg.slogdet(2 * np.pi * np.array(expected))[1])
    found = model.log_prior(tf.constant(latents)[None])[0]
    np.testing.assert_allclose(found, log_prior, atol=1e-5)


def test_new_flows_give_the_bound_of_a_plain_vae():
    x = tf.round(Rows(6, 0).uniform((8, 8, 1), "images"))
    noise = tf.reshape(Rows(12, 0).normal((3,), "noise"), (2, 6, 3))
    model = tiny(prior=MAF(Vectors(3), 2, (6,)), outputs=6)
    plain = VAE(model.encoder, model.decoder, BernoulliLikelihood())
    found, expected = model.log_weights(x, noise), plain.log_weights(x, noise)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"outputs": 5}, r"`encoder` must give at least 6 numbers.*\(5,\)"),
        ({"encoder": mlp((8, 8, 1), [], (2, 8))}, r"`encoder` must give .*\(2, 8\)"),
        ({"decoder": mlp((2, 3), [], (8, 8, 1))}, r"`decoder` must take .*\(2, 3\)"),
        (
            {"encoder": mlp((8, 8, 1), [], (8,), output_activation="relu")},
            "`encoder` must end in means and logs of scales.*relu",
        ),
        ({"num_flows": -1}, "`num_flows` must be an integer of at least 0"),
        (
            {"x_domain": Images((8, 8, 1), optional=True)},
            "`x_domain` must be a domain without unknown values",
        ),
        (
            {"prior": "normal"},
            r"`prior` must be a model of the latents, Vectors.*normal",
        ),
        (
            {"prior": NICE(Vectors(2), 1, (4,))},
            r"`prior` must be a model of the latents, .*\(3,\).* of Vectors.*\(2,\)",
        ),
        ({"prior": GaussianMixture(2, 3)}, "`prior` must be .* learns by gradients"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)
