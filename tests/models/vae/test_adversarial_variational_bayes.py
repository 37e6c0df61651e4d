import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract, PhasesContract, SamplerContract
from players import learners

from keras_gen.distributions import (
    BernoulliLikelihood,
    DiscretizedLogisticLikelihood,
    GaussianLikelihood,
)
from keras_gen.models import AdversarialVariationalBayes
from keras_gen.models.base import Batch
from keras_gen.networks import mlp
from keras_gen.random import Rows


def tiny(seed=0, contrast_draws=2, **options):
    encoder = mlp([(8, 8, 1), (4,)], [16], (2,), name="encoder")
    decoder = mlp((2,), [16], (8, 8, 1), name="decoder")
    discriminator = mlp([(8, 8, 1), (2,)], [16], (1,), name="discriminator")
    networks = encoder, decoder, discriminator
    pixels = BernoulliLikelihood()
    options = {"seed": seed, "name": "tiny", **options}
    return AdversarialVariationalBayes(*networks, pixels, contrast_draws, **options)


class TestContract(SamplerContract, AutoencodingContract, PhasesContract):
    model_class = AdversarialVariationalBayes

    def make(self, seed=0):
        return tiny(seed=seed)


MEAN, SCALE, SLOPE = 0.8, 0.5, 0.6


def quadratic():
    """A discriminator with a logit that is any quadratic function of x and z."""
    x, z = keras.Input((1,)), keras.Input((1,))
    terms = keras.layers.Concatenate()([x, z, x * x, x * z, z * z])
    return keras.Model([x, z], keras.layers.Dense(1)(terms))


def normal_posterior(contrast_draws=0):
    """A model with the posterior N(SLOPE x + MEAN, SCALE^2)."""
    encoder = mlp([(1,), (1,)], [], (1,))
    encoder.set_weights([np.array([[SLOPE], [SCALE]]), np.array([MEAN])])
    networks = encoder, mlp((1,), [], (1,)), quadratic()
    likelihood = GaussianLikelihood(1.0)
    return AdversarialVariationalBayes(*networks, likelihood, contrast_draws)


def log_ratio():
    """Weights of the logit that is log q(z | x) - log p(z)."""
    a = 1 / SCALE**2
    bias = -np.log(SCALE) - 0.5 * a * MEAN**2
    kernel = [-SLOPE * a * MEAN, a * MEAN, -0.5 * a * SLOPE**2, a * SLOPE]
    return [np.array([*kernel, 0.5 - 0.5 * a])[:, None], np.array([bias])]


def batch_of(num):
    x = tf.constant(Rows(num, 1).normal((1,), "x"))
    return Batch(x, Rows(num, 0))


def slope(terms, name, network):
    values = [v.value for v in network.trainable_variables]
    with tf.GradientTape() as tape:
        loss = terms()[name]
    return [g.numpy() for g in tape.gradient(loss, values)]


def test_the_best_discriminator_is_the_log_ratio_of_posterior_and_prior():
    # The loss is convex in these weights: it is least where the gradient is zero.
    model, batch = normal_posterior(), batch_of(200_000)
    judge = model.discriminator

    def gradient():
        terms = lambda: model.discriminator_terms(batch, True)  # noqa: E731
        found = slope(terms, "discriminator_loss", judge)
        return np.concatenate([g.ravel() for g in found])

    judge.set_weights(log_ratio())
    # Six standard errors of a mean of products that are mostly below 1.
    assert np.abs(gradient()).max() < 0.012
    for index in range(2):
        wrong = log_ratio()
        wrong[index] = wrong[index] + 0.3
        judge.set_weights(wrong)
        assert np.abs(gradient()).max() > 0.03


def test_the_mean_of_the_best_logit_is_the_divergence():
    model, batch = normal_posterior(), batch_of(100_000)
    model.discriminator.set_weights(log_ratio())
    mean = SLOPE * batch.x.numpy() + MEAN
    divergence = 0.5 * np.mean(SCALE**2 + mean**2 - 1 - 2 * np.log(SCALE))
    found = model.autoencoder_terms(batch, True)["rate"]
    assert float(found) == pytest.approx(divergence, abs=0.02)


