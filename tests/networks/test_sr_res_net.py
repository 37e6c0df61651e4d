import numpy as np
import pytest

from keras_gen.layers import BicubicResizing
from keras_gen.networks import sr_res_net
from keras_gen.random import Rows


def images(height=6, width=8):
    return np.array(Rows(2, 0).uniform((height, width, 3), "images"))


@pytest.mark.parametrize("scale", [2, 4])
def test_without_a_residual_it_is_bicubic_interpolation(scale):
    network = sr_res_net((6, 8, 3), scale, filters=3, num_blocks=1)
    assert network.output_shape == (None, 6 * scale, 8 * scale, 3)
    expected = BicubicResizing(scale)(images())
    np.testing.assert_array_equal(network(images()), expected)
    network.get_layer("residual").kernel.assign(np.ones((9, 9, 3, 3)))
    assert np.abs(network(images()) - expected).max() > 0.1


def test_weights_fit_images_of_another_size():
    """Far from the edges a larger image gives the same as a part of it."""
    small = sr_res_net((24, 24, 3), 2, filters=2, num_blocks=1)
    for index, weight in enumerate(small.trainable_weights):
        values = Rows(1, 1).normal(weight.shape, f"weight_{index}")[0]
        weight.assign(0.2 * values)
    large = sr_res_net((32, 40, 3), 2, filters=2, num_blocks=1)
    large.set_weights(small.get_weights())
    x = images(32, 40)
    found = np.array(large(x))[:, 8:56, 16:64]
    expected = np.array(small(x[:, 4:28, 8:32]))
    np.testing.assert_allclose(
        found[:, 22:26, 22:26], expected[:, 22:26, 22:26], atol=1e-4
    )


def test_a_residual_is_small_and_of_centred_images():
    network = sr_res_net((6, 8, 3), 2, filters=3, num_blocks=1, normalization=None)
    bicubic = np.array(BicubicResizing(2)(images()))
    for weight in network.get_layer("residual").weights:
        weight.assign(np.ones(weight.shape))
    grey = np.full((1, 6, 8, 3), 0.5, np.float32)
    # Without biases grey has no residual but that of the last layer.
    np.testing.assert_allclose(network(grey), grey[0, 0, 0, 0] + 0.1, atol=1e-6)
    assert np.abs(network(images()) - bicubic - 0.1).max() > 1e-2


def test_without_a_normalization_there_are_biases():
    def kinds(**options):
        network = sr_res_net((6, 8, 3), 2, filters=3, num_blocks=2, **options)
        normalized = [w for w in network.weights if "gamma" in w.path]
        biased = [w for w in network.weights if "block" in w.path and "bias" in w.path]
        return len(normalized), len(biased)

    assert kinds() == (5, 0)
    assert kinds(normalization=None) == (0, 4)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"scale": 3}, "`scale` must be 2, 4, 8.*3"),
        ({"scale": 1}, "`scale` must be 2, 4, 8.*1"),
        ({"num_blocks": 0}, "`num_blocks`"),
        ({"filters": 1.5}, "`filters`"),
        ({"image_shape": (8, 8)}, "`image_shape`"),
        ({"normalization": "batch"}, "`normalization`.*'batch'"),
    ],
)
def test_bad_sizes_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        sr_res_net(**{"image_shape": (8, 8, 3), **given})
