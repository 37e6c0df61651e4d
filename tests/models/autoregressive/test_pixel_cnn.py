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
from keras_gen.models import PixelCNN


def tiny(image_shape=(8, 8, 1), output_distribution=None, seed=0, **options):
    options = {"filters": 5, "num_layers": 2, "output_filters": 8} | options
    return PixelCNN(
        image_shape,
        output_distribution or BernoulliLikelihood(),
        first_kernel_size=5,
        seed=seed,
        name="tiny",
        **options,
    )


class TestContract(AutoregressiveContract):
    model_class = PixelCNN

    def make(self, seed=0):
        return tiny(seed=seed)


def test_samples_of_colors_are_exact():
    model = tiny((4, 5, 3), CategoricalLikelihood(4), kernel_size=5)
    unsettle(model)
    check_one_pass_gives_samples_back(model, 3, temperature=0.7)
    check_slow_sampler_agrees(model, 3)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_blind_spot_is_where_it_is_known_to_be(channels):
    model = tiny((7, 7, channels), num_layers=4, filters=12, output_filters=12)
    unsettle(model)
    influence = influence_of_sites(model, num=16)
    influence = influence.reshape(7, 7, channels, 7, 7, channels)
    # A path to the right goes up at least a row in each convolution that it turns in:
    # two columns for up to two rows in the first, one for one in each block.
    seen = influence[6, 0].max(axis=(0, 3)) > 0
    expected = np.zeros((7, 7), bool)
    for row in range(6):
        reach = 2 + (6 - row - 1)
        expected[row, : reach + 1] = True
    expected[6, 0] = channels > 1
    np.testing.assert_array_equal(seen, expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_earlier_channels_of_a_pixel_are_seen(channels):
    model = tiny((3, 3, channels), filters=12, output_filters=12)
    unsettle(model)
    influence = influence_of_sites(model, num=16)
    influence = influence.reshape(9, channels, 9, channels)
    for pixel in range(9):
        own = influence[pixel, :, pixel] > 0
        np.testing.assert_array_equal(own, np.tri(channels, k=-1) > 0)


def test_probabilities_of_all_images_sum_to_one():
    model = tiny((3, 3, 1))
    unsettle(model)
    assert total_probability(model) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": 2, "image_shape": (8, 8, 3)}, "`filters`.*at least 3.*2"),
        ({"num_layers": 0}, "`num_layers`"),
        ({"kernel_size": 4}, "`kernel_size` must be odd. Received: 4"),
        ({"output_filters": 0}, "`output_filters`"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)
