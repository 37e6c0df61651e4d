"""Tests of the VampPrior: contract, a density, the prior of the smallest rate."""

import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract, SamplerContract, unsettle

from keras_gen.distributions import BernoulliLikelihood, GaussianLikelihood
from keras_gen.models import VampVAE
from keras_gen.models.base import Batch
from keras_gen.networks import mlp
from keras_gen.random import Rows


def tiny(seed=0, num_components=4, **options):
    networks = {
        "encoder": mlp((8, 8, 1), [16], (6,), name="encoder"),
        "decoder": mlp((3,), [16], (8, 8, 1), name="decoder"),
    }
    return VampVAE(
        **networks | options,
        output_distribution=BernoulliLikelihood(),
        num_components=num_components,
        seed=seed,
        name="tiny",
    )


class TestContract(SamplerContract, AutoencodingContract):
    model_class = VampVAE

    def make(self, seed=0):
        return tiny(seed)


def in_the_plane(num_components):
    """A model of vectors of four numbers, with two latents and fixed weights."""
    encoder, decoder = mlp((4,), [], (4,)), mlp((2,), [], (4,))
    model = VampVAE(encoder, decoder, GaussianLikelihood(), num_components)
    kernel, bias = encoder.get_layer("outputs").weights
    kernel.assign(0.8 * Rows(4, 0).normal((4,), "kernel"))
    bias.assign([0.3, -0.2, -0.7, -0.4])
    return model


def log_prior(model, latents):
    return np.array(model.log_prior(tf.constant(latents, tf.float32)[None])[0])


def test_the_prior_integrates_to_one():
    model = in_the_plane(5)
    unsettle(model, scale=0.2)
    edges = np.linspace(-12, 12, 400)
    plane = np.stack(np.meshgrid(edges, edges), axis=-1).reshape(-1, 2)
    density = np.exp(log_prior(model, plane).astype("float64"))
    assert density.sum() * (edges[1] - edges[0]) ** 2 == pytest.approx(1, abs=1e-3)


def test_the_prior_is_the_mean_of_the_posteriors_of_its_inputs():
    model = in_the_plane(6)
    x = model.x_domain.draw(Rows(6, 1))
    model.adapt(x)
    np.testing.assert_allclose(model.pseudo_inputs(), x)
    latents = np.array(Rows(9, 2).normal((2,), "latents"))
    mean, log_scale = np.split(np.array(model.encoder(x)), 2, axis=-1)
    squares = ((latents[:, None] - mean) / np.exp(log_scale)) ** 2
    densities = np.exp(-0.5 * squares.sum(-1) - log_scale.sum(-1)) / (2 * np.pi)
    expected = np.log(densities.mean(axis=1))
    np.testing.assert_allclose(log_prior(model, latents), expected, rtol=1e-4)


def rates(model, x, draws=2000):
    """The rate of each of some draws: log posterior less log prior."""
    noise = Rows(draws * len(x), 3).normal((2,), "noise")
    noise = tf.reshape(noise, (draws, len(x), 2))
    latents, log_q = model.infer(tf.constant(x), noise)
    return np.array(log_q - model.log_prior(latents))


def test_with_all_data_the_rate_is_the_information_and_no_prior_has_a_smaller():
    num = 8
    model = in_the_plane(num)
    x = model.x_domain.draw(Rows(num, 1))
    model.adapt(x)
    smallest = rates(model, x)
    # The information that latents have about the number of the example.
    assert 0 < smallest.mean() < np.log(num)
    other = in_the_plane(num)
    other.adapt(np.concatenate([x[:-1], x[:1]]))
    gap = rates(other, x) - smallest
    # It is the divergence between the two priors.
    assert gap.mean() > 4 * gap.std() / np.sqrt(gap.size)
    model.encoder.get_layer("outputs").kernel.assign(
        100.0
        * model.encoder.get_layer("outputs").kernel
        * np.array([1.0, 1.0, 0.0, 0.0], "float32")
    )
    # Posteriors that are far apart say which example it is.
    assert rates(model, x, 50).mean() == pytest.approx(np.log(num), rel=1e-5)


def test_gradients_reach_the_pseudo_inputs():
    model = tiny()
    x = model.x_domain.draw(Rows(6, 0))
    with tf.GradientTape() as tape:
        loss = model.loss_terms(Batch(x, Rows(6, 1)), training=True)["rate"]
    gradient = tape.gradient(loss, model._pseudo_inputs.value)
    assert np.abs(gradient).reshape(4, -1).max(axis=1).min() > 0


def test_one_component_is_one_normal_prior():
    model = in_the_plane(1)
    mean, log_scale = np.split(np.array(model.encoder(model.pseudo_inputs()))[0], 2)
    noise = model.noise(5000, seed=0)
    drawn = np.array(model.latents_from_noise(noise))
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.05)
    np.testing.assert_allclose(drawn.std(axis=0), np.exp(log_scale), rtol=0.05)


def test_samples_are_drawn_from_the_prior():
    model = in_the_plane(5)
    latents = model.latents_from_noise(model.noise(4000, seed=0))
    # The mean of q / p over draws of p is 1, for any density q.
    ratios = np.exp(-0.5 * np.sum(np.array(latents) ** 2, axis=1)) / (2 * np.pi)
    ratios /= np.exp(log_prior(model, latents))
    error = ratios.std() / np.sqrt(len(ratios))
    assert abs(ratios.mean() - 1) < 4 * error
    assert error < 0.2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_components": 0}, "`num_components` must be an integer of at least 1.*0"),
        ({"encoder": mlp((8, 8, 1), [], (5,))}, r"`encoder` .* 2 numbers for each.*5"),
        ({"decoder": mlp((2, 3), [], (8, 8, 1))}, r"`decoder` must take .*\(2, 3\)"),
        (
            {"encoder": mlp((8, 8, 1), [], (6,), output_activation="relu")},
            "`encoder` must end in means and logs of scales.*relu",
        ),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)


def test_too_few_examples_are_refused():
    model = tiny()
    with pytest.raises(ValueError, match="`x` must hold at least 4 .* 3"):
        model.adapt(np.zeros((3, 8, 8, 1)))
    with pytest.raises(ValueError, match="`x` must lie in"):
        model.adapt(np.full((4, 8, 8, 1), 2.0))
