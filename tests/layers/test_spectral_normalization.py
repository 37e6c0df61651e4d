import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.layers import SpectralNormalization
from keras_gen.random import Rows

KINDS = {
    "dense": (lambda: keras.layers.Dense(5), (3, 7)),
    "conv": (lambda: keras.layers.Conv2D(5, 3), (3, 6, 6, 2)),
}


def built(kind):
    layer, shape = KINDS[kind]
    layer = SpectralNormalization(layer())
    inputs = np.array(Rows(shape[0], 0).normal(shape[1:], "inputs"))
    layer(inputs)
    # Kernels by chance may have two singular values that are almost equal.
    for name, variable in (("bias", layer.layer.bias), ("kernel", layer.layer.kernel)):
        variable.assign(np.array(Rows(1, 0).normal(variable.shape, name)[0]))
    return layer, inputs


@pytest.mark.parametrize("kind", KINDS)
def test_the_estimate_converges_to_the_largest_singular_value(kind):
    layer, inputs = built(kind)
    for _ in range(200):
        layer(inputs, training=True)
    matrix = np.array(layer.layer.kernel).reshape(-1, 5)
    largest = np.linalg.svd(matrix, compute_uv=False)[0]
    np.testing.assert_allclose(layer.spectral_norm(), largest, rtol=1e-5)
    expected = layer.layer(inputs) - layer.layer.bias
    expected = expected / largest + layer.layer.bias
    np.testing.assert_allclose(layer(inputs), expected, atol=1e-5)


def test_the_estimate_moves_in_training_alone():
    layer, inputs = built("dense")
    before = np.array(layer.direction)
    layer(inputs)
    layer(inputs, training=False)
    np.testing.assert_array_equal(layer.direction, before)
    layer(inputs, training=True)
    assert not np.allclose(layer.direction, before)


def test_gradients_flow_through_the_estimate():
    layer, inputs = built("dense")
    for _ in range(200):
        layer(inputs, training=True)
    kernel = layer.layer.kernel
    with tf.GradientTape() as tape:
        outputs = tf.reduce_sum(layer(inputs) ** 3)
    gradient = np.array(tape.gradient(outputs, kernel.value))
    # What is divided by its size does not depend on it: no gradient along itself.
    along = np.sum(gradient * np.array(kernel))
    assert abs(along) < 1e-4 * np.linalg.norm(gradient) * np.linalg.norm(kernel)
    assert np.linalg.norm(gradient) > 0.1


def test_the_estimate_is_saved_with_the_model(tmp_path):
    model = keras.Sequential(
        [keras.Input((7,)), SpectralNormalization(keras.layers.Dense(5))]
    )
    inputs = np.array(Rows(3, 0).normal((7,), "inputs"))
    model(inputs, training=True)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(inputs), model(inputs))


def test_layers_with_activation_or_without_kernel_are_refused():
    with pytest.raises(ValueError, match="`layer` must have no activation"):
        SpectralNormalization(keras.layers.Dense(5, activation="relu"))
    with pytest.raises(ValueError, match="`layer` must have a kernel"):
        SpectralNormalization(keras.layers.Flatten())(np.zeros((2, 3)))
