"""Tests of precision, recall, density, coverage and nearest neighbours."""

import numpy as np
import pytest

from keras_gen.metrics import (
    density_coverage,
    nearest_neighbours,
    neighbours,
    precision_recall,
    precision_recall_density_coverage,
)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def golden_sets():
    random = np.random.default_rng(20)
    real = random.standard_normal((500, 16)) * np.linspace(0.2, 2.0, 16)
    fake = random.standard_normal((400, 16)) * np.linspace(0.4, 1.6, 16) + 0.3
    return real, fake


def modes(num_modes, num_each, seed):
    centres = 20.0 * normal(num_modes, 8, seed=100)
    return np.repeat(centres, num_each, axis=0) + normal(
        num_modes * num_each, 8, seed=seed
    )


def squared_distances(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return np.stack([np.square(b - row).sum(axis=1) for row in a])


def hard_sets():
    """Pairs of sets on which float32 distances alone fail or a screen is tight."""
    for dim in (1, 3, 64):
        a, b = normal(150, dim, seed=1), normal(120, dim, seed=2)
        centres = 1e4 * np.rint(normal(4, dim, seed=3))
        outlier = a.copy()
        outlier[0] *= 1e6
        yield a, b
        yield a.astype(np.float32), b.astype(np.float32)
        yield a + 1e6, b + 1e6
        yield centres[np.arange(150) % 4] + a, centres[np.arange(120) % 4] + b
        yield np.rint(a), np.rint(b)
        yield outlier, b
        yield b, outlier
        yield 1e-25 * a, 1e-25 * b
        yield 1e25 * a, 1e25 * b
        yield (6e37 * a).astype(np.float32), (6e37 * b).astype(np.float32)
        yield a, np.repeat(b[:1], 50, axis=0)
        yield a, np.repeat(b[:6], 20, axis=0) + 1e-9 * b


@pytest.mark.parametrize(
    ("k", "precision", "recall", "density", "coverage"),
    # prdc 0.2 with scikit-learn 1.9.1, compute_prdc; torch-fidelity 0.4.0,
    # calculate_precision_recall_full, gives the same precision and recall for k of 3
    [(3, 0.8425, 0.632, 0.88, 0.726), (5, 0.915, 0.722, 0.9015, 0.87)],
)
def test_golden_values(k, precision, recall, density, coverage):
    sets = golden_sets()
    assert precision_recall(*sets, k) == pytest.approx((precision, recall), rel=1e-9)
    assert density_coverage(*sets, k) == pytest.approx((density, coverage), rel=1e-9)


def test_defaults_are_the_papers():
    sets = golden_sets()
    assert precision_recall(*sets) == precision_recall(*sets, 3)
    assert density_coverage(*sets) == density_coverage(*sets, 5)


def test_results_are_those_of_float64_distances():
    for a, b in hard_sets():
        within, between = squared_distances(a, a), squared_distances(b, a)
        np.fill_diagonal(within, np.inf)
        for k in (1, 5):
            radii = neighbours._squared_radii(a, k)
            np.testing.assert_allclose(
                radii, np.sort(within, axis=1)[:, k - 1], rtol=1e-13
            )
            squares, _ = neighbours._nearest(b, a, k)
            np.testing.assert_allclose(
                squares, np.sort(between, axis=1)[:, :k], rtol=1e-13
            )
        both = neighbours._squared_radii(a, 1, 5)
        for order in (both, both[::-1]):
            counts = neighbours._count_in_balls(b, a, *order)
            for radii, (balls, held) in zip(order, counts, strict=True):
                inside = between <= radii
                np.testing.assert_array_equal(balls, inside.sum(axis=1))
                np.testing.assert_array_equal(held, inside.sum(axis=0))


@pytest.mark.parametrize("ks", [(3, 5), (5, 3), (4, 4), (1, 7)])
def test_all_at_once_are_those_of_each(ks):
    for real, fake in [golden_sets(), (modes(4, 30, 1), modes(3, 30, 2))]:
        precision_and_recall, dense = precision_recall_density_coverage(real, fake, *ks)
        assert precision_and_recall == precision_recall(real, fake, ks[0])
        assert dense == density_coverage(real, fake, ks[1])
    with pytest.raises(ValueError, match="`k_density_coverage` must be below"):
        precision_recall_density_coverage(*golden_sets(), 3, 500)


def test_bounds_hold():
    for points, centres in hard_sets():
        exact = squared_distances(points, centres)
        radii = np.median(exact) * np.linspace(0.0, 2.0, len(centres))
        screen = neighbours._Screen(points, centres, radii)
        exact = (exact - radii) / screen.scale**2
        for rows, bounds, error in screen.blocks():
            width = 2.0 * (error[:, None] + screen.error)
            assert (bounds <= exact[rows] + 1e-12 * width).all()
            assert (bounds + width >= exact[rows] - 1e-12 * width).all()


@pytest.mark.parametrize("entries", [1, 3000, 2**16])
def test_chunks_do_not_change_it(monkeypatch, entries):
    real, fake = golden_sets()
    whole = precision_recall(real, fake), density_coverage(real, fake)
    nearest = nearest_neighbours(fake, real, k=3)
    monkeypatch.setattr(neighbours, "_ENTRIES_AT_ONCE", entries)
    assert (precision_recall(real, fake), density_coverage(real, fake)) == whole
    again = nearest_neighbours(fake, real, k=3)
    np.testing.assert_array_equal(again.indices, nearest.indices)
    np.testing.assert_array_equal(again.distances, nearest.distances)


def test_blocks_are_bounded_and_cover_all_points(monkeypatch):
    monkeypatch.setattr(neighbours, "_ENTRIES_AT_ONCE", 3000)
    real, fake = golden_sets()
    seen = []
    for rows, bounds, _ in neighbours._Screen(fake, real).blocks():
        assert bounds.size <= 3000
        seen.extend(range(400)[rows])
    assert seen == list(range(400))


def test_wide_features_are_screened_in_float64(monkeypatch):
    sets = golden_sets()
    expected = precision_recall(*sets), density_coverage(*sets)
    monkeypatch.setattr(neighbours, "_WIDEST_FLOAT32", 15)
    assert neighbours._Screen(*sets).dtype == np.float64
    assert (precision_recall(*sets), density_coverage(*sets)) == expected


def test_equal_distributions():
    precision, recall = precision_recall(*normal(2, 2000, 4))
    assert precision == pytest.approx(recall, abs=0.05)
    density, coverage = density_coverage(*normal(2, 2000, 4))
    assert density == pytest.approx(1.0, abs=0.05)
    # Naeem et al. derive this expectation for large sets of equal size.
    assert coverage == pytest.approx(1 - 2**-5, abs=0.01)


def test_a_dropped_mode_costs_recall_and_coverage_but_no_precision():
    real, fake = modes(5, 200, seed=1), modes(5, 200, seed=2)
    full = *precision_recall(real, fake), *density_coverage(real, fake)
    dropped = *precision_recall(real, fake[200:]), *density_coverage(real, fake[200:])
    assert dropped[0] == pytest.approx(full[0], abs=0.03)
    assert dropped[1] == pytest.approx(0.8 * full[1], abs=0.03)
    assert dropped[2] == pytest.approx(full[2], abs=0.05)
    assert dropped[3] == pytest.approx(0.8 * full[3], abs=0.03)


def test_garbage_costs_precision_and_density_but_no_coverage():
    real, fake = modes(5, 200, seed=1), modes(5, 200, seed=2)
    garbage = np.concatenate([fake, 500.0 + normal(1000, 8, seed=3)])
    full = *precision_recall(real, fake), *density_coverage(real, fake)
    mixed = *precision_recall(real, garbage), *density_coverage(real, garbage)
    assert mixed[0] == pytest.approx(0.5 * full[0])
    assert mixed[1] == pytest.approx(full[1])
    assert mixed[2] == pytest.approx(0.5 * full[2])
    assert mixed[3] == full[3]


def test_sets_that_do_not_meet():
    real = normal(50, 3)
    assert precision_recall(real, real + 100.0) == (0.0, 0.0)
    assert density_coverage(real, real + 100.0) == (0.0, 0.0)


def test_copies_of_the_real_set_lie_in_closed_balls():
    real = normal(300, 6)
    copies = real[np.random.default_rng(1).permutation(300)]
    assert precision_recall(real, copies) == (1.0, 1.0)
    # Each ball holds its centre, k - 1 samples inside and one on its surface.
    assert density_coverage(real, copies, k=4) == (5 / 4, 1.0)


def test_a_collapsed_generator():
    real = normal(300, 6)
    fake = np.repeat(real[:1], 200, axis=0)
    assert precision_recall(real, fake) == (1.0, 1 / 300)
    assert density_coverage(real, fake).coverage < 0.1


def test_nearest_neighbours_by_hand():
    distances, indices = nearest_neighbours(
        np.array([[0.0], [10.0]]), np.array([[7.0], [1.0], [-1.0], [10.0]]), k=3
    )
    np.testing.assert_array_equal(distances, [[1.0, 1.0, 7.0], [0.0, 3.0, 9.0]])
    np.testing.assert_array_equal(indices, [[1, 2, 0], [3, 0, 1]])


def test_copies_are_found():
    training = normal(500, 30).astype(np.float32)
    generated = normal(100, 30, seed=1).astype(np.float32)
    generated[40:60] = training[300:320]
    distances, indices = nearest_neighbours(generated, training)
    np.testing.assert_array_equal(
        np.flatnonzero(distances[:, 0] == 0), np.arange(40, 60)
    )
    np.testing.assert_array_equal(indices[40:60, 0], np.arange(300, 320))
    assert distances.dtype == np.float64
    assert indices.dtype == np.int64


def test_all_references_in_order():
    features, references = normal(20, 4), normal(7, 4, seed=1)
    distances, indices = nearest_neighbours(features, references, k=7)
    exact = np.sqrt(squared_distances(features, references))
    np.testing.assert_array_equal(indices, exact.argsort(axis=1))
    np.testing.assert_allclose(distances, np.sort(exact, axis=1), rtol=1e-13)


@pytest.mark.parametrize("metric", [precision_recall, density_coverage])
def test_bad_sets(metric):
    real, fake = golden_sets()
    bad = {
        "`real_features` and `fake_features` are the same set": (real, real),
        "are the same set, compared with itself.*500, 16": (real, real.copy()),
        r"equally many features.*\(500, 16\) and \(400, 3\)": (real, fake[:, :3]),
        "`fake_features` must hold at least 1 samples. Received: 0": (real, fake[:0]),
        "`real_features` must be finite. Received: 16 NaN": (real[:1] + np.nan, fake),
        r"`real_features` must have shape .*\(500,\)": (real[:, 0], fake),
        "below the number of `real_features`, 2. Received: ": (real[:2], fake),
    }
    for message, sets in bad.items():
        with pytest.raises(ValueError, match=message):
            metric(*sets)


def test_bad_k():
    real, fake = golden_sets()
    with pytest.raises(ValueError, match="`k` .* `fake_features`, 4. Received: 4"):
        precision_recall(real, fake[:4], k=4)
    density_coverage(real, fake[:4], k=4)
    for k in (0, -1, 2.0):
        with pytest.raises(ValueError, match="`k` must be an integer of at least 1"):
            density_coverage(real, fake, k)
    with pytest.raises(ValueError, match="`k` .* `references`, 500. Received: 501"):
        nearest_neighbours(fake, real, k=501)


def test_bad_references():
    real, _ = golden_sets()
    with pytest.raises(ValueError, match="`features` and `references` are the same"):
        nearest_neighbours(real, real)
    with pytest.raises(ValueError, match="`references` must hold at least 1 samples"):
        nearest_neighbours(real, real[:0])
