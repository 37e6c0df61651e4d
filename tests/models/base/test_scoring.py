"""Anomaly scores are what they are called, and thresholds come from normal data."""

import numpy as np
import pytest
from contracts import make_tiny, unsettle
from linear import COVARIANCE, MEAN, examples, linear_model, marginal

from keras_gen.distributions import BernoulliLikelihood
from keras_gen.domains import Images
from keras_gen.images import compressed_bits
from keras_gen.models import (
    MAF,
    NICE,
    VAE,
    Autoencoder,
    GatedPixelCNN,
    GaussianMixture,
    PixelCNN,
)
from keras_gen.networks import mlp
from keras_gen.random import Rows


def images(num=6):
    return np.round(Rows(num, 2).uniform((8, 8, 1), "x").numpy())


def test_the_score_of_a_linear_autoencoder_is_the_residual_of_its_components():
    x = examples(20)
    _, vectors = np.linalg.eigh(COVARIANCE)
    components = vectors[:, -2:]
    encoder, decoder = mlp((4,), [], (2,)), mlp((2,), [], (4,))
    encoder.layers[-1].set_weights([components, -MEAN @ components])
    decoder.layers[-1].set_weights([components.T, MEAN])
    rest = (x - MEAN) @ vectors[:, :-2]
    found = Autoencoder(encoder, decoder).anomaly_score(x)
    np.testing.assert_allclose(found, np.square(rest).sum(axis=1), atol=1e-5)


def test_the_score_of_exact_likelihoods_is_minus_the_likelihood():
    model, x = make_tiny(PixelCNN), images()
    np.testing.assert_allclose(model.anomaly_score(x), -model.log_prob(x), rtol=1e-5)
    model, y = make_tiny(GatedPixelCNN), [0, 1, 2, 0, 1, 2]
    x = model.sample(6, seed=0, y=y)
    found = model.anomaly_score(x, y)
    np.testing.assert_allclose(found, -model.log_prob(x, y), rtol=1e-5)
    assert model.anomaly_score(x[1], y[1]) == pytest.approx(float(found[1]), rel=1e-5)


@pytest.mark.parametrize("model_class", [MAF, NICE, GaussianMixture])
def test_flows_without_levels_and_mixtures_score_by_their_likelihood(model_class):
    model = make_tiny(model_class)
    x = model.x_domain.draw(Rows(5, 0))
    assert list(model.score_functions()) == ["likelihood"]
    np.testing.assert_allclose(model.anomaly_score(x), -model.log_prob(x), rtol=1e-5)


def test_flows_of_levels_score_by_the_mean_density_between_them():
    model = NICE(Images((2, 2, 1), levels=4), 2, (6,), logit_margin=1e-3)
    unsettle(model)
    x = model.x_domain.draw(Rows(5, 0))
    noise = Rows(16, 0).uniform((2, 2, 1), "dequantization")
    densities = np.array([model.log_density(x, draw + 0.0 * x) for draw in noise])
    mean = np.log(np.exp(densities.astype(np.float64)).mean(axis=0))
    assert list(model.score_functions()) == ["bound", "elbo"]
    np.testing.assert_allclose(model.anomaly_score(x), -mean, rtol=1e-4)
    elbo = model.anomaly_score(x, method="elbo")
    np.testing.assert_allclose(elbo, -densities.mean(axis=0), rtol=1e-4)
    assert np.all(elbo > -mean + 1e-3)


def test_the_bound_is_exact_at_the_exact_posterior():
    x = examples(10)
    exact = -marginal(np.ones(4, bool)).log_prob(x)
    for method in ("bound", "elbo"):
        found = linear_model().anomaly_score(x, method=method)
        np.testing.assert_allclose(found, exact, atol=1e-3)


def test_the_evidence_bound_scores_no_example_below_the_tighter_one():
    model, x = make_tiny(VAE), images(40)
    elbo = model.anomaly_score(x, method="elbo")
    assert np.all(elbo >= model.anomaly_score(x) - 1e-4)
    assert np.any(elbo > model.anomaly_score(x) + 1e-3)


@pytest.mark.parametrize("model", [VAE, PixelCNN, Autoencoder])
def test_a_score_depends_on_the_example_alone(model):
    model, x = make_tiny(model), images()
    found = model.anomaly_score(x)
    np.testing.assert_allclose(model.anomaly_score(x[3:5]), found[3:5], rtol=1e-5)
    again = model.anomaly_score(x[::-1], batch_size=4)
    np.testing.assert_allclose(again[::-1], found, rtol=1e-5)
    single = model.anomaly_score(x[2])
    assert isinstance(single, float)
    assert single == pytest.approx(float(found[2]), rel=1e-5)


