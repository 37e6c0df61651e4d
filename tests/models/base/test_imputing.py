"""What is missing is filled in from the conditional distribution of the model."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import make_tiny
from linear import conditional, examples, linear_model, marginal

from keras_gen.distributions import BernoulliLikelihood, DiscretizedLogisticLikelihood
from keras_gen.domains import Images, Symbols, Vectors
from keras_gen.layers import GaussianCorruption
from keras_gen.models import MADE, VAE, Autoencoder, DenoisingAutoencoder, PixelCNN
from keras_gen.models.base import marks_of
from keras_gen.networks import mlp
from keras_gen.random import Rows

# The weaker value of each pair is known, so that much is to be found.
KNOWN = np.array([False, True, True, False])
NUM = 2000


def drawn(model, method, steps=60, **options):
    """Independent draws of the unknown values of one example, and the exact ones."""
    x = np.repeat(examples(1), NUM, axis=0)
    x[:, ~KNOWN] = np.nan
    found = model.impute(x, method=method, steps=steps, seed=1, **options)
    np.testing.assert_array_equal(found[:, KNOWN], x[:, KNOWN])
    mean, covariance = conditional(x[0], KNOWN)
    return found[:, ~KNOWN], mean, covariance


def errors(found, mean, covariance):
    """By how many standard errors the means of draws differ from the exact ones."""
    return np.abs(found.mean(axis=0) - mean) / np.sqrt(np.diag(covariance) / NUM)


@pytest.mark.parametrize("method", ["pseudo-gibbs", "metropolis"])
def test_a_linear_model_reaches_the_closed_form_conditional(method):
    found, mean, covariance = drawn(linear_model(), method)
    assert np.all(errors(found, mean, covariance) < 4)
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    assert np.all(np.abs(np.cov(found.T) - covariance) < 6 * scale / np.sqrt(NUM))


def test_a_wrong_posterior_biases_pseudo_gibbs_and_not_metropolis():
    model, spread = linear_model(shift=0.2, widening=2.0), np.sqrt(2 / NUM)
    for method, is_right in (("metropolis", True), ("pseudo-gibbs", False)):
        found, mean, covariance = drawn(model, method, 150)
        ratios = np.diag(np.cov(found.T)) / np.diag(covariance)
        assert np.all(errors(found, mean, covariance) < 4) == is_right
        assert np.all(np.abs(ratios - 1) < 6 * spread) == is_right
        if not is_right:
            assert np.all(errors(found, mean, covariance) > 10)
            assert np.all(ratios - 1 > 6 * spread)


def test_all_latents_of_the_exact_posterior_are_accepted():
    latents = [Rows(5, seed).normal((2,), "latents") for seed in (0, 1)]

    def odds(model):
        pairs = [(some, model.parameters(some)) for some in latents]
        x = tf.constant(examples(5))
        return np.abs(model.log_acceptance(x, model.posterior(x), *pairs))

    assert odds(linear_model()).max() < 1e-3
    assert odds(linear_model(shift=0.2)).min() > 1e-2


def test_expected_values_are_the_means_of_draws():
    mean, exact, covariance = drawn(linear_model(), "metropolis", mean=True)
    assert np.all(np.abs(mean.mean(axis=0) - exact) < 0.02)
    # An average over steps varies less than a draw.
    assert np.all(mean.std(axis=0) < 0.7 * np.sqrt(np.diag(covariance)))


def test_known_values_come_back_to_the_last_bit_after_any_number_of_steps():
    model, x = linear_model(), examples(3).astype("f8") + 1e-9
    for steps, method in itertools.product((1, 2, 5), model.imputation_methods):
        found = model.impute(x, KNOWN, method=method, steps=steps, seed=0)
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found[:, KNOWN], x[:, KNOWN])
        assert not np.any(found[:, ~KNOWN] == x[:, ~KNOWN])


def test_what_is_filled_in_is_a_function_of_seed_and_row():
    model, x = linear_model(), examples(5)
    whole = model.impute(x, KNOWN, seed=3, steps=4)
    parts = model.impute(x, KNOWN, seed=3, steps=4, batch_size=2)
    np.testing.assert_allclose(parts, whole, atol=1e-5)
    last = model.impute(x[3:], KNOWN, seed=3, steps=4, first_row=3)
    np.testing.assert_allclose(last, whole[3:], atol=1e-5)
    assert not np.allclose(model.impute(x, KNOWN, seed=4, steps=4), whole)
    assert not np.array_equal(model.impute(x, KNOWN), model.impute(x, KNOWN))


def test_each_example_may_have_holes_of_its_own():
    model, x = linear_model(), examples(4)
    mask = np.array([[1, 1, 0, 1], [0, 1, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0]], bool)
    found = model.impute(x, mask, seed=0, steps=3)
    np.testing.assert_array_equal(found == x, mask)
    holes = np.where(mask, x, np.nan)
    np.testing.assert_array_equal(model.impute(holes, seed=0, steps=3), found)


def test_grey_levels_are_filled_in_with_grey_levels():
    encoder, decoder = mlp((4, 4, 1), [], (4,)), mlp((2,), [], (4, 4, 2))
    model = VAE(encoder, decoder, DiscretizedLogisticLikelihood(5))
    x = Rows(6, 0).uniform((4, 4, 1), "x").numpy()
    mask = np.arange(16).reshape(4, 4) % 3 > 0
    found = model.impute(x, mask, seed=0, steps=2)
    np.testing.assert_array_equal(np.unique(found[:, ~mask]), np.linspace(0, 1, 5))


def test_a_chain_tells_two_kinds_of_images_by_what_is_known():
    # White in the left half or in the right one: each half tells the other.
    images = np.zeros((64, 4, 4, 1), "f4")
    images[::2, :, :2], images[1::2, :, 2:] = 1.0, 1.0
    model = VAE(mlp((4, 4, 1), [16], (4,)), mlp((2,), [16], (4, 4, 1)), LIKELIHOOD)
    model.compile(keras.optimizers.Adam(2e-2))
    model.fit(images, epochs=40, batch_size=32, verbose=0)
    left = np.arange(4)[None].repeat(4, axis=0) < 2
    found = model.impute(images, left, seed=0, steps=20)
    assert np.mean(found != images) < 0.05


LIKELIHOOD = BernoulliLikelihood()


@pytest.mark.parametrize("likelihood", [BernoulliLikelihood(), None])
def test_hidden_pixels_are_taken_from_the_reconstruction(likelihood):
    model = make_tiny(DenoisingAutoencoder)
    parts = model.encoder, model.decoder
    model = DenoisingAutoencoder(*parts, model.corruption, likelihood)
    assert marks_of(model)["impute"].takes == ("x", "mask")
    x = Rows(3, 0).uniform((8, 8, 1), "x").numpy()
    mask = np.arange(64).reshape(8, 8) % 2 > 0
    rebuilt = model.reconstruct(np.where(mask[..., None], x, 0))
    found = model.impute(x, mask)
    np.testing.assert_allclose(found[:, ~mask], rebuilt.numpy()[:, ~mask], atol=1e-6)
    np.testing.assert_array_equal(found[:, mask], x[:, mask])
    blurred = DenoisingAutoencoder(*parts, GaussianCorruption(0.1))
    assert "impute" not in marks_of(blurred)
    with pytest.raises(ValueError, match="`mask` must be left out.*another corruption"):
        blurred.impute(x, mask)


def test_expected_pixels_of_sites_are_their_exact_probabilities():
    model = MADE((2, 2, 1), BernoulliLikelihood(), hidden_units=(8,))
    model.compiled_sampling = False
    for weight in model.trainable_weights:
        weight.assign(2 * Rows(1, 3).normal(tuple(weight.shape), weight.path)[0])
    every = np.array(list(itertools.product((0, 1), repeat=4)), "f4")
    every = every.reshape(-1, 2, 2, 1)
    mask = np.array([[1, 0], [0, 0]], bool)
    some = every[every[:, 0, 0, 0] == 1]
    chance = np.exp(model.log_prob(some, mask=mask))
    assert chance.sum() == pytest.approx(1, abs=1e-5)
    exact = np.tensordot(chance, some, 1)
    found = model.impute(some[:1], mask, seed=0, steps=600, mean=True)[0]
    np.testing.assert_allclose(found, exact, atol=0.06)


# Data with holes


def test_the_bound_of_examples_with_holes_is_that_of_what_is_known():
    # A wide posterior finds what the encoder cannot see.
    model = linear_model(widening=3.0, optional=True)
    x = examples(3)
    x[:, ~KNOWN] = np.nan
    exact = marginal(KNOWN).log_prob(x[:, KNOWN])
    bound = model.log_likelihood(x, 20_000)
    np.testing.assert_allclose(bound.per_example, exact, atol=0.02)


def test_a_model_learns_from_data_with_holes_alone():
    x = examples(2000, seed=5)
    holes = Rows(2000, 1).uniform((4,), "holes").numpy() < 0.4
    x[holes] = np.nan
    model = linear_model(optional=True)
    layer = model.decoder.layers[-1]
    layer.set_weights([layer.get_weights()[0], np.zeros(4, "f4")])
    model.compile(keras.optimizers.Adam(2e-2))
    losses = model.fit(x, epochs=4, batch_size=50, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(layer.get_weights()[1], np.nanmean(x, axis=0), atol=0.3)


@pytest.mark.parametrize("pixels", [BernoulliLikelihood(), None])
def test_what_stands_in_a_hole_of_an_image_does_not_matter(pixels):
    domain = Images((4, 4, 1), optional=True)
    pixels, values = (pixels, 1) if pixels else (DiscretizedLogisticLikelihood(), 2)
    networks = mlp((4, 4, 1), [], (4,)), mlp((2,), [], (4, 4, values))
    model = VAE(*networks, pixels, x_domain=domain)
    x = np.round(Rows(5, 0).uniform((4, 4, 1), "x").numpy())
    whole = model.log_likelihood(x, 3).per_example
    x[:, 0, 0] = np.nan
    assert np.all(model.log_likelihood(x, 3).per_example != whole)
    assert np.isfinite(model.reconstruct(x)).all()
    again = VAE.from_config(model.get_config())
    assert again.x_domain.optional


def test_models_that_do_not_learn_from_holes_refuse_them():
    domain = Vectors(4, optional=True)
    with pytest.raises(ValueError, match="`x_domain` must be a domain without unknown"):
        Autoencoder(mlp((4,), [], (2,)), mlp((2,), [], (4,)), x_domain=domain)
    domain = Images((4, 4, 1), levels=2, optional=True)
    with pytest.raises(ValueError, match="`x_domain` must be without unknown values"):
        PixelCNN(domain, BernoulliLikelihood(), filters=4, num_layers=1)
    with pytest.raises(ValueError, match="`x` holds NaN"):
        linear_model().log_likelihood(np.full((2, 4), np.nan))
    with pytest.raises(ValueError, match="`x` holds infinity"):
        linear_model(optional=True).log_likelihood(np.full((2, 4), np.inf))
    x = examples(2)
    x[1, 1] = np.nan
    with pytest.raises(ValueError, match="`x` holds NaN where `mask` says.*1 of 8"):
        linear_model(optional=True).impute(x, KNOWN)


# Bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mask": None}, "`mask` must be given, because `x` holds no NaN"),
        ({"mask": np.ones(4, bool)}, "`mask` must know a part.*everything"),
        ({"mask": np.zeros(4, bool)}, "`mask` must know a part.*nothing"),
        ({"mask": np.ones(3, bool)}, "`mask` must have shape"),
        ({"mask": 2 * KNOWN}, "`mask` must be boolean"),
        (
            {"method": "guess"},
            "`method` must be one of metropolis, pseudo-gibbs.*guess",
        ),
        ({"steps": 0}, "`steps` must be an integer of at least 1. Received: 0"),
        ({"seed": -1}, "`seed` must be an integer"),
        ({"batch_size": 0}, "`batch_size` must be an integer"),
        ({"temperature": 0.5}, "takes no temperature"),
        ({"y": [0]}, "`y` must be left out"),
        ({"x": np.full((2, 4), np.nan), "mask": KNOWN}, "`x` holds NaN"),
        ({"x": np.ones((2, 3))}, "`x` must have shape"),
    ],
)
def test_bad_input_is_refused_by_its_name(options, message):
    with pytest.raises(ValueError, match=message):
        linear_model().impute(**{"x": examples(2), "mask": KNOWN, **options})


def test_symbols_have_no_mean():
    model = make_tiny(PixelCNN)
    model.x_domain = Symbols(64, 2)
    with pytest.raises(
        ValueError, match="`mean` must be False: sequences have no mean"
    ):
        model.impute(np.zeros((1, 64), np.int32), np.arange(64) < 5, mean=True)
