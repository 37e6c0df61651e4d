"""Tests of FactorVAE: permuted latents, and the ratio of densities."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract, PhasesContract, SamplerContract

from keras_gen.distributions import BernoulliLikelihood, GaussianLikelihood
from keras_gen.models import VAE, FactorVAE
from keras_gen.models.base import Batch
from keras_gen.models.vae.factor_vae import permute_each
from keras_gen.networks import mlp
from keras_gen.random import Rows


def tiny(seed=0, **options):
    encoder = mlp((8, 8, 1), [16], (6,), name="encoder")
    decoder = mlp((3,), [16], (8, 8, 1), name="decoder")
    discriminator = mlp((3,), [16], (1,), name="discriminator")
    options = {"discriminator": discriminator, "name": "tiny", "seed": seed} | options
    return FactorVAE(encoder, decoder, BernoulliLikelihood(), **options)


class TestContract(SamplerContract, AutoencodingContract, PhasesContract):
    model_class = FactorVAE
    coupled_terms = ("discriminator_loss",)

    def make(self, seed=0):
        return tiny(seed=seed)


def test_each_latent_is_permuted_by_itself():
    latents, chance = (Rows(50, seed).uniform((4,), "test") for seed in (0, 1))
    found = permute_each(latents, chance).numpy()
    np.testing.assert_array_equal(np.sort(found, axis=0), np.sort(latents, axis=0))
    places = np.array(
        [[np.flatnonzero(latents[:, j] == v)[0] for v in found[:, j]] for j in range(4)]
    )
    for one in range(4):
        assert not np.array_equal(places[one], np.arange(50))
        assert sum(np.array_equal(places[one], other) for other in places) == 1


def test_without_weight_the_autoencoder_is_a_vae():
    model = tiny(gamma=0.0)
    vae = VAE(model.encoder, model.decoder, BernoulliLikelihood())
    batch = Batch(tf.round(Rows(9, 0).uniform((8, 8, 1), "x")), Rows(9, seed=1))
    expected = vae.loss_terms(batch, training=False)
    found = model.phases()[0].terms(batch, training=False)
    assert float(found["autoencoder_loss"]) == pytest.approx(float(expected["loss"]))
    for name in ("rate", "distortion"):
        assert float(found[name]) == pytest.approx(float(expected[name]))


def test_gamma_weighs_the_total_correlation_alone():
    model = tiny(gamma=5.0)
    batch = Batch(tf.round(Rows(9, 0).uniform((8, 8, 1), "x")), Rows(9, seed=1))
    found = model.phases()[0].terms(batch, training=False)
    expected = found["rate"] + found["distortion"] + 5.0 * found["total_correlation"]
    assert float(found["autoencoder_loss"]) == pytest.approx(float(expected))
    assert abs(float(found["total_correlation"])) > 1e-3


CORRELATION = 0.6


def quadratic(slope, cross, offset):
    """A discriminator `slope * (u^2 + v^2) + cross * u * v + offset`."""
    latents = keras.Input((2,))
    squares = keras.ops.sum(latents**2, axis=1, keepdims=True)
    product = keras.ops.prod(latents, axis=1, keepdims=True)
    features = keras.layers.Concatenate()([squares, product])
    network = keras.Model(latents, keras.layers.Dense(1)(features))
    weights = np.array([[slope], [cross]]), np.array([offset])
    network.layers[-1].set_weights(weights)
    return network


def correlated_model(discriminator):
    """A model whose latents are normal with unit variances and a correlation.

    Its examples are normal, and the means of its posteriors. Returns it and a batch.
    """
    encoder, decoder = mlp((2,), [], (4,)), mlp((2,), [], (2,))
    kernel = np.concatenate([np.eye(2), np.zeros((2, 2))], axis=1)
    log_scale = np.log(0.5)
    encoder.layers[-1].set_weights([kernel, np.array([0, 0, log_scale, log_scale])])
    root = np.linalg.cholesky([[0.75, CORRELATION], [CORRELATION, 0.75]])
    rows = Rows(40_000, 0)
    x = rows.normal((2,), "examples").numpy() @ root.T.astype("f4")
    model = FactorVAE(encoder, decoder, GaussianLikelihood(), discriminator)
    return model, Batch(tf.constant(x), rows)


def test_the_best_discriminator_gives_the_total_correlation():
    rest = 1 - CORRELATION**2
    best = 0.5 - 0.5 / rest, CORRELATION / rest, -0.5 * np.log(rest)
    model, batch = correlated_model(quadratic(*best))
    autoencoder, discriminator = model.phases()
    found = autoencoder.terms(batch, training=False)["total_correlation"]
    assert float(found) == pytest.approx(-0.5 * np.log(rest), abs=0.02)

    def slopes():
        """By how much the loss of the discriminator falls with its weights."""
        variables = discriminator.variables
        with tf.GradientTape() as tape:
            loss = discriminator.terms(batch, training=True)["discriminator_loss"]
        return [np.abs(part).max() for part in tape.gradient(loss, variables)]

    assert max(slopes()) < 0.02
    model.discriminator.layers[-1].kernel.assign([[best[0]], [0.5 * best[1]]])
    assert max(slopes()) > 0.05


def test_a_discriminator_that_cannot_tell_has_the_loss_log_4():
    model, batch = correlated_model(quadratic(0.0, 0.0, 0.0))
    found = model.phases()[1].terms(batch, training=False)["discriminator_loss"]
    assert float(found) == pytest.approx(np.log(4), abs=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gamma": -1.0}, "`gamma` must be at least 0.*-1"),
        (
            {"discriminator": mlp((2,), [], (1,))},
            r"`discriminator` must take shape \(3,\) .*\(2,\)",
        ),
        (
            {"discriminator": mlp((3,), [], (2,))},
            r"`discriminator` must take .* one score, of shape \(1,\).*\(2,\)",
        ),
        (
            {"discriminator": mlp((3,), [], (1,), output_activation="sigmoid")},
            "`discriminator` must end in scores.*sigmoid",
        ),
        ({"discriminator": "none"}, "`discriminator` must be a built network"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)
