"""Tests of the Fréchet distance.

Golden values are of the packages named beside them, with torch 2.15.0 and NumPy 2.4.6.
"""

import warnings

import numpy as np
import pytest

from keras_gen.metrics import (
    FrechetStatistics,
    frechet,
    frechet_distance,
    frechet_distance_of_statistics,
)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def rotation(size, seed=1):
    return np.linalg.qr(normal(size, size, seed=seed))[0]


def golden_sets():
    random = np.random.default_rng(20)
    real = random.standard_normal((500, 16)) * np.linspace(0.2, 2.0, 16)
    fake = random.standard_normal((500, 16)) * np.linspace(0.4, 1.6, 16) + 0.3
    return real, fake


def statistics_of(*batches):
    statistics = FrechetStatistics()
    for batch in batches:
        statistics.update(batch)
    return statistics


@pytest.mark.parametrize(
    "value",
    [
        2.4207133062119937,  # torch-fidelity 0.4.0, fid_statistics_to_metric
        2.420713306212015,  # torchmetrics 1.9.0, _compute_fid on float64
    ],
)
def test_golden_values(value):
    assert frechet_distance(*golden_sets()) == pytest.approx(value, rel=1e-9)


def test_float32_features_lose_no_more_than_their_rounding():
    real, fake = golden_sets()
    value = frechet_distance(real.astype(np.float32), fake.astype(np.float32))
    assert value == pytest.approx(2.4207133062119937, rel=1e-6)


def test_gaussians_with_one_set_of_axes():
    # The distance is sum((mean_a - mean_b)^2 + (deviation_a - deviation_b)^2).
    axes = rotation(6)
    deviation_a, deviation_b = np.linspace(0.1, 3.0, 6), np.linspace(2.0, 0.5, 6)
    mean_a, mean_b = normal(2, 6, seed=2)
    value = frechet_distance_of_statistics(
        mean_a,
        axes * deviation_a**2 @ axes.T,
        mean_b,
        axes * deviation_b**2 @ axes.T,
    )
    expected = np.sum((mean_a - mean_b) ** 2 + (deviation_a - deviation_b) ** 2)
    assert value == pytest.approx(expected, rel=1e-12)


def test_trace_of_the_root_is_that_of_the_symmetric_eigenvalues():
    a, b = (x @ x.T for x in normal(2, 5, 5))
    values, vectors = np.linalg.eigh(a)
    root = vectors * np.sqrt(values) @ vectors.T
    trace = np.sqrt(np.linalg.eigvalsh(root @ b @ root)).sum()
    expected = np.trace(a) + np.trace(b) - 2 * trace
    zero = np.zeros(5)
    value = frechet_distance_of_statistics(zero, a, zero, b)
    assert value == pytest.approx(expected, rel=1e-12)


def test_singular_covariances_lose_no_precision():
    deviation = np.array([1.0, 1e-3, 1e-6, 0.0])
    zero, covariance = np.zeros(4), np.diag(deviation**2)
    assert frechet_distance_of_statistics(zero, covariance, zero, covariance) < 1e-14
    turned = rotation(4) @ covariance @ rotation(4).T
    assert frechet_distance_of_statistics(zero, turned, zero, turned) < 1e-14
    other = frechet_distance_of_statistics(zero, 0 * covariance, zero, covariance)
    assert other == pytest.approx(np.trace(covariance), rel=1e-14)


def test_a_set_is_at_no_distance_from_itself():
    features = normal(200, 8)
    assert frechet_distance(features, features) < 1e-12


def test_it_is_symmetric_and_invariant_to_rotation_and_order():
    real, fake = golden_sets()
    value = frechet_distance(real, fake)
    axes, order = rotation(16), np.random.default_rng(3).permutation(500)
    assert frechet_distance(fake, real) == pytest.approx(value, rel=1e-10)
    assert frechet_distance(real @ axes, fake @ axes) == pytest.approx(value, rel=1e-10)
    assert frechet_distance(real[order], fake) == pytest.approx(value, rel=1e-10)


def test_it_grows_with_noise():
    features, noise = normal(500, 8), normal(500, 8, seed=1)
    values = [frechet_distance(features, features + s * noise) for s in (0, 0.3, 1, 3)]
    assert values == sorted(values)
    assert values[1] > 1e-3


def test_it_grows_with_missing_modes():
    modes = 10 * normal(4, 6)
    real, fake = modes[np.arange(400) % 4] + normal(2, 400, 6, seed=1)
    kept = [fake[np.arange(400) % 4 < num] for num in (4, 3, 2)]
    values = [frechet_distance(real, some) for some in kept]
    assert values[0] < 0.1 * values[1] < 0.1 * values[2]


