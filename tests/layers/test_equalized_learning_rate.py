import keras
import numpy as np
import pytest

from keras_gen.layers import EqualizedLearningRate
from keras_gen.random import Rows

KINDS = {
    "dense": (lambda **o: keras.layers.Dense(5, **o), (3, 7), 7),
    "conv": (lambda **o: keras.layers.Conv2D(5, 3, **o), (3, 6, 6, 2), 18),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gain", [1.0, 2**0.5])
def test_it_is_the_layer_with_a_kernel_that_is_divided(kind, gain):
    make, shape, num_inputs = KINDS[kind]
    layer = EqualizedLearningRate(make(activation="relu"), gain)
    inputs = np.array(Rows(shape[0], 0).normal(shape[1:], "inputs"))
    layer(inputs)
    layer.layer.bias.assign(np.arange(5.0))
    plain = make(activation="relu")
    plain(inputs)
    kernel = np.array(layer.layer.kernel) * gain / np.sqrt(num_inputs)
    plain.set_weights([kernel, np.arange(5.0)])
    np.testing.assert_allclose(layer(inputs), plain(inputs), atol=1e-5)
    assert np.array(plain(inputs)).std() > 0.1


def test_kernels_are_standard_normal_at_first():
    layer = EqualizedLearningRate(keras.layers.Conv2D(64, 3, kernel_initializer="ones"))
    layer.build((None, 8, 8, 32))
    kernel = np.array(layer.layer.kernel)
    # Five standard errors of 18,432 numbers.
    assert abs(kernel.mean()) < 5 / np.sqrt(kernel.size)
    assert abs(kernel.std() - 1) < 5 / np.sqrt(2 * kernel.size)


def test_it_is_saved_with_its_gain(tmp_path):
    wrapped = EqualizedLearningRate(keras.layers.Dense(5), gain=0.5)
    model = keras.Sequential([keras.Input((7,)), wrapped])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    inputs = np.array(Rows(3, 0).normal((7,), "inputs"))
    np.testing.assert_array_equal(again(inputs), model(inputs))
    assert again.layers[0].scale == pytest.approx(0.5 / np.sqrt(7))


def test_other_layers_and_gains_are_refused():
    for wrong in (keras.layers.Conv2DTranspose(5, 3), keras.layers.ReLU()):
        with pytest.raises(ValueError, match="`layer` must be a dense or convolution"):
            EqualizedLearningRate(wrong)
    with pytest.raises(ValueError, match="`gain` must be positive.*0"):
        EqualizedLearningRate(keras.layers.Dense(5), gain=0)
