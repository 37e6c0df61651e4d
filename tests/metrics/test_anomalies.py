"""The area under the ROC curve is the statistic of Mann and Whitney."""

import numpy as np
import pytest

from keras_gen.metrics import auroc

GENERATOR = np.random.default_rng(0)
# Whole numbers have ties.
NORMAL = GENERATOR.integers(0, 12, 40).astype(float)
ANOMALIES = GENERATOR.integers(3, 15, 30).astype(float)


def test_it_is_the_share_of_pairs_in_order_where_ties_count_half():
    pairs = ANOMALIES[:, None] - NORMAL[None]
    expected = np.mean((pairs > 0) + 0.5 * (pairs == 0))
    assert np.any(pairs == 0)
    assert auroc(NORMAL, ANOMALIES) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("change", [np.exp, lambda s: 3 * s - 7, lambda s: s**3])
def test_monotone_changes_of_the_scores_do_not_matter(change):
    assert auroc(change(NORMAL), change(ANOMALIES)) == auroc(NORMAL, ANOMALIES)


def test_swapped_labels_give_the_rest():
    found = auroc(NORMAL, ANOMALIES)
    assert found > 0.6
    assert auroc(ANOMALIES, NORMAL) == pytest.approx(1 - found, abs=1e-12)


def test_a_constant_score_tells_nothing_and_a_perfect_one_all():
    assert auroc(np.ones(5), np.ones(9)) == 0.5
    assert auroc([1.0, 2.0], [3.0, 9.0]) == 1.0


@pytest.mark.parametrize(
    ("normal", "anomalies", "message"),
    [
        ([], [1.0], "`normal` must be scores"),
        ([1.0], [[1.0]], r"`anomalies` must be scores.*\(1, 1\)"),
        ([1.0], [np.nan, 2.0], "`anomalies` holds NaN: 1 of 2"),
    ],
)
def test_bad_scores_are_refused(normal, anomalies, message):
    with pytest.raises(ValueError, match=message):
        auroc(normal, anomalies)
