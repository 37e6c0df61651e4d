"""Tests of bits per dimension, importance-weighted bounds and active units."""

import numpy as np
import pytest

from keras_gen.metrics import (
    active_units,
    bits_per_dimension,
    importance_weighted_bound,
    likelihood,
)


def test_uniform_bytes_take_eight_bits():
    assert bits_per_dimension(3072 * np.log(256), 3072) == pytest.approx(8.0)


def test_bits_of_many_images():
    nats = np.array([[0.0, 10.0], [20.0, np.inf]], np.float32)
    bits = bits_per_dimension(nats, 10)
    assert bits.dtype == np.float64
    np.testing.assert_allclose(bits, nats / 10 / np.log(2))
    assert isinstance(bits_per_dimension(1, 1), float)


@pytest.mark.parametrize(
    ("nats", "num_dimensions", "message"),
    [
        (np.nan, 10, "`nats` holds NaN: 1 values of 1"),
        (1.0, 0, "`num_dimensions` must be an integer of at least 1. Received: 0"),
        (1.0, 2.5, "`num_dimensions` .* Received: 2.5"),
    ],
)
def test_bad_bits(nats, num_dimensions, message):
    with pytest.raises(ValueError, match=message):
        bits_per_dimension(nats, num_dimensions)


def test_one_draw_is_the_mean_and_all_draws_the_log_mean_weight():
    log_weights = np.random.default_rng(0).normal(size=(12, 5))
    bound = importance_weighted_bound(log_weights, (1, 12))
    np.testing.assert_allclose(bound.per_image[0], log_weights.mean(axis=0))
    np.testing.assert_allclose(
        bound.per_image[1], np.log(np.exp(log_weights).mean(axis=0))
    )
    np.testing.assert_allclose(bound.mean, bound.per_image.mean(axis=1))
    error = bound.per_image.std(axis=1, ddof=1) / np.sqrt(5)
    np.testing.assert_allclose(bound.standard_error, error)


def test_groups_are_disjoint_and_the_rest_is_left():
    log_weights = np.log([[1.0], [3.0], [5.0], [7.0], [100.0]])
    bound = importance_weighted_bound(log_weights, [2])
    np.testing.assert_allclose(bound.per_image, [[np.log(2 * 6) / 2]])
    assert np.isnan(bound.standard_error).all()


def test_bounds_rise_to_the_log_likelihood():
    # Log weights of N(-s^2 / 2, s^2) have a mean weight of 1: the likelihood.
    random = np.random.default_rng(1)
    log_weights = random.normal(-0.5, 1.0, size=(1024, 400))
    bound = importance_weighted_bound(log_weights, 2 ** np.arange(11))
    assert bound.num_samples == tuple(2**power for power in range(11))
    assert (np.diff(bound.mean) > 0).all()
    assert bound.mean[0] == pytest.approx(-0.5, abs=0.01)
    assert bound.mean[-1] == pytest.approx(0.0, abs=0.01)


def test_each_bound_is_unbiased():
    # With two draws, E[log((w1 + w2) / 2)] by quadrature over N(-1/2, 1).
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    first, second = np.meshgrid(nodes - 0.5, nodes - 0.5)
    weights = np.outer(weights, weights) / weights.sum() ** 2
    exact = (weights * np.logaddexp(first, second)).sum() - np.log(2)
    log_weights = np.random.default_rng(2).normal(-0.5, 1.0, size=(200, 1000))
    bound = importance_weighted_bound(log_weights, (2,))
    assert abs(bound.mean[0] - exact) < 3 * bound.standard_error[0]


def test_large_and_missing_weights():
    far = np.array([[-1e5, 1e5], [-1e5, 1e5]], np.float32)
    np.testing.assert_array_equal(
        importance_weighted_bound(far, (2,)).per_image, [[-1e5, 1e5]]
    )
    missing = np.array([[-np.inf, -np.inf], [0.0, -np.inf]])
    np.testing.assert_allclose(
        importance_weighted_bound(missing, (2,)).per_image, [[-np.log(2), -np.inf]]
    )


def test_chunks_do_not_change_the_bounds(monkeypatch):
    log_weights = np.random.default_rng(3).normal(size=(12, 50))
    whole = importance_weighted_bound(log_weights, (1, 5, 12))
    monkeypatch.setattr(likelihood, "_ENTRIES_AT_ONCE", 40)
    again = importance_weighted_bound(log_weights, (1, 5, 12))
    np.testing.assert_allclose(again.per_image, whole.per_image, rtol=1e-13)


@pytest.mark.parametrize(
    ("log_weights", "num_samples", "message"),
    [
        (np.zeros(3), (1,), r"must have shape .*Received shape: \(3,\)"),
        (np.zeros((0, 3)), (1,), r"not be empty. Received shape: \(0, 3\)"),
        (np.full((2, 3), np.nan), (1,), "`log_weights` holds NaN: 6 values"),
        (np.full((2, 3), np.inf), (1,), "`log_weights` must be below infinity"),
        (np.zeros((2, 3)), (3,), "at most the number of draws, 2. Received: 3"),
        (np.zeros((2, 3)), (0,), "`num_samples` .* at least 1. Received: 0"),
        (np.zeros((2, 3)), (), r"`num_samples` must be a sequence.*\(\)"),
        (np.zeros((2, 3)), 2, "`num_samples` must be a sequence.*2"),
    ],
)
def test_bad_weights(log_weights, num_samples, message):
    with pytest.raises(ValueError, match=message):
        importance_weighted_bound(log_weights, num_samples)


def test_active_units():
    means = np.random.default_rng(4).normal(size=(5000, 4)) * [1.0, 0.2, 0.05, 0.0]
    units = active_units(means + [0.0, 0.0, 0.0, 9.0])
    assert units.count == 2
    np.testing.assert_allclose(units.variances, means.var(axis=0), atol=1e-12)
    assert active_units(means, threshold=0.001).count == 3
    assert active_units(means, threshold=2.0).count == 0


def test_bad_units():
    with pytest.raises(ValueError, match="`posterior_means` must hold at least 2"):
        active_units(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="`posterior_means` must be finite"):
        active_units(np.full((2, 3), np.nan))
    with pytest.raises(ValueError, match="`threshold` must be at least 0.*-1"):
        active_units(np.zeros((2, 3)), threshold=-1)
