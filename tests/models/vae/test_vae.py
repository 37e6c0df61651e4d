import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from contracts import AutoencodingContract, SamplerContract

from keras_gen.distributions import (
    BernoulliLikelihood,
    DiscretizedLogisticLikelihood,
    GaussianLikelihood,
    LearnedGaussianLikelihood,
)
from keras_gen.models import VAE
from keras_gen.models.base import Batch
from keras_gen.networks import conv_decoder, conv_encoder, mlp
from keras_gen.random import Rows, seed_initializers

tfd = tfp.distributions


def tiny(output_distribution=None, channels=1, seed=0, **options):
    encoder = mlp((8, 8, 1), [16], (6,), name="encoder")
    decoder = mlp((3,), [16], (8, 8, channels), name="decoder")
    pixels = output_distribution or BernoulliLikelihood()
    return VAE(encoder, decoder, pixels, seed=seed, name="tiny", **options)


class TestContract(SamplerContract, AutoencodingContract):
    model_class = VAE

    def make(self, seed=0):
        return tiny(beta=0.5, seed=seed)


@pytest.fixture
def images():
    return tf.cast(Rows(6, 0).uniform((8, 8, 1), "test") < 0.3, tf.float32)


def test_the_likelihood_says_what_stands_for_it():
    means = tiny(DiscretizedLogisticLikelihood(), 2)
    medians = tiny(DiscretizedLogisticLikelihood(center_by="median"), 2)
    medians.set_weights(means.get_weights())
    latents = np.full((1, 3), 9.0, np.float32)
    expected = np.clip(0.5 + means.decoder(latents)[..., :1], 0, 1)
    np.testing.assert_allclose(medians.decode(latents), expected, atol=1e-6)
    assert not np.allclose(means.decode(latents), expected, atol=0.01)


