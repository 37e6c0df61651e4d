"""Tests of the importance weighted autoencoder: its bound, and both its gradients."""

import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract, SamplerContract
from linear import examples, linear_model, marginal

from keras_gen.distributions import (
    BernoulliLikelihood,
    DiscretizedLogisticLikelihood,
    GaussianLikelihood,
    LearnedGaussianLikelihood,
)
from keras_gen.domains import Vectors
from keras_gen.models import IWAE, VAE
from keras_gen.models.base import Batch
from keras_gen.networks import mlp
from keras_gen.random import Rows

ALL_KNOWN = np.ones(4, bool)


def tiny(num_samples=3, seed=0, pixels=None, channels=1, **options):
    encoder = mlp((8, 8, 1), [16], (6,), name="encoder")
    decoder = mlp((3,), [16], (8, 8, channels), name="decoder")
    pixels = pixels or BernoulliLikelihood()
    return IWAE(
        encoder, decoder, pixels, num_samples, seed=seed, name="tiny", **options
    )


class TestContract(SamplerContract, AutoencodingContract):
    model_class = IWAE

    def make(self, seed=0):
        return tiny(seed=seed, doubly_reparameterized=True)


def linear_iwae(num_samples, doubly_reparameterized=False, **wrong):
    """The linear model, whose posterior is exact unless it is made `wrong`."""
    vae = linear_model(**wrong)
    model = IWAE(
        vae.encoder,
        vae.decoder,
        vae.output_distribution,
        num_samples,
        doubly_reparameterized,
    )
    return model, vae


def batch_of(x, seed=0):
    return Batch(tf.constant(x), Rows(len(x), seed))


def test_with_one_draw_the_bound_is_that_of_a_vae():
    model, vae = linear_iwae(1, shift=0.3, widening=1.5)
    x = np.repeat(examples(4), 5000, axis=0)
    found = model.loss_terms(batch_of(x), training=False)
    assert float(found["loss"]) == pytest.approx(float(found["vae_loss"]), rel=1e-6)
    assert float(found["effective_samples"]) == pytest.approx(1.0)
    # The VAE has its rate in closed form and the same draws for the distortion.
    expected = vae.loss_terms(batch_of(x), training=False)["loss"]
    assert float(found["loss"]) == pytest.approx(float(expected), abs=0.05)
    weights = vae.log_weights(x, vae.posterior_noise(Rows(len(x), 0))[None])
    assert float(found["loss"]) == pytest.approx(-np.mean(weights), rel=1e-5)


def test_with_the_exact_posterior_every_bound_is_the_likelihood():
    x = examples(6)
    expected = -marginal(ALL_KNOWN).log_prob(x).numpy().mean()
    for num_samples in (1, 2, 7):
        model, _ = linear_iwae(num_samples)
        found = model.loss_terms(batch_of(x), training=False)
        assert float(found["loss"]) == pytest.approx(expected, abs=1e-3)
        assert float(found["effective_samples"]) == pytest.approx(num_samples, rel=1e-3)


def test_the_bound_rises_with_the_number_of_draws_to_the_likelihood():
    x = np.repeat(examples(20), 20, axis=0)
    truth = -marginal(ALL_KNOWN).log_prob(x).numpy().mean()
    losses = [
        float(
            linear_iwae(k, shift=0.3, widening=1.5)[0].loss_terms(
                batch_of(x), training=False
            )["loss"]
        )
        for k in (1, 3, 10, 300)
    ]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] > truth + 0.5
    assert losses[-1] == pytest.approx(truth, abs=0.02)


def test_normalized_weights_give_the_gradient():
    model, _ = linear_iwae(3, shift=0.3, widening=1.5)
    x, variables = examples(4), model.trainable_variables
    noise = Rows(4, 0).normal((3, 2), "posterior")
    noise = tf.transpose(noise, (1, 0, 2))
    with tf.GradientTape(persistent=True) as tape:
        loss = model.loss_terms(batch_of(x), training=True)["loss"]
        log_weights = model.log_weights(x, noise)
        shares = np.exp(log_weights) / np.exp(log_weights).sum(axis=0)
        weighted = -tf.reduce_sum(shares * log_weights, axis=0)
        weighted = tf.reduce_mean(weighted)
    found, expected = tape.gradient(loss, variables), tape.gradient(weighted, variables)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def gradients(model, x, seed=0):
    """The gradients of the encoder and of the decoder, and the loss."""
    networks = model.encoder, model.decoder
    with tf.GradientTape() as tape:
        loss = model.loss_terms(batch_of(x, seed), training=True)["loss"]
    found = tape.gradient(loss, [network.trainable_variables for network in networks])
    flat = [np.concatenate([np.ravel(part) for part in parts]) for parts in found]
    return *flat, float(loss)


