"""Tests of the kernel distance.

Golden values are of the packages named beside them, with torch 2.15.0 and NumPy 2.4.6.
"""

import numpy as np
import pytest

from keras_gen.metrics import full_kernel_distance, kernel, kernel_distance


def golden_sets():
    random = np.random.default_rng(20)
    real = random.standard_normal((500, 16)) * np.linspace(0.2, 2.0, 16)
    fake = random.standard_normal((500, 16)) * np.linspace(0.4, 1.6, 16) + 0.3
    return real, fake


def by_definition(a, b):
    def kernel_of(x, y):
        return (x @ y.T / x.shape[1] + 1.0) ** 3

    aa, bb = kernel_of(a, a), kernel_of(b, b)
    within_a = (aa.sum() - np.trace(aa)) / (len(a) * (len(a) - 1))
    within_b = (bb.sum() - np.trace(bb)) / (len(b) * (len(b) - 1))
    return within_a + within_b - 2.0 * kernel_of(a, b).mean()


@pytest.mark.parametrize(
    "value",
    [
        0.3823461415913698,  # torchmetrics 1.9.0, poly_mmd on float64
        0.38234614159137026,  # torch-fidelity 0.4.0, kernel_mmd
    ],
)
def test_golden_values(value):
    assert full_kernel_distance(*golden_sets()) == pytest.approx(value, rel=1e-9)


def test_golden_values_of_blocks(monkeypatch):
    # torchmetrics 1.9.0, poly_mmd of rows 0-99, 100-199, ... on float64
    values = [
        0.773696276964865,
        0.32468529649486877,
        0.35945451460854194,
        0.40696878831950434,
        0.22897666254806648,
    ]
    monkeypatch.setattr(
        kernel, "_blocks", lambda features, num, *_: np.split(features, num)
    )
    result = kernel_distance(*golden_sets(), block_size=100)
    assert result.num_blocks == 5
    assert result.value == pytest.approx(np.mean(values), rel=1e-9)
    error = np.std(values, ddof=1) / np.sqrt(5)
    assert result.standard_error == pytest.approx(error, rel=1e-9)


def test_sets_of_unequal_size():
    real, fake = golden_sets()
    value = full_kernel_distance(real, fake[:70])
    assert value == pytest.approx(by_definition(real, fake[:70]), rel=1e-10)
    assert value == pytest.approx(full_kernel_distance(fake[:70], real), rel=1e-10)


def test_one_block_is_the_full_set():
    real, fake = golden_sets()
    result = kernel_distance(real, fake[:90], block_size=1000)
    assert result.num_blocks == 1
    assert np.isnan(result.standard_error)
    expected = full_kernel_distance(real, fake[:90])
    assert result.value == pytest.approx(expected, rel=1e-10)


def test_blocks_use_each_sample_once():
    features = np.arange(103.0)[:, None]
    blocks = list(kernel._blocks(features, 10, 0, "a"))
    assert {len(block) for block in blocks} == {10, 11}
    np.testing.assert_array_equal(np.sort(np.concatenate(blocks), axis=0), features)
    others = np.concatenate(list(kernel._blocks(features, 10, 1, "a")))
    assert (others != np.concatenate(blocks)).any()


def test_it_is_unbiased_for_equal_distributions():
    random = np.random.default_rng(4)
    values = [full_kernel_distance(*random.normal(size=(2, 20, 6))) for _ in range(400)]
    error = np.std(values, ddof=1) / np.sqrt(400)
    assert abs(np.mean(values)) < 3 * error


def test_it_is_unbiased_for_different_distributions():
    # In one dimension the kernel compares moments: the distance is the sum of
    # (1, 3, 3, 1)[i] (E[x^i] - E[y^i])^2, here between N(0, 1) and N(1, 1).
    exact = 3 * 1 + 3 * (2 - 1) ** 2 + (4 - 0) ** 2
    random = np.random.default_rng(5)
    for num in (5, 50):
        values = [
            full_kernel_distance(
                random.normal(size=(num, 1)), random.normal(1.0, size=(num, 1))
            )
            for _ in range(1500 // num * 5)
        ]
        error = np.std(values, ddof=1) / np.sqrt(len(values))
        assert abs(np.mean(values) - exact) < 3 * error


def test_the_standard_error_is_the_spread_of_repeated_sets():
    random = np.random.default_rng(6)
    results = [
        kernel_distance(*random.normal(size=(2, 400, 4)), block_size=20)
        for _ in range(60)
    ]
    spread = np.std([result.value for result in results], ddof=1)
    errors = np.mean([result.standard_error for result in results])
    assert errors == pytest.approx(spread, rel=0.3)


def test_it_grows_with_noise():
    features, other, noise = np.random.default_rng(7).normal(size=(3, 400, 8))
    values = [full_kernel_distance(features, other + s * noise) for s in (0, 1, 2, 4)]
    assert values == sorted(values)


def test_chunks_do_not_change_it(monkeypatch):
    real, fake = golden_sets()
    monkeypatch.setattr(kernel, "_ENTRIES_AT_ONCE", 1700)
    value = full_kernel_distance(real, fake)
    assert value == pytest.approx(0.3823461415913698, rel=1e-9)


def test_bad_input():
    real, fake = golden_sets()
    bad = {
        "`features_a` and `features_b` are the same set": (real, real),
        "are the same set, compared with itself.*500, 16": (real, real.copy()),
        "equally many features": (real, fake[:, :3]),
        "`features_b` must hold at least 2 samples. Received: 1": (real, fake[:1]),
        "`features_a` must hold at least 2 samples. Received: 0": (real[:0], fake),
        "`features_a` must be finite": (np.where(real > 1, np.nan, real), fake),
        r"`features_b` must have shape .*\(500,\)": (real, fake[:, 0]),
    }
    for message, sets in bad.items():
        for distance in (kernel_distance, full_kernel_distance):
            with pytest.raises(ValueError, match=message):
                distance(*sets)
    with pytest.raises(ValueError, match="`block_size` .* at least 2. Received: 1"):
        kernel_distance(real, fake, block_size=1)
    with pytest.raises(ValueError, match="`seed` .* Received: -1"):
        kernel_distance(real, fake, seed=-1)