def test_the_encoder_learns_as_from_the_divergence_itself():
    # The mean over the posterior of the derivative of the best logit in the weights of
    # the posterior is zero, so only the path through the latents counts.
    model, batch = normal_posterior(), batch_of(200_000)
    model.discriminator.set_weights(log_ratio())
    kernel, bias = slope(
        lambda: model.autoencoder_terms(batch, True), "rate", model.encoder
    )
    x = batch.x.numpy()
    mean = SLOPE * x + MEAN
    expected = [np.mean(mean * x), SCALE - 1 / SCALE]
    np.testing.assert_allclose(kernel.ravel(), expected, atol=0.02)
    assert float(bias[0]) == pytest.approx(np.mean(mean), abs=0.02)


def test_with_the_exact_contrast_nothing_is_left_to_learn():
    model, batch = normal_posterior(contrast_draws=128), batch_of(10_000)
    judge = model.discriminator
    judge.set_weights([np.zeros((5, 1)), np.zeros(1)])
    found = slope(
        lambda: model.discriminator_terms(batch, True), "discriminator_loss", judge
    )
    # Mean and scale are those of 128 draws, and so a little off.
    assert np.abs(found[0]).max() < 0.04
    mean = SLOPE * batch.x.numpy() + MEAN
    divergence = 0.5 * np.mean(SCALE**2 + mean**2 - 1 - 2 * np.log(SCALE))
    rate = float(model.autoencoder_terms(batch, True)["rate"])
    assert rate == pytest.approx(divergence, abs=0.05)
    # Without contrast a logit of zero would say that the rate is zero.
    plain = normal_posterior()
    plain.discriminator.set_weights(judge.get_weights())
    assert float(plain.autoencoder_terms(batch, True)["rate"]) == 0.0


def test_without_use_of_its_noise_an_encoder_is_deterministic():
    model, x = tiny(), tf.constant(TestContract().x(6))
    noise = [Rows(6, seed).normal((4,), "noise") for seed in (0, 1)]
    assert not np.allclose(*(model.infer(x, some) for some in noise))
    kernel = model.encoder.get_layer("hidden_0").kernel
    kernel.assign(np.concatenate([kernel[:64], np.zeros((4, 16))]))
    first, second = (model.infer(x, some) for some in noise)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, model.encode(x))


def test_the_likelihood_says_what_is_decoded():
    model = AdversarialVariationalBayes(
        mlp([(8, 8, 1), (4,)], [], (2,)),
        mlp((2,), [], (8, 8, 2)),
        mlp([(8, 8, 1), (2,)], [], (1,)),
        DiscretizedLogisticLikelihood(center_by="median"),
    )
    latents = np.full((1, 2), 9.0, np.float32)
    expected = np.clip(0.5 + model.decoder(latents)[..., :1], 0, 1)
    np.testing.assert_allclose(model.decode(latents), expected, atol=1e-6)


def test_each_phase_has_its_own_networks():
    assert learners(tiny(), ("encoder", "decoder", "discriminator")) == {
        "autoencoder": {"encoder", "decoder"},
        "discriminator": {"discriminator"},
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"encoder": mlp((8, 8, 1), [], (2,))}, "`encoder` must have 2 inputs.*with 1"),
        (
            {"decoder": mlp((3,), [], (8, 8, 1))},
            r"`decoder` must take the latents .*\(3,\)",
        ),
        (
            {"decoder": mlp((2,), [], (8, 8, 2))},
            r"`decoder` must end in shape \(8, 8, 1\).*\(8, 8, 2\)",
        ),
        (
            {"decoder": mlp((2,), [], (8, 8, 1), output_activation="sigmoid")},
            "`decoder` must end in the parameters of Bernoulli.*sigmoid",
        ),
        ({"discriminator": mlp((2,), [], (1,))}, "`discriminator` must have 2 inputs"),
        ({"output_distribution": "normal"}, "`output_distribution` must be a like"),
        ({"contrast_draws": 1}, "`contrast_draws` must be 0, or at least 2.*1"),
        ({"contrast_draws": -2}, "`contrast_draws` must be an integer.*-2"),
    ],
)
def test_what_does_not_match_is_refused(change, message):
    model = tiny()
    names = ("encoder", "decoder", "discriminator", "output_distribution")
    given = {name: getattr(model, name) for name in names}
    with pytest.raises(ValueError, match=message):
        AdversarialVariationalBayes(**{**given, **change})
