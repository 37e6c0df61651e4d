"""Tests of normal numbers without their tails."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from keras_gen.distributions import truncated_normal
from keras_gen.random import Rows

NORMAL = NormalDist()


def truncated(normal, share):
    return np.array(truncated_normal(normal[None], np.array([share], "f4")))[0]


@pytest.mark.parametrize("share", [1e-6, 0.1, 0.5, 0.9, 0.99])
def test_quantiles_go_to_quantiles(share):
    normal = np.linspace(-5.7, 5.7, 401).astype("f4")
    share = float(np.float32(share))
    middle = [share * (NORMAL.cdf(float(z)) - 0.5) + 0.5 for z in normal]
    expected = [NORMAL.inv_cdf(p) for p in middle]
    np.testing.assert_allclose(truncated(normal, share), expected, atol=1e-5)


@pytest.mark.parametrize("threshold", [2.0, 1.0, 0.5, 0.04])
def test_the_support_and_the_moments_are_those_of_drawing_again(threshold):
    normal = np.array(Rows(100_000, 0).normal((1,), "normal"))[:, 0]
    share = math.erf(threshold / math.sqrt(2.0))
    found = truncated(normal, share)
    assert np.abs(found).max() < threshold + 1e-5
    assert np.abs(found).max() > 0.99 * threshold
    drawn_again = normal[np.abs(normal) < threshold]
    for power in (1, 2, 4):
        a, b = (values.astype("f8") ** power for values in (found, drawn_again))
        error = math.sqrt(a.var() / len(a) + b.var() / len(b))
        assert abs(a.mean() - b.mean()) < 4 * error
    # The share is that of all normal numbers.
    assert len(drawn_again) / len(normal) == pytest.approx(share, abs=0.007)


def test_a_share_of_one_changes_nothing_and_one_below_stays_finite():
    normal = np.linspace(-5.7, 5.7, 400).astype("f4")
    np.testing.assert_array_equal(truncated(normal, 1.0), normal)
    nearly = truncated(normal, 1.0 - 2.0**-24)
    np.testing.assert_allclose(nearly, normal, atol=0.6)
    np.testing.assert_allclose(nearly[100:-100], normal[100:-100], atol=1e-4)


def test_signs_and_order_stay_and_less_is_nearer_to_zero():
    normal = np.linspace(-4.0, 4.0, 400).astype("f4")
    before = np.abs(normal)
    for share in (0.99, 0.9, 0.5, 0.1):
        found = truncated(normal, share)
        assert (np.diff(found) >= 0).all()
        np.testing.assert_array_equal(np.sign(found), np.sign(normal))
        assert (np.abs(found) <= before).all()
        before = np.abs(found)


def test_each_row_has_a_share_of_its_own():
    normal = np.array(Rows(3, 0).normal((2, 2), "normal"))
    share = np.array([1.0, 0.5, 0.1], "f4")
    found = np.array(truncated_normal(normal, share))
    for row in range(3):
        expected = truncated(normal[row], share[row])
        np.testing.assert_allclose(found[row], expected, atol=1e-6)
