"""Tests of the layers that corrupt images."""

import math

import keras
import numpy as np
import pytest

from keras_gen.layers import (
    GaussianCorruption,
    MaskingCorruption,
    SaltAndPepperCorruption,
)

LAYERS = [
    GaussianCorruption(0.25),
    MaskingCorruption(0.25),
    SaltAndPepperCorruption(0.25),
]


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_gaussian_corruption_adds_scaled_noise():
    images, noise = normal(4, 3, 3, 1), normal(2, 4, 3, 3, 1)[1]
    corrupted = keras.ops.convert_to_numpy(GaussianCorruption(0.25)(images, noise))
    np.testing.assert_allclose((corrupted - images) / 0.25, noise, atol=1e-5)
    np.testing.assert_array_equal(GaussianCorruption(0)(images, noise), images)


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_masking_sets_its_share_to_zero_and_keeps_the_rest(rate):
    images = 1 + np.abs(normal(100, 20, 20, 1))
    noise = normal(2, 100, 20, 20, 1)[1]
    masked = keras.ops.convert_to_numpy(MaskingCorruption(rate)(images, noise))
    kept = masked != 0
    np.testing.assert_array_equal(masked[kept], images[kept])
    error = 4 * math.sqrt(rate * (1 - rate) / images.size)
    assert 1 - kept.mean() == pytest.approx(rate, abs=error)


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 1.0])
def test_salt_and_pepper_are_equally_frequent_and_keep_the_rest(rate):
    images = np.full((100, 20, 20, 1), 0.5, "f4")
    noise = normal(2, 100, 20, 20, 1)[1]
    set_ = keras.ops.convert_to_numpy(SaltAndPepperCorruption(rate)(images, noise))
    assert set(np.unique(set_)) <= {0.0, 0.5, 1.0}
    error = 4 * math.sqrt(rate / 2 * (1 - rate / 2) / images.size)
    for value in (0.0, 1.0):
        assert np.mean(set_ == value) == pytest.approx(rate / 2, abs=error)


def test_masking_grows_with_the_rate():
    noise = normal(10_000, 1)
    ones = np.ones_like(noise)
    few, many = (
        keras.ops.convert_to_numpy(MaskingCorruption(rate)(ones, noise)) == 0
        for rate in (0.2, 0.7)
    )
    assert many[few].all()


@pytest.mark.parametrize("layer", LAYERS)
def test_the_config_restores_the_layer(layer):
    config = keras.saving.serialize_keras_object(layer)
    restored = keras.saving.deserialize_keras_object(config)
    assert type(restored) is type(layer)
    assert restored.get_config() == layer.get_config()
    images, noise = normal(2, 3, 3, 1), normal(3, 2, 3, 3, 1)[1]
    np.testing.assert_array_equal(restored(images, noise), layer(images, noise))


@pytest.mark.parametrize("layer", LAYERS)
def test_corruption_has_no_weights_and_keeps_shape_and_dtype(layer):
    images = normal(2, 3, 5, 1)
    corrupted = layer(images, images)
    assert layer.built
    assert layer.weights == []
    assert tuple(corrupted.shape) == images.shape
    assert keras.backend.standardize_dtype(corrupted.dtype) == "float32"


@pytest.mark.parametrize("stddev", [-0.1, float("nan")])
def test_gaussian_corruption_refuses_a_bad_stddev(stddev):
    with pytest.raises(ValueError, match=f"`stddev`.*{stddev}"):
        GaussianCorruption(stddev)


@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan")])
def test_salt_and_pepper_refuses_a_bad_rate(rate):
    with pytest.raises(ValueError, match=f"`rate`.*{rate}"):
        SaltAndPepperCorruption(rate)


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, float("nan")])
def test_masking_refuses_a_bad_rate(rate):
    with pytest.raises(ValueError, match=f"`rate`.*{rate}"):
        MaskingCorruption(rate)