@pytest.mark.parametrize(
    ("pixels", "channels"),
    [
        (GaussianLikelihood(0.5), 1),
        (LearnedGaussianLikelihood(), 2),
        (DiscretizedLogisticLikelihood(), 2),
    ],
)
def test_grey_values_train_and_sample(pixels, channels):
    model = tiny(pixels, channels)
    model.compile(keras.optimizers.Adam(1e-2))
    images = np.tile(
        np.linspace(0, 1, 8, dtype="float32")[:, None, None], (64, 1, 8, 1)
    )
    history = model.fit(images, epochs=15, batch_size=16, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert np.isfinite(model.sample(3, seed=0)).all()


def test_rate_and_distortion_are_the_two_halves_of_the_bound(images):
    model = tiny(beta=1.0)
    rows = Rows(6, seed=1)
    terms = model.loss_terms(Batch(images, rows), training=False)
    latents, log_q = model.infer(images, model.posterior_noise(rows)[None])
    distortion = -model.likelihood(latents[0]).log_prob(images)
    assert float(terms["distortion"]) == pytest.approx(float(np.mean(distortion)))
    posterior = model.posterior(images)
    mean, scale = posterior.mean(), posterior.stddev()
    # Appendix B of the paper.
    rate = -0.5 * tf.reduce_sum(1 + 2 * tf.math.log(scale) - mean**2 - scale**2, axis=1)
    assert float(terms["rate"]) == pytest.approx(float(np.mean(rate)), rel=1e-5)
    assert float(terms["loss"]) == pytest.approx(
        float(terms["rate"] + terms["distortion"]), rel=1e-6
    )


def test_beta_weighs_the_rate_alone(images):
    def terms(beta):
        seed_initializers(0)
        return tiny(beta=beta).loss_terms(
            Batch(images, Rows(6, seed=1)), training=False
        )

    for beta in (0.0, 4.0):
        loss = terms(beta)["distortion"] + beta * terms(beta)["rate"]
        assert float(terms(beta)["loss"]) == pytest.approx(float(loss), rel=1e-6)


def test_the_bound_with_one_sample_is_the_evidence_lower_bound(images):
    model = tiny()
    estimates = [model.log_likelihood(images, 1, seed=s).mean for s in range(100)]
    noise = Rows(500 * 6, seed=1).normal((3,), "test")
    weights = model.log_weights(images, tf.reshape(noise, (500, 6, 3)))
    rate = model.loss_terms(Batch(images, Rows(6, 0)), training=False)["rate"]
    latents, _ = model.infer(images, tf.reshape(noise, (500, 6, 3)))
    distortion = -model.likelihood(tf.reshape(latents, (-1, 3))).log_prob(
        tf.tile(images, (500, 1, 1, 1))
    )
    bound = -float(rate + tf.reduce_mean(distortion))
    error = np.std(estimates) / 10 + np.std(weights.numpy().mean(1)) / 500**0.5
    assert np.mean(estimates) == pytest.approx(bound, abs=4 * error)
    assert np.mean(weights) == pytest.approx(bound, abs=4 * error)


def test_the_bound_rises_with_the_number_of_samples(images):
    model = tiny()
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(images, epochs=50, batch_size=6, verbose=0)
    bounds = [
        np.mean([model.log_likelihood(images, k, seed=s).mean for s in range(20)])
        for k in (1, 5, 50, 500)
    ]
    assert bounds == sorted(bounds)


def linear_gaussian_model(scale=0.3):
    """Linear decoder, fixed scale: `p(x)` is normal and known in closed form."""
    seed_initializers(3)
    encoder = mlp((2, 2, 1), [], (4,), name="encoder")
    decoder = mlp((2,), [], (2, 2, 1), name="decoder")
    model = VAE(encoder, decoder, GaussianLikelihood(scale))
    kernel, bias = (np.array(w) for w in decoder.weights)
    covariance = kernel.T @ kernel + scale**2 * np.eye(4)
    return model, tfd.MultivariateNormalFullCovariance(bias, covariance.astype("f4"))


def test_the_bound_reaches_the_exact_likelihood_of_a_linear_model():
    model, exact = linear_gaussian_model()
    images = Rows(5, 0).uniform((2, 2, 1), "test").numpy()
    bound = model.log_likelihood(images, num_importance_samples=20_000)
    truth = exact.log_prob(images.reshape(5, 4)).numpy()
    np.testing.assert_allclose(bound.per_example, truth, atol=0.25)
    assert bound.mean == pytest.approx(truth.mean(), abs=4 * bound.monte_carlo_error)


def test_the_bound_is_exact_with_one_sample_at_the_exact_posterior():
    model, exact = linear_gaussian_model()
    kernel = np.array(model.decoder.weights[0])
    # One latent drives each pair of pixels, so that the posterior is diagonal.
    kernel = np.array([[1.0, 0.5, 0, 0], [0, 0, 0.7, -1.0]], "f4")
    model.decoder.weights[0].assign(kernel)
    precision = np.eye(2) + kernel @ kernel.T / 0.09
    covariance = np.linalg.inv(precision)
    bias = np.array(model.decoder.weights[1])
    model.encoder.weights[0].assign(
        np.concatenate([kernel.T @ covariance / 0.09, np.zeros((4, 2))], axis=1)
    )
    log_scale = 0.5 * np.log(np.diag(covariance))
    mean = -bias @ kernel.T @ covariance / 0.09
    model.encoder.weights[1].assign(np.concatenate([mean, log_scale]))
    images = Rows(5, 0).uniform((2, 2, 1), "test").numpy()
    truth = tfd.MultivariateNormalFullCovariance(
        bias, (kernel.T @ kernel + 0.09 * np.eye(4)).astype("f4")
    ).log_prob(images.reshape(5, 4))
    for samples in (1, 7):
        bound = model.log_likelihood(images, samples, seed=samples)
        np.testing.assert_allclose(bound.per_example, truth, atol=1e-3)
        assert bound.monte_carlo_error < 1e-3


def test_the_bound_does_not_depend_on_how_it_is_cut():
    model = tiny()
    images = np.round(Rows(45, 0).uniform((8, 8, 1), "test").numpy())
    whole = model.log_likelihood(images, num_importance_samples=70)
    part = model.log_likelihood(images[:3], num_importance_samples=70)
    np.testing.assert_allclose(part.per_example, whole.per_example[:3], atol=1e-4)
    assert whole.standard_error == pytest.approx(
        whole.per_example.std(ddof=1) / np.sqrt(45)
    )


def test_the_monte_carlo_error_is_the_spread_over_seeds(images):
    model = tiny()
    # A posterior as wide as the prior bounds the weights, and so their variance.
    model.encoder.set_weights([0.0 * weight for weight in model.encoder.get_weights()])
    bounds = [model.log_likelihood(images, 50, seed=seed) for seed in range(60)]
    spread = np.std([bound.mean for bound in bounds])
    claimed = np.mean([bound.monte_carlo_error for bound in bounds])
    assert 0.7 < claimed / spread < 1.4


def test_bfloat16_networks_keep_the_bound_in_float32(images):
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = tiny()
    finally:
        keras.mixed_precision.set_global_policy("float32")
    terms = model.loss_terms(Batch(images, Rows(6, 0)), training=True)
    assert {term.dtype for term in terms.values()} == {tf.float32}


def test_convolutional_networks_fit():
    encoder = conv_encoder((8, 8, 3), [4, 8], 10)
    decoder = conv_decoder(5, [8, 4], (8, 8, 3))
    model = VAE(encoder, decoder, BernoulliLikelihood())
    assert model.sample(2, seed=0).shape == (2, 8, 8, 3)


@pytest.mark.parametrize(
    ("encoder", "decoder", "pixels", "message"),
    [
        (
            mlp((8, 8, 1), [], (5,)),
            None,
            None,
            r"`encoder` .* 2 numbers for each.*\(5,\)",
        ),
        (mlp((8, 8, 1), [], (2, 2)), None, None, r"`encoder` must end in .*\(2, 2\)"),
        (mlp((8, 8, 1), [], (4,)), None, None, r"`decoder` must take .*\(2,\)"),
        (None, mlp((3,), [], (8, 9, 1)), None, r"`decoder` must end .*\(8, 8, 1\)"),
        (None, None, LearnedGaussianLikelihood(), r"must end .*\(8, 8, 2\).*Learned"),
        (None, None, "bernoulli", "`output_distribution` must be.*'bernoulli'"),
    ],
)
def test_parts_that_do_not_fit_are_refused(encoder, decoder, pixels, message):
    with pytest.raises(ValueError, match=message):
        VAE(
            encoder or mlp((8, 8, 1), [], (6,)),
            decoder or mlp((3,), [], (8, 8, 1)),
            pixels or BernoulliLikelihood(),
        )


@pytest.mark.parametrize("beta", [-0.1, float("nan")])
def test_bad_beta_is_refused(beta):
    with pytest.raises(
        ValueError, match="`beta` must be at least 0, or be a schedule of .*Received: "
    ):
        tiny(beta=beta)


@pytest.mark.parametrize("samples", [0, -5, 2.5])
def test_bad_numbers_of_importance_samples_are_refused(images, samples):
    with pytest.raises(ValueError, match="`num_importance_samples` must be"):
        tiny().log_likelihood(images, samples)
