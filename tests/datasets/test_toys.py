"""Tests of the distributions in the plane: their density is that of their draws."""

import numpy as np
import pytest

from keras_gen import datasets
from keras_gen.datasets import toys
from keras_gen.domains import Vectors

NAMES = sorted(toys.TOYS)


@pytest.mark.parametrize("name", NAMES)
def test_a_density_integrates_to_one(name):
    edge = np.arange(-3, 3, 0.025) + 0.0125
    points = np.stack(np.meshgrid(edge, edge), axis=-1).reshape(-1, 2)
    density = np.exp(datasets.toy_log_density(name, points))
    assert density.sum() * 0.025**2 == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_draws_have_the_density(name):
    points = datasets.toy(name, 20_000)
    counts, *edges = np.histogram2d(*points.T, bins=12, range=[(-3, 3)] * 2)
    assert counts.sum() == 20_000
    fine = np.arange(-3, 3, 0.05) + 0.025
    grid = np.stack(np.meshgrid(fine, fine, indexing="ij"), axis=-1).reshape(-1, 2)
    density = np.exp(datasets.toy_log_density(name, grid)).reshape(12, 10, 12, 10)
    expected = 20_000 * density.mean(axis=(1, 3)) * 0.25
    used = expected > 20
    chi_square = ((counts - expected)[used] ** 2 / expected[used]).sum()
    assert chi_square < used.sum() + 5 * np.sqrt(2 * used.sum())


def test_sets_are_loaded_by_name_and_split():
    data = datasets.load("rings", "train[:100]", batch_size=40)
    assert [len(batch) for batch in data] == [40, 40, 20]
    assert datasets.load("rings").steps_per_epoch == 500
    test, both = (
        np.concatenate(list(datasets.load("rings", s, 50, training=False)))
        for s in ("test[:50]", "train[-50:]+test[:50]")
    )
    np.testing.assert_array_equal(both[50:], test)
    assert not np.isin(both[:50, 0], test[:, 0]).any()
    Vectors(2).check(both, "x")


def test_no_draw_leaves_the_checkerboard():
    class LastRows:
        """The greatest uniform numbers."""

        def uniform(self, shape, stream):
            return np.full((1, *shape), 1 - 2.0**-23, np.float32)

    points = toys.Checkerboard().draw(LastRows())
    assert points.max() < 2
    assert np.isfinite(toys.Checkerboard().log_density(points)).all()


def test_what_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="must be one of .*rings.* Received: 'ring'"):
        datasets.toy("ring", 5)
    with pytest.raises(datasets.MissingSplitError, match="`split` of rings.*'all'"):
        datasets.load("rings", "all")
    with pytest.raises(ValueError, match="`points`"):
        datasets.toy_log_density("rings", np.zeros((3, 3)))
    with pytest.raises(ValueError, match="`image_shape` must be left out: rings"):
        datasets.load("rings", image_shape=(28, 28, 1))
