"""Tests of Beta-TCVAE: the three parts of the rate."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from contracts import AutoencodingContract, SamplerContract

from keras_gen.distributions import BernoulliLikelihood
from keras_gen.models import VAE, BetaTCVAE
from keras_gen.models.base import Batch
from keras_gen.networks import mlp
from keras_gen.random import Rows

tfd = tfp.distributions

PARTS = ("mutual_information", "total_correlation", "dimension_wise_rate")


def tiny(dataset_size=24, seed=0, latent_dim=3, **options):
    encoder = mlp((8, 8, 1), [16], (2 * latent_dim,), name="encoder")
    decoder = mlp((latent_dim,), [16], (8, 8, 1), name="decoder")
    pixels = BernoulliLikelihood()
    options = {"seed": seed, "name": "tiny"} | options
    return BetaTCVAE(encoder, decoder, pixels, dataset_size, **options)


class TestContract(SamplerContract, AutoencodingContract):
    model_class = BetaTCVAE
    coupled_terms = ("loss", *PARTS)

    def make(self, seed=0):
        return tiny(seed=seed, stratified=True)


def parts_of(means, scale, stratified=True):
    """The parts for a data set that is one batch, as a dict of floats.

    Args:
        means: Array of shape `(num, latent_dim)`, of the posteriors.
        scale: Float, of the posteriors.
        stratified: Boolean; if True, the density is the exact mixture.
    """
    means = np.asarray(means, "f4")
    model = tiny(len(means), latent_dim=means.shape[1], stratified=stratified)
    posterior = tfd.MultivariateNormalDiag(means, tf.fill(means.shape, scale))
    noise = Rows(len(means), 0).normal(means.shape[1:], "test")
    rows = tf.range(len(means))
    found = model.decomposition(posterior, means + scale * noise, rows)
    return {name: float(value) for name, value in found.items()}


def test_codes_of_points_on_a_grid_are_independent_and_on_a_diagonal_are_not():
    corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    grid = parts_of(corners, 1e-3)
    assert grid["mutual_information"] == pytest.approx(np.log(4), abs=1e-4)
    assert grid["total_correlation"] == pytest.approx(0, abs=1e-4)
    diagonal = parts_of(corners[[0, 3]], 1e-3)
    assert diagonal["mutual_information"] == pytest.approx(np.log(2), abs=1e-4)
    assert diagonal["total_correlation"] == pytest.approx(np.log(2), abs=1e-4)


def test_the_total_correlation_of_a_normal_distribution_is_that_of_its_correlations():
    correlation = 0.6
    shape = np.linalg.cholesky([[0.75, correlation], [correlation, 0.75]])
    means = Rows(1500, 0).normal((2,), "means").numpy() @ shape.T
    found = parts_of(means, 0.5)["total_correlation"]
    sampled = np.corrcoef(means.T)[0, 1] * 0.75
    assert sampled == pytest.approx(correlation, abs=0.02)
    expected = -0.5 * np.log(1 - correlation**2)
    assert found == pytest.approx(expected, abs=0.04)
    independent = parts_of(means * [1, 0], 0.5)["total_correlation"]
    assert independent == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("stratified", [True, False])
def test_the_parts_add_up_to_the_rate(stratified):
    model = tiny(500, stratified=stratified)
    x = tf.round(Rows(200, 0).uniform((8, 8, 1), "x"))
    batch = Batch(x, Rows(200, seed=1))
    terms = model.loss_terms(batch, training=False)
    latents, log_q = model.infer(x, model.posterior_noise(batch.rows)[None])
    each = np.array(log_q - model.log_prior(latents))
    drawn, error = each.mean(), each.std() / np.sqrt(each.size)
    assert float(sum(terms[name] for name in PARTS)) == pytest.approx(drawn, abs=1e-4)
    assert drawn == pytest.approx(float(terms["rate"]), abs=4 * error)


def test_weighted_sampling_adds_constants_without_gradient():
    means = Rows(6, 0).normal((3,), "means").numpy()
    exact, found = parts_of(means, 0.4), parts_of(means, 0.4, stratified=False)
    # In place of 1 / 6 each density has 1 / 36 before the sum over the batch.
    for name, times in zip(PARTS, (1, 2, -3), strict=True):
        assert found[name] - exact[name] == pytest.approx(times * np.log(6), abs=1e-4)


def test_the_stratified_density_is_right_on_average():
    means, at = np.array([-1.0, 0.0, 0.5, 2.0], "f4"), 0.3
    model, densities = tiny(4, stratified=True), []
    shares = np.exp(model._log_shares(tf.constant([[True, False, False]])))[0]
    # The example itself, with each pair of the others.
    for others in ([1, 2], [1, 3], [2, 3]):
        density = tfd.Normal(means[[0, *others]], 1.0).prob(at)
        densities.append(np.sum(shares * density))
    expected = np.mean(tfd.Normal(means, 1.0).prob(at))
    assert np.mean(densities) == pytest.approx(expected, rel=1e-5)


def test_with_all_weights_one_the_loss_is_that_of_a_vae():
    model = tiny(beta=1.0)
    vae = VAE(model.encoder, model.decoder, BernoulliLikelihood())
    batch = Batch(tf.round(Rows(9, 0).uniform((8, 8, 1), "x")), Rows(9, seed=1))
    expected = vae.loss_terms(batch, training=False)
    found = model.loss_terms(batch, training=False)
    for name in expected:
        assert float(found[name]) == pytest.approx(float(expected[name]), rel=1e-6)


@pytest.mark.parametrize("name", ["alpha", "beta", "gamma"])
def test_each_part_has_its_weight(name):
    batch = Batch(tf.round(Rows(9, 0).uniform((8, 8, 1), "x")), Rows(9, seed=1))
    weights = {"alpha": 1.0, "beta": 1.0, "gamma": 1.0, name: 4.0}
    terms = tiny(**weights).loss_terms(batch, training=False)
    part = dict(zip(("alpha", "beta", "gamma"), PARTS, strict=True))[name]
    expected = terms["distortion"] + terms["rate"] + 3.0 * terms[part]
    assert float(terms["loss"]) == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dataset_size": 0}, "`dataset_size` must be an integer of at least 1.*0"),
        ({"beta": -1.0}, "`beta` must be at least 0.*-1"),
        ({"alpha": "all"}, "`alpha` must be at least 0.*'all'"),
        ({"gamma": float("nan")}, "`gamma` must be at least 0.*nan"),
        ({"stratified": "yes"}, "`stratified` must be True or False.*'yes'"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)
