"""Tests of the class score and the class histogram.

Golden values are of the packages named beside them, with torch 2.15.0 and NumPy 2.4.6.
"""

import numpy as np
import pytest

from keras_gen.metrics import class_histogram, class_score


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def golden_probabilities():
    return softmax(2 * np.random.default_rng(21).standard_normal((300, 10)))


def test_golden_value_of_the_score():
    score = class_score(golden_probabilities(), num_splits=1)
    # torch-fidelity 0.4.0, isc_features_to_metric with one split
    assert score.value == pytest.approx(2.4640741534725517, rel=1e-9)
    assert np.isnan(score.standard_deviation)


def test_sure_and_even_predictions_score_the_number_of_classes():
    sure = np.eye(7)[np.arange(700) % 7]
    assert class_score(sure, num_splits=1).value == pytest.approx(7.0)


def test_constant_predictions_score_one():
    constant = np.tile([0.5, 0.3, 0.2], (40, 1))
    assert class_score(constant, num_splits=4) == pytest.approx((1.0, 0.0))


def test_the_score_is_the_mutual_information():
    # exp(H(marginal) - mean H(row))
    rows = golden_probabilities()
    marginal = rows.mean(axis=0)
    entropy = -(marginal * np.log(marginal)).sum()
    conditional = -(rows * np.log(rows)).sum(axis=1).mean()
    score = class_score(rows, num_splits=1).value
    assert score == pytest.approx(np.exp(entropy - conditional), rel=1e-12)


def test_splits_are_shuffled_and_cover_all_samples():
    in_order = np.eye(5)[np.repeat(np.arange(5), 100)]
    score = class_score(in_order, num_splits=5)
    assert score.value > 4.7
    assert 0.0 < score.standard_deviation < 0.2
    assert class_score(in_order, num_splits=5, seed=1) != score
    assert class_score(in_order, num_splits=5) == score


def test_float32_rows_need_not_sum_to_one_exactly():
    rows = golden_probabilities().astype(np.float32)
    score = class_score(rows, num_splits=1).value
    assert score == pytest.approx(2.4640741534725517, rel=1e-6)


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        (np.zeros((0, 3)), r"must have shape .*Received shape: \(0, 3\)"),
        (np.ones(3) / 3, r"must have shape .*Received shape: \(3,\)"),
        (np.ones((20, 3)), "must sum to 1 .*Received a sum of 3"),
        (np.tile([1.5, -0.5], (20, 1)), "must not be negative. Received: -0.5"),
        (np.full((20, 2), np.nan), "must be finite. Received: 40 NaN"),
        (np.eye(4), "`num_splits` must be at most the number of samples, 4"),
    ],
)
def test_bad_probabilities(probabilities, message):
    with pytest.raises(ValueError, match=message):
        class_score(probabilities)


@pytest.mark.parametrize(
    ("labels", "expected", "chi_square", "p_value"),
    [
        # scipy 1.17.1, stats.chisquare([18, 25, 31, 26], [20, 20, 30, 30])
        (
            [18, 25, 31, 26],
            [0.2, 0.2, 0.3, 0.3],
            2.0166666666666666,
            0.5689546919275776,
        ),
        ([25, 25, 25, 25], None, 0.0, 1.0),
    ],
)
def test_golden_values_of_the_histogram(labels, expected, chi_square, p_value):
    labels = np.repeat(np.arange(4), labels)
    histogram = class_histogram(labels, 4, expected)
    assert histogram.chi_square == pytest.approx(chi_square, rel=1e-12)
    assert histogram.p_value == pytest.approx(p_value, rel=1e-12)
    assert histogram.degrees_of_freedom == 3
    assert histogram.counts.sum() == histogram.expected.sum() == 100


@pytest.mark.parametrize(
    ("counts", "p_value"),
    # scipy 1.17.1, stats.chi2.sf(chi_square, 9)
    [
        ((115, 85) + (100,) * 8, (4.5, 0.8755390252983378)),
        ((200, 0) + (100,) * 8, (200.0, 3.312992393909567e-38)),
        ((1000,) + (0,) * 9, (9000.0, 0.0)),
    ],
)
def test_tails_of_the_p_value(counts, p_value):
    histogram = class_histogram(np.repeat(np.arange(10), counts), 10)
    assert (histogram.chi_square, histogram.p_value) == pytest.approx(p_value, rel=1e-9)


def test_p_values_of_even_classes_are_uniform():
    random = np.random.default_rng(8)
    draws = random.integers(10, size=(1000, 500))
    p_values = [class_histogram(labels, 10).p_value for labels in draws]
    for share in (0.05, 0.5, 0.95):
        assert np.mean(np.array(p_values) < share) == pytest.approx(share, abs=0.05)


def test_a_missing_class_is_counted():
    histogram = class_histogram([0] * 10 + [2] * 10, 3)
    np.testing.assert_array_equal(histogram.counts, [10, 0, 10])
    np.testing.assert_allclose(histogram.expected, 20 / 3)
    assert histogram.chi_square == pytest.approx(10.0)


def test_few_samples_are_warned_of():
    with pytest.warns(UserWarning, match="4 samples of a class are expected"):
        class_histogram([0, 1] * 4, 2)


@pytest.mark.parametrize(
    ("labels", "num_classes", "expected", "message"),
    [
        ([], 2, None, "`labels` must be integers"),
        ([0.0, 1.0], 2, None, "`labels` must be integers.*float64"),
        ([[0, 1]], 2, None, r"`labels` must be integers.*\(1, 2\)"),
        ([0, 3], 3, None, r"`labels` must lie in \[0, 3\).*0 to 3"),
        ([-1, 2], 3, None, r"`labels` must lie in \[0, 3\).*-1 to 2"),
        ([0, 1], 1, None, "`num_classes` must be an integer of at least 2"),
        ([0, 1], 2, [0.5, 0.6], "`expected_probabilities` must sum to 1"),
        ([0, 1], 2, [1.0, 0.0], "`expected_probabilities` must be positive.*class 1"),
        ([0, 1], 2, [1.0], r"`expected_probabilities` must have shape \(2,\)"),
    ],
)
def test_bad_labels(labels, num_classes, expected, message):
    with pytest.raises(ValueError, match=message):
        class_histogram(labels, num_classes, expected)
