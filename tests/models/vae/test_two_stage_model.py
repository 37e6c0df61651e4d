"""Tests of an autoencoder with a learned prior: contracts, the bound, the stages."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract, SamplerContract

from keras_gen.distributions import (
    BernoulliLikelihood,
    CategoricalLikelihood,
    GaussianLikelihood,
)
from keras_gen.domains import Symbols, Vectors
from keras_gen.models import (
    MAF,
    NICE,
    VAE,
    VQVAE,
    Autoencoder,
    GatedPixelCNN,
    GaussianMixture,
    TwoStageModel,
)
from keras_gen.models.base import Batch, marks_of
from keras_gen.networks import mlp
from keras_gen.random import Rows


def vq_vae(num_codes=5):
    encoder = mlp((8, 8, 1), [16], (2, 3, 4), name="encoder")
    decoder = mlp((2, 3, 4), [16], (8, 8, 1), name="decoder")
    model = VQVAE(encoder, decoder, BernoulliLikelihood(), num_codes, name="codes")
    shape = tuple(model.quantizer.codebook.shape)
    model.quantizer.codebook.assign(0.3 * Rows(1, 5).normal(shape, "codebook")[0])
    return model


def pixel_cnn(num_codes=5, grid=(2, 3), **options):
    return GatedPixelCNN(
        Symbols(grid, num_codes),
        CategoricalLikelihood(num_codes),
        filters=6,
        num_layers=2,
        output_filters=8,
        name="prior",
        **options,
    )


def of_codes(seed=0):
    return TwoStageModel(vq_vae(), pixel_cnn(), seed=seed, name="tiny")


def of_vectors(prior=None, seed=0):
    encoder, decoder = mlp((6,), [8], (4,)), mlp((2,), [8], (6,))
    autoencoder = VAE(encoder, decoder, GaussianLikelihood(0.5), name="vectors")
    prior = prior or MAF(Vectors(2), 2, (6,), name="prior")
    return TwoStageModel(autoencoder, prior, seed=seed, name="tiny")


class TestContract(SamplerContract, AutoencodingContract):
    model_class = TwoStageModel

    def make(self, seed=0):
        return of_codes(seed)

    def fresh(self, **options):
        model = super().fresh(**options)
        model.compiled_sampling = False
        return model


def test_fit_trains_the_prior_on_codes_and_leaves_the_autoencoder():
    model, alone = of_codes(), pixel_cnn()
    alone.set_weights(model.prior.get_weights())
    before = model.autoencoder.get_weights()
    x = model.x_domain.draw(Rows(16, 0))
    for each, data in ((model, x), (alone, np.array(model.encode(x)))):
        each.compile(run_eagerly=True)
        each.fit(data, batch_size=8, shuffle=False, verbose=0)
    for a, b in zip(model.prior.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-7)
    for a, b in zip(model.autoencoder.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(model.trainable_weights) == len(alone.trainable_weights)


def test_the_prior_learns_from_draws_of_the_posterior():
    model = of_vectors()
    x, rows = tf.constant(model.x_domain.draw(Rows(50, 0))), Rows(50, 1)
    found = model.loss_terms(Batch(x, rows), training=False)["loss"]
    posterior = model.autoencoder.posterior(x)
    drawn = posterior.mean() + posterior.stddev() * model.posterior_noise(rows)
    expected = -np.mean(model.prior.log_prob(drawn))
    assert float(found) == pytest.approx(expected, rel=1e-5)
    of_means = -np.mean(model.prior.log_prob(posterior.mean()))
    assert abs(expected - of_means) > 0.05


def test_the_bound_has_the_learned_prior_in_place_of_the_other():
    model = of_codes()
    x = model.x_domain.draw(Rows(7, 0))
    found = model.log_likelihood(x, num_importance_samples=1).per_example
    codes = model.encode(x)
    likelihood = model.autoencoder.likelihood(codes)
    expected = likelihood.log_prob(x) + model.prior.log_prob(codes)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_prior_that_learned_nothing_codes_as_uniform_codes_do():
    """The code of an example takes `num_sites * log2(num_codes)` bits at most."""
    model = of_codes()
    for weight in model.prior.head.outputs.weights:
        weight.assign(tf.zeros_like(weight))
    x = model.x_domain.draw(Rows(7, 0))
    found = model.log_likelihood(x, num_importance_samples=1).mean
    uniform = model.autoencoder.log_likelihood(x, num_importance_samples=1).mean
    assert found == pytest.approx(uniform, rel=1e-6)
    code_length = -model.prior.log_prob(model.encode(x)).mean() / np.log(2)
    assert code_length == pytest.approx(6 * np.log2(5), rel=1e-6)
    # Constant examples have one code, and a prior that has seen it needs fewer bits.
    same = np.zeros((32, 8, 8, 1), "float32")
    model.compile(keras.optimizers.Adam(0.03))
    model.fit(same, epochs=20, verbose=0)
    code_length = model.evaluate(same, verbose=0) / np.log(2)
    assert code_length < 0.9 * 6 * np.log2(5)


def test_samples_are_decoded_samples_of_the_prior():
    model = of_codes()
    model.compiled_sampling = model.prior.compiled_sampling = False
    codes = model.prior.sample(8, seed=2, temperature=0.7)
    assert codes.dtype == np.int32
    found = model.sample(8, seed=2, temperature=0.7)
    np.testing.assert_allclose(found, model.decode(codes), atol=1e-6)


def test_a_mixture_is_fitted_by_steps_of_expectation_maximization():
    encoder, decoder = mlp((6,), [], (2,)), mlp((2,), [], (6,))
    model = TwoStageModel(Autoencoder(encoder, decoder), GaussianMixture(2, 2))
    x = model.x_domain.draw(Rows(60, 0))
    latents = np.array(model.encode(x))
    alone = GaussianMixture(2, 2)
    for mixture in (model.prior, alone):
        mixture.adapt(latents)
    for each, data in ((model, x), (alone, latents)):
        each.compile()
        each.fit(data, batch_size=20, epochs=3, shuffle=False, verbose=0)
    for a, b in zip(model.prior.parameters(), alone.parameters(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    assert len(model.sample(3, seed=0)) == 3


def test_without_a_likelihood_there_is_no_bound():
    encoder, decoder = mlp((6,), [], (2,)), mlp((2,), [], (6,))
    model = TwoStageModel(Autoencoder(encoder, decoder), MAF(Vectors(2), 1, (4,)))
    assert "log_likelihood" not in marks_of(model)
    assert {"sample", "encode", "decode", "anomaly_score"} <= set(marks_of(model))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TwoStageModel("vae", pixel_cnn()), "`autoencoder` must be .*'vae'"),
        (
            lambda: TwoStageModel(pixel_cnn(), pixel_cnn()),
            "`autoencoder` must be a mod",
        ),
        (
            lambda: TwoStageModel(vq_vae(), pixel_cnn(grid=(3, 2))),
            r"`prior` must be a model of the latents, .*\(2, 3\).* of .*\(3, 2\)",
        ),
        (
            lambda: TwoStageModel(vq_vae(), pixel_cnn(num_codes=4)),
            "`prior` must be .*num_symbols=5.*num_symbols=4",
        ),
        (
            lambda: TwoStageModel(vq_vae(), pixel_cnn(num_classes=2)),
            "`prior` must be a model of the latents",
        ),
        (lambda: of_vectors(NICE(Vectors(4), 1, (4,))), r"`prior` .*\(2,\).*\(4,\)"),
        (lambda: TwoStageModel(vq_vae(), mlp((4,), [], (4,))), "`prior` must be a"),
    ],
)
def test_models_that_do_not_match_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
