import numpy as np
import pytest
from contracts import AutoregressiveContract, unsettle
from sites import (
    check_one_pass_gives_samples_back,
    check_slow_sampler_agrees,
    influence_of_sites,
    total_probability,
)

from keras_gen.distributions import BernoulliLikelihood, CategoricalLikelihood
from keras_gen.layers import DiagonalRecurrence, RowRecurrence
from keras_gen.models import PixelRNN


def tiny(image_shape=(8, 8, 1), output_distribution=None, seed=0, **options):
    options = {"units": 6, "num_layers": 2, "output_filters": 12} | options
    return PixelRNN(
        image_shape,
        output_distribution or BernoulliLikelihood(),
        first_kernel_size=3,
        seed=seed,
        name="tiny",
        **options,
    )


class TestContract(AutoregressiveContract):
    model_class = PixelRNN

    def make(self, seed=0):
        return tiny(seed=seed, num_layers=1)


class TestRowRecurrence(AutoregressiveContract):
    model_class = PixelRNN

    def make(self, seed=0):
        return tiny(seed=seed, recurrence=RowRecurrence(), num_layers=1)


@pytest.mark.parametrize("recurrence", [RowRecurrence(), DiagonalRecurrence()])
def test_samples_of_colors_are_exact(recurrence):
    model = tiny((4, 5, 3), CategoricalLikelihood(4), recurrence=recurrence)
    unsettle(model)
    check_one_pass_gives_samples_back(model, 3, temperature=0.7)
    check_slow_sampler_agrees(model, 3)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_diagonal_recurrence_sees_all_but_the_last_site_of_the_row_above(channels):
    model = tiny((5, 5, channels))
    unsettle(model)
    influence = influence_of_sites(model, num=16)
    expected = np.tril(np.ones_like(influence), k=-1) > 0
    # The first layer sees one pixel to the right, so the last two see it all the same.
    for row in range(1, 5):
        first = 5 * row * channels
        expected[first : first + 3 * channels, first - 1] = False
    np.testing.assert_array_equal(influence > 0, expected)


def test_the_row_recurrence_sees_a_triangle():
    model = tiny((6, 9, 1), recurrence=RowRecurrence(), num_layers=1)
    unsettle(model)
    influence = influence_of_sites(model, num=16).reshape(6, 9, 6, 9)
    seen = influence[5, 4] > 0
    # The recurrence spreads by one pixel a row. The convolution of its inputs and the
    # first layer see one more to the left each.
    expected = np.zeros((6, 9), bool)
    for row in range(5):
        spread = 5 - row
        expected[row, max(4 - spread - 2, 0) : 4 + spread + 1] = True
    expected[5, 2:4] = True
    np.testing.assert_array_equal(seen, expected)


@pytest.mark.parametrize("recurrence", [RowRecurrence(), DiagonalRecurrence()])
def test_probabilities_of_all_images_sum_to_one(recurrence):
    model = tiny((3, 3, 1), recurrence=recurrence)
    unsettle(model)
    assert total_probability(model) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"recurrence": "row"}, "`recurrence` must be `RowRecurrence.*'row'"),
        ({"units": 4, "image_shape": (8, 8, 3)}, "`units` must be a multiple of.*4"),
        ({"units": 0}, "`units`"),
        ({"num_layers": 0}, "`num_layers`"),
        ({"output_filters": 0}, "`output_filters`"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)