def both_kinds(**wrong):
    return [linear_iwae(3, kind, **wrong)[0] for kind in (False, True)]


def test_both_gradients_of_the_encoder_have_one_mean():
    x = np.repeat(examples(1), 400, axis=0)
    models = both_kinds(shift=0.3, widening=1.5)
    plain, doubly = (
        np.array([gradients(model, x, seed)[0] for seed in range(16)])
        for model in models
    )
    difference = plain - doubly
    error = difference.std(axis=0, ddof=1) / 4
    assert np.all(np.abs(difference.mean(axis=0)) < 4 * error + 1e-6)
    # Both are far from zero, in units of this error.
    assert np.abs(doubly.mean(axis=0) / (error + 1e-6)).max() > 20


def test_the_decoder_gets_one_gradient_and_the_loss_one_value():
    x = examples(5)
    (_, plain, loss), (_, doubly, same_loss) = (
        gradients(model, x) for model in both_kinds(shift=0.3, widening=1.5)
    )
    np.testing.assert_allclose(doubly, plain, rtol=1e-4, atol=1e-4)
    assert same_loss == pytest.approx(loss, rel=1e-6)


def test_at_the_exact_posterior_the_other_gradient_is_zero_without_noise():
    plain, doubly = (gradients(model, examples(5))[0] for model in both_kinds())
    assert np.abs(doubly).max() < 1e-2
    assert np.abs(plain).max() > 0.1


@pytest.mark.parametrize(
    ("pixels", "channels"),
    [
        (GaussianLikelihood(0.5), 1),
        (LearnedGaussianLikelihood(), 2),
        (DiscretizedLogisticLikelihood(), 2),
    ],
)
def test_grey_values_train_by_both_gradients(pixels, channels):
    x = Rows(8, 0).uniform((8, 8, 1), "x").numpy()
    for kind in (False, True):
        model = tiny(pixels=pixels, channels=channels, doubly_reparameterized=kind)
        model.compile(run_eagerly=True)
        before = [np.array(weight) for weight in model.trainable_weights]
        history = model.fit(x, verbose=0).history
        assert np.isfinite(list(history.values())).all()
        for weight, value in zip(model.trainable_weights, before, strict=True):
            assert not np.array_equal(np.array(weight), value), weight.path


def test_the_bound_of_examples_with_holes_is_that_of_what_is_known():
    encoder, decoder = mlp((4,), [], (4,)), mlp((2,), [], (4,))
    domain = Vectors(4, optional=True)
    model = IWAE(encoder, decoder, GaussianLikelihood(0.5), x_domain=domain)
    x = examples(3)
    x[:, 1] = np.nan
    found = model.loss_terms(batch_of(x), training=True)
    x[:, 1] = 0.0
    plain = VAE(encoder, decoder, GaussianLikelihood(0.5))
    latents = tf.transpose(Rows(3, 0).normal((5, 2), "posterior"), (1, 0, 2))
    weights = plain.log_weights(tf.constant(x), latents)
    # What the zeros are worth is taken out again.
    z, _ = plain.infer(tf.constant(x), latents)
    filled = plain.likelihood(tf.reshape(z, (-1, 2))).distribution.log_prob(
        np.tile(x, (5, 1))
    )[:, 1]
    weights = weights - tf.reshape(filled, (5, 3))
    expected = np.log(5) - tf.reduce_logsumexp(weights, axis=0)
    assert float(found["loss"]) == pytest.approx(np.mean(expected), rel=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_samples": 0}, "`num_samples` must be an integer of at least 1.*0"),
        ({"num_samples": 2.5}, "`num_samples` must be an integer.*2.5"),
        ({"doubly_reparameterized": 1}, "`doubly_reparameterized` must be True or.*1"),
        ({"channels": 2}, r"`decoder` must end in shape \(8, 8, 1\)"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)
