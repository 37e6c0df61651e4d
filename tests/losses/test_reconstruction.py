"""Tests of the reconstruction losses."""

import keras
import numpy as np
import pytest

from keras_gen.losses import squared_error


def test_squared_error_sums_over_pixels_and_averages_over_images():
    images = np.zeros((2, 2, 3, 1), np.float32)
    reconstructions = images.copy()
    reconstructions[0, 0, 0, 0] = 3
    reconstructions[1] = 1
    loss = squared_error(images, reconstructions)
    assert loss.shape == ()
    assert float(loss) == pytest.approx((9 + 6) / 2)


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 2), (4, 3, 2, 1)])
def test_squared_error_is_a_squared_distance(shape):
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, *shape)).astype(np.float32)
    distance = np.linalg.norm((a - b).reshape(len(a), -1), axis=1)
    assert float(squared_error(a, b)) == pytest.approx((distance**2).mean(), rel=1e-5)
    assert float(squared_error(b, a)) == float(squared_error(a, b))
    assert float(squared_error(a, a)) == 0


@pytest.mark.parametrize("dtype", ["uint8", "float16", "bfloat16"])
def test_squared_error_is_taken_in_float32(dtype):
    images = keras.ops.cast(np.zeros((2, 64, 64, 1)), dtype)
    loss = squared_error(images, keras.ops.cast(np.full((2, 64, 64, 1), 200), dtype))
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    assert float(loss) == pytest.approx(200**2 * 64**2)
