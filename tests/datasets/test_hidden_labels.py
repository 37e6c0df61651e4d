"""Tests of labels of which most are hidden."""

import numpy as np
import pytest

from keras_gen.datasets import hide_labels

LABELS = np.random.default_rng(0).integers(0, 5, 400)


def test_the_kept_labels_are_right_and_balanced():
    hidden = hide_labels(LABELS, 40)
    kept = hidden >= 0
    np.testing.assert_array_equal(hidden[kept], LABELS[kept])
    np.testing.assert_array_equal(np.bincount(hidden[kept]), [8] * 5)
    assert hidden.dtype == np.int32
    assert set(hidden[~kept]) == {-1}


def test_another_seed_keeps_others_and_the_same_one_the_same():
    np.testing.assert_array_equal(
        hide_labels(LABELS, 40, 3), hide_labels(LABELS, 40, 3)
    )
    both = (hide_labels(LABELS, 40, 3) >= 0) & (hide_labels(LABELS, 40, 4) >= 0)
    assert both.sum() < 20


@pytest.mark.parametrize(
    ("labels", "num_kept", "message"),
    [
        (LABELS, 3, "`num_kept` must be an integer of at least 5.*3"),
        (LABELS, 12, "`num_kept` must be a multiple of the 5 classes.*12"),
        ([0, 0, 0, 1], 4, "`num_kept` must be at most 2, because class 1 has 1"),
        (LABELS * 1.0, 5, "`labels` must be integers.*float64"),
        (LABELS[:, None], 5, r"`labels` must be integers.*\(400, 1\)"),
        ([0, -1], 2, "`labels` must be at least 0.*-1"),
    ],
)
def test_bad_arguments_are_refused(labels, num_kept, message):
    with pytest.raises(ValueError, match=message):
        hide_labels(labels, num_kept)
