import pytest

from keras_gen.zoo.evaluation.report import describe, number

RESULT = {
    "metric": "FD[tiny@01234567]",
    "value": 3.14159,
    "unit": "units",
    "standard_error": 0.0123,
    "columns": {
        "FD": {
            "model": 3.14159,
            "standard_error": 0.0123,
            "training_images": 0.5,
            "noise": 1234.5,
        },
        "memorization": {
            "model": 0.5,
            "standard_error": None,
            "training_images": None,
            "noise": 0.0,
        },
    },
    "protocol": {"num_samples": 10, "seeds": [0, 1], "bound": "none"},
}


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (85.4641, 0.2249, "85.46 ± 0.22"),
        (1808.451, 5.1815, "1,808.5 ± 5.2"),
        (99.57, 0.0654, "99.570 ± 0.065"),
        (437.2, 45.1, "437 ± 45"),
        (92775.4, 123.4, "92,775 ± 123"),
        (0.157, None, "0.1570"),
        (-0.00182, None, "-0.001820"),
        (92775.4, None, "92,775"),
        (0.0, None, "0"),
        (0.0, 0.0, "0"),
        (19, None, "19"),
        (None, None, "—"),
    ],
)
def test_numbers_have_the_digits_that_their_error_leaves(value, error, text):
    assert number(value, error) == text


def test_a_result_is_described_with_its_columns_and_protocol():
    first, frechet, memorization = describe(RESULT).splitlines()
    assert first == (
        "FD[tiny@01234567] 3.142 ± 0.012 units (samples 10, seeds 0 1, bound none)"
    )
    assert (
        " ".join(frechet.split())
        == "FD 3.142 ± 0.012 training images 0.5000 noise 1,234"
    )
    assert (
        " ".join(memorization.split())
        == "memorization 0.5000 training images — noise 0"
    )


def test_a_squared_error_is_beside_that_of_what_needs_no_model():
    result = {**RESULT, "without_model": {"the mean image": 52.0}}
    assert describe(result).startswith(
        "FD[tiny@01234567] 3.142 ± 0.012 units (the mean image: 52.00) (samples 10"
    )
