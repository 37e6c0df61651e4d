import keras
import numpy as np
import pytest

from keras_gen.layers import PixelNormalization
from keras_gen.random import Rows


@pytest.mark.parametrize("shape", [(5, 7), (3, 4, 6, 8)])
@pytest.mark.parametrize("scale", [0.01, 1.0, 1e4])
def test_each_pixel_has_a_mean_square_of_one_and_its_direction(shape, scale):
    inputs = scale * np.array(Rows(shape[0], 0).normal(shape[1:], "inputs"))
    outputs = np.array(PixelNormalization()(inputs))
    np.testing.assert_allclose(np.mean(outputs**2, -1), 1, rtol=1e-2)
    cosine = np.sum(inputs * outputs, -1) / np.linalg.norm(inputs, axis=-1)
    np.testing.assert_allclose(cosine, np.linalg.norm(outputs, axis=-1), rtol=1e-4)


def test_pixels_without_features_stay_zero_and_small_ones_survive_half_precision():
    layer = PixelNormalization(dtype="mixed_float16")
    inputs = np.array([[0.0, 0.0], [3e-3, 4e-3]])
    outputs = layer(inputs)
    assert keras.backend.standardize_dtype(outputs.dtype) == "float16"
    np.testing.assert_allclose(outputs, [[0, 0], [0.848, 1.131]], rtol=5e-3)