def test_the_likelihood_ratio_of_two_identical_models_is_zero():
    model, x = make_tiny(VAE), images()
    for method in (None, "elbo"):
        ratio = model.anomaly_score(x, method=method, background=model)
        np.testing.assert_array_equal(ratio, 0)
    exact = make_tiny(PixelCNN)
    found = model.anomaly_score(x, background=exact)
    expected = model.anomaly_score(x) - exact.anomaly_score(x)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_complexity_takes_the_nats_of_the_file_away():
    model, x = make_tiny(VAE), images()
    x[0] = 0
    bits = compressed_bits(model.x_domain.to_bytes(x))
    assert bits[0] < bits[1:].min()
    expected = model.anomaly_score(x) - np.log(2) * bits
    found = model.anomaly_score(x, complexity=True)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_what_is_unknown_has_no_part_in_a_score():
    x, known = examples(5), np.array([True, False, True, True])
    x[:, ~known] = np.nan
    model = linear_model(optional=True)
    rest = np.square(model.reconstruct(x) - x)[:, known].sum(axis=1)
    found = model.anomaly_score(x, method="reconstruction")
    np.testing.assert_allclose(found, rest, rtol=1e-5)
    domain = Images((8, 8, 1), optional=True)
    networks = mlp((8, 8, 1), [], (4,)), mlp((2,), [], (8, 8, 1))
    model = VAE(*networks, BernoulliLikelihood(), x_domain=domain)
    assert np.isfinite(model.anomaly_score(images(), complexity=True)).all()
    with pytest.raises(ValueError, match="`complexity` must be False where `x` holds"):
        model.anomaly_score(np.where(images() > 0, 1, np.nan), complexity=True)


@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.99])
def test_a_threshold_leaves_no_more_normal_examples_above_than_it_should(quantile):
    model, normal = linear_model(), examples(200)
    threshold = model.fit_threshold(normal, quantile)
    above = model.anomaly_score(normal) > threshold
    assert 1 - quantile - 0.011 <= above.mean() <= 1 - quantile + 1e-9
    np.testing.assert_array_equal(model.is_anomaly(normal), above)
    assert model.is_anomaly(MEAN + 9) is True
    # What is scored later does not move it.
    model.is_anomaly(normal + 9)
    np.testing.assert_array_equal(model.is_anomaly(normal), above)


def test_anomalies_are_told_by_the_score_of_the_threshold():
    model, normal = linear_model(), examples(50)
    threshold = model.fit_threshold(normal, 0.8, method="reconstruction")
    scores = model.anomaly_score(normal, method="reconstruction")
    np.testing.assert_array_equal(model.is_anomaly(normal), scores > threshold)
    background, before = linear_model(widening=2.0), len(model.weights)
    threshold = model.fit_threshold(normal, 0.8, background=background)
    scores = model.anomaly_score(normal, background=background)
    np.testing.assert_array_equal(model.is_anomaly(normal), scores > threshold)
    assert len(model.weights) == before


def test_bad_input_is_refused_by_its_name():
    model, x = linear_model(), examples(3)
    with pytest.raises(ValueError, match="`threshold` is not there yet"):
        model.is_anomaly(x)
    for quantile in (0, 1, -0.5, 2, np.nan, "all"):
        with pytest.raises(ValueError, match="`quantile` must lie between 0 and 1"):
            model.fit_threshold(x, quantile)
    with pytest.raises(ValueError, match="`normal` must have shape"):
        model.fit_threshold(x[:, :2])
    for options, message in (
        ({"method": "smell"}, "`method` must be one of bound, elbo, reconstruction"),
        ({"complexity": True}, "`complexity` must be False: vectors are no images"),
        ({"background": "vae"}, "`background` must be a model of examples"),
        ({"background": make_tiny(VAE)}, "`background` must be a model of examples"),
        (
            {"background": model, "method": "reconstruction"},
            "`background` must be left out: the score 'reconstruction' is not in nats",
        ),
        ({"y": [1, 2, 3]}, "`y` must be left out"),
        ({"batch_size": 0}, "`batch_size` must be an integer"),
    ):
        with pytest.raises(ValueError, match=message):
            model.anomaly_score(x, **options)
