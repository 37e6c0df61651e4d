"""Tests of the checks of arguments."""

import numpy as np
import pytest

from keras_gen.arguments import (
    check_count,
    check_multiple,
    check_positive,
    check_reals,
    check_sizes,
    shown,
)


@pytest.mark.parametrize("value", [0, -1, 1.0, 1.5, True, "1", None, [1]])
def test_a_bad_count_is_named_with_its_value(value):
    with pytest.raises(ValueError, match="`batch_size`.*at least 1") as error:
        check_count(value, "batch_size", 1)
    assert repr(value) in str(error.value)


@pytest.mark.parametrize(
    "value",
    [
        list(range(10**6)),
        np.zeros((9, 99, 99)).tolist(),
        "a" * 10**6,
        10**4000,
        np.zeros((99, 99)),
        {"a": [1] * 10**5},
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_long_value_is_shown_in_few_words(value):
    assert len(shown(value)) <= 303
    with pytest.raises(ValueError) as error:
        check_sizes("filters", value)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize("value", [1, 2**40, np.int64(3), np.uint8(1)])
def test_a_good_count_passes(value):
    check_count(value, "batch_size", 1)


@pytest.mark.parametrize(
    "sizes", [(0,), (4, -1), (4, 1.5), (4, "a"), (True,), (None, 3), 3, None, "34"]
)
def test_bad_sizes_are_named_with_their_value(sizes):
    with pytest.raises(ValueError, match="`filters` must hold positive") as error:
        check_sizes("filters", sizes)
    assert repr(sizes) in str(error.value)


@pytest.mark.parametrize("sizes", [(), [], (1,), [28, 28, 1], (np.int32(3), 4)])
def test_good_sizes_pass(sizes):
    check_sizes("filters", sizes)


@pytest.mark.parametrize("value", [0, -3, 4, 3.0, "3", None])
def test_what_cannot_be_dealt_to_channels_is_named(value):
    with pytest.raises(ValueError, match="`units` must be") as error:
        check_multiple(value, "units", 3)
    assert repr(value) in str(error.value)


@pytest.mark.parametrize("value", [3, 6, np.int64(9)])
def test_what_can_be_dealt_to_channels_passes(value):
    check_multiple(value, "units", 3)


def test_what_is_no_real_number_is_refused():
    check_reals(first=1, second=-0.5)
    with pytest.raises(
        ValueError, match="`second` must be a finite number. Received: 'one'"
    ):
        check_reals(first=1, second="one")


@pytest.mark.parametrize("value", [0, -0.5, float("inf"), float("nan"), "1", None])
def test_what_is_not_a_positive_number_is_refused(value):
    check_positive(first=1, second=1e-9)
    with pytest.raises(ValueError, match="`second` must be .*Received") as error:
        check_positive(first=1, second=value)
    assert repr(value) in str(error.value)
