import keras
import numpy as np
import pytest

from keras_gen.layers import SubPixelConv2D
from keras_gen.layers.sub_pixel_conv_2d import pixel_shuffle
from keras_gen.random import Rows


def draw(*shape):
    return np.array(Rows(shape[0], 0).normal(shape[1:], "images"))


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_the_shuffle_is_a_transposition_with_an_inverse(scale):
    x = draw(2, 4, 5, 3 * scale**2)
    found = np.array(pixel_shuffle(x, scale))
    parts = x.reshape(2, 4, 5, scale, scale, 3)
    expected = parts.transpose(0, 1, 3, 2, 4, 5).reshape(2, 4 * scale, 5 * scale, 3)
    np.testing.assert_array_equal(found, expected)
    back = found.reshape(2, 4, scale, 5, scale, 3).transpose(0, 1, 3, 2, 4, 5)
    np.testing.assert_array_equal(back.reshape(x.shape), x)


@pytest.mark.parametrize("scale", [2, 3])
def test_initially_it_repeats_the_pixels_of_a_convolution(scale):
    layer = SubPixelConv2D(3, scale)
    x = draw(2, 6, 5, 4)
    found = np.array(layer(x))
    conv = keras.layers.Conv2D(3, 3, padding="same")
    conv.build(x.shape)
    conv.set_weights([np.array(layer.kernel)[..., :3], np.zeros(3)])
    nearest = np.array(conv(x)).repeat(scale, axis=1).repeat(scale, axis=2)
    np.testing.assert_allclose(found, nearest, atol=1e-5)
    assert np.abs(found).max() > 0.1


def test_its_shape_and_config():
    layer = SubPixelConv2D(5, 2, kernel_size=5)
    assert layer.compute_output_shape((None, 8, 6, 4)) == (None, 16, 12, 5)
    again = SubPixelConv2D.from_config(layer.get_config())
    assert (again.filters, again.scale, again.kernel_size) == (5, 2, 5)


@pytest.mark.parametrize("name", ["filters", "scale", "kernel_size"])
def test_sizes_must_be_positive(name):
    given = {"filters": 2, "scale": 2, name: 0}
    with pytest.raises(ValueError, match=f"`{name}` must hold positive integers"):
        SubPixelConv2D(**given)
