"""Tests of the sliced Wasserstein distance."""

import math

import numpy as np
import pytest

from keras_gen.metrics import sliced_wasserstein, sliced_wasserstein_distance


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def test_one_dimension_is_the_sorted_formula():
    a, b = normal(2, 300, 1)
    exact = np.abs(np.sort(a[:, 0]) - np.sort(b[:, 0])).mean()
    result = sliced_wasserstein_distance(a, b, num_projections=4)
    assert result.value == pytest.approx(exact, rel=1e-12)
    assert result.standard_error == pytest.approx(0.0, abs=1e-12)


def test_golden_value_of_unequal_counts():
    random = np.random.default_rng(22)
    a, b = random.standard_normal((70, 1)), 2 * random.standard_normal((45, 1)) + 1
    # scipy 1.17.1, stats.wasserstein_distance
    value = sliced_wasserstein_distance(a, b, num_projections=1).value
    assert value == pytest.approx(1.5844344701332929, rel=1e-12)


@pytest.mark.parametrize(("repeat_a", "repeat_b"), [(2, 1), (3, 2), (5, 5)])
def test_repeated_samples_change_nothing(repeat_a, repeat_b):
    a, b = normal(40, 3), 2 * normal(30, 3, seed=1)
    value = sliced_wasserstein_distance(a, b).value
    again = sliced_wasserstein_distance(
        np.repeat(a, repeat_a, axis=0), np.tile(b, (repeat_b, 1))
    )
    assert again.value == pytest.approx(value, rel=1e-12)


def test_a_shift_is_its_mean_length_along_directions():
    a, shift = normal(200, 5), np.array([3.0, 0.0, -4.0, 1.0, 0.0])
    result = sliced_wasserstein_distance(a, a + shift, num_projections=4096)
    directions = sliced_wasserstein._directions(4096, 5, 0)
    assert result.value == pytest.approx(np.abs(directions @ shift).mean(), rel=1e-10)
    # E |<shift, direction>| over the sphere
    mean = math.gamma(2.5) / (math.sqrt(math.pi) * math.gamma(3.0))
    exact = np.linalg.norm(shift) * mean
    assert abs(result.value - exact) < 3 * result.standard_error


def test_gaussians_of_two_widths():
    # W1 of N(0, s^2) and N(0, 1) is (s - 1) E|x|.
    a, b = normal(20000, 4), 3.0 * normal(20000, 4, seed=1)
    value = sliced_wasserstein_distance(a, b, num_projections=16).value
    assert value == pytest.approx(2.0 * math.sqrt(2.0 / math.pi), rel=0.02)


def test_directions_are_uniform_on_the_sphere():
    directions = sliced_wasserstein._directions(4000, 6, 3)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0)
    np.testing.assert_allclose(directions.mean(axis=0), 0.0, atol=0.03)
    second = directions.T @ directions / 4000
    np.testing.assert_allclose(second, np.eye(6) / 6, atol=0.02)


def test_it_is_a_distance():
    a, b, c = normal(3, 50, 4, 2) * np.array([1.0, 2.0, 3.0])[:, None, None, None]
    ab = sliced_wasserstein_distance(a, b).value
    assert sliced_wasserstein_distance(b, a).value == pytest.approx(ab, rel=1e-12)
    assert sliced_wasserstein_distance(a, a).value == 0.0
    assert sliced_wasserstein_distance(a, a[::-1]).value < 1e-12
    ac = sliced_wasserstein_distance(a, c).value
    assert ac <= ab + sliced_wasserstein_distance(b, c).value


def test_samples_of_any_shape():
    a, b = normal(2, 30, 4, 4, 3).astype(np.float32)
    flat = sliced_wasserstein_distance(a.reshape(30, 48), b.reshape(30, 48))
    assert sliced_wasserstein_distance(a, b) == flat
    assert sliced_wasserstein_distance(a[:, 0, 0, 0], b[:, 0, 0, 0]).value > 0


def test_the_seed_chooses_directions():
    a, b = normal(2, 30, 4)
    assert sliced_wasserstein_distance(a, b) == sliced_wasserstein_distance(a, b)
    assert sliced_wasserstein_distance(a, b) != sliced_wasserstein_distance(
        a, b, seed=1
    )


def test_chunks_do_not_change_it(monkeypatch):
    a, b = normal(70, 6), normal(50, 6, seed=1)
    whole = sliced_wasserstein_distance(a, b, num_projections=13)
    monkeypatch.setattr(sliced_wasserstein, "_ENTRIES_AT_ONCE", 200)
    again = sliced_wasserstein_distance(a, b, num_projections=13)
    assert again == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize(
    ("samples_a", "message"),
    [
        (np.zeros((0, 4)), "`samples_a` must hold at least 1 samples. Received: 0"),
        (np.full((3, 4), np.nan), "`samples_a` must be finite"),
        (np.zeros((3, 5)), r"samples of one shape. Received: \(5,\) and \(4,\)"),
        (np.zeros((3, 2, 2)), r"samples of one shape. Received: \(2, 2\) and \(4,\)"),
        (1.0, "`samples_a` must be an array. Received: 1.0"),
    ],
)
def test_bad_samples(samples_a, message):
    with pytest.raises(ValueError, match=message):
        sliced_wasserstein_distance(samples_a, normal(3, 4))


def test_bad_numbers():
    a, b = normal(2, 3, 4)
    with pytest.raises(ValueError, match="`num_projections` .* Received: 0"):
        sliced_wasserstein_distance(a, b, num_projections=0)
    with pytest.raises(ValueError, match="`seed` .* Received: 0.5"):
        sliced_wasserstein_distance(a, b, seed=0.5)