def test_it_is_biased_upwards_less_with_more_samples():
    values = [frechet_distance(*normal(2, num, 8)) for num in (20, 200, 2000)]
    assert values[0] > 4 * values[1] > 16 * values[2] > 0


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_streaming_is_one_pass(offset):
    features = normal(1000, 5) + offset
    streamed = statistics_of(*np.split(features, [1, 10, 500, 999]))
    assert streamed.num_samples == 1000
    np.testing.assert_allclose(streamed.mean, features.mean(axis=0), rtol=1e-14)
    centred = features - features.mean(axis=0)
    np.testing.assert_allclose(
        streamed.covariance, centred.T @ centred / 999, rtol=1e-8, atol=1e-9
    )


def test_merged_halves_are_one_pass():
    features = normal(300, 5) + 7.0
    halves = statistics_of(features[:70])
    halves.merge(statistics_of(features[70:]))
    halves.merge(FrechetStatistics())
    whole = statistics_of(features)
    assert halves.num_samples == 300
    np.testing.assert_allclose(halves.mean, whole.mean, rtol=1e-13)
    np.testing.assert_allclose(halves.covariance, whole.covariance, rtol=1e-12)


def test_chunks_do_not_change_it(monkeypatch):
    real, fake = golden_sets()
    monkeypatch.setattr(frechet, "_ROWS_AT_ONCE", 7)
    assert frechet_distance(real, fake) == pytest.approx(2.4207133062119937, rel=1e-9)


def test_its_statistics_are_those_of_numpy():
    real, _ = golden_sets()
    np.testing.assert_allclose(
        statistics_of(real).covariance, np.cov(real, rowvar=False), atol=1e-14
    )


def test_too_few_samples_are_warned_of():
    with pytest.warns(UserWarning, match="8 samples of 8 features"):
        frechet_distance(normal(8, 8), normal(9, 8, seed=1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frechet_distance(normal(9, 8), normal(9, 8, seed=1))


@pytest.mark.parametrize(
    ("features_a", "message"),
    [
        (np.zeros((0, 2)), "`features_a` must hold at least 2 samples. Received: 0"),
        (np.zeros((1, 2)), "`features_a` must hold at least 2 samples. Received: 1"),
        (np.full((3, 2), np.nan), "`features_a` must be finite. Received: 6 NaN"),
        (np.full((3, 2), np.inf), "`features_a` must be finite"),
        (np.zeros(3), r"`features_a` must have shape .* \(3,\)"),
        (np.zeros((3, 2, 2)), r"`features_a` must have shape .* \(3, 2, 2\)"),
        (np.zeros((3, 0)), r"`features_a` must have shape .* \(3, 0\)"),
        (np.zeros((3, 5)), r"equally many features.*\(3, 5\) and \(4, 2\)"),
        (np.zeros((3, 2), complex), "must hold real numbers. Received: complex128"),
        ([["a", "b"]], "must hold real numbers"),
    ],
)
def test_bad_features(features_a, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(features_a, normal(4, 2))


def test_bad_statistics():
    zero, one = np.zeros(2), np.eye(2)
    bad = {
        r"`mean_a` and `mean_b` must have one shape": (zero, one, np.zeros(3), one),
        r"`mean_a` must have shape": (one, one, zero, one),
        r"`covariance_b` must have shape \(2, 2\)": (zero, one, zero, np.eye(3)),
        r"`covariance_b` must be symmetric": (zero, one, zero, [[1, 1], [0, 1]]),
        r"`covariance_a` must have no negative eigen.*-1": (zero, -one, zero, one),
        r"`mean_b` must be finite": (zero, one, zero + np.nan, one),
    }
    for message, arguments in bad.items():
        with pytest.raises(ValueError, match=message):
            frechet_distance_of_statistics(*arguments)


def test_bad_streams():
    statistics = FrechetStatistics()
    with pytest.raises(ValueError, match="at least 1 samples. Received: 0"):
        _ = statistics.mean
    statistics.update(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="at least 2 samples. Received: 1"):
        _ = statistics.covariance
    with pytest.raises(ValueError, match="`features` must have 3 features.*: 4"):
        statistics.update(np.zeros((1, 4)))
    with pytest.raises(ValueError, match="`other` must have 3 features.*: 2"):
        statistics.merge(statistics_of(np.zeros((1, 2))))
