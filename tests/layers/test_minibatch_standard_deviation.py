"""Tests of the feature map that shows how varied a batch is."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.layers import MinibatchStandardDeviation

SHAPES = [(6, 3), (6, 4, 5, 3), (1, 4, 4, 2), (1, 3), (7, 8, 8, 1)]


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_inputs_stay_and_one_map_is_added(shape):
    inputs = normal(*shape)
    outputs = keras.ops.convert_to_numpy(MinibatchStandardDeviation()(inputs))
    assert outputs.shape == (*shape[:-1], shape[-1] + 1)
    np.testing.assert_array_equal(outputs[..., :-1], inputs)
    expected = inputs.std(axis=0).mean()
    np.testing.assert_allclose(outputs[..., -1], expected, rtol=1e-4, atol=1.01e-4)


def test_the_deviation_grows_with_the_batch_and_ignores_what_examples_share():
    inputs = normal(6, 4, 4, 2)
    layer = MinibatchStandardDeviation()
    value = layer(inputs)[0, 0, 0, -1]
    np.testing.assert_allclose(layer(3 * inputs)[0, 0, 0, -1], 3 * value, rtol=1e-5)
    shifted = layer(inputs + normal(1, 4, 4, 2))[0, 0, 0, -1]
    np.testing.assert_allclose(shifted, value, rtol=1e-5)
    np.testing.assert_allclose(layer(inputs[::-1])[0, 0, 0, -1], value, rtol=1e-6)


@pytest.mark.parametrize("shape", [(1, 3), (4, 2, 2, 3)])
def test_equal_examples_have_a_finite_derivative(shape):
    inputs = tf.ones(shape)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        deviation = tf.reduce_sum(MinibatchStandardDeviation()(inputs)[..., -1])
    np.testing.assert_allclose(tape.gradient(deviation, inputs), 0, atol=1e-6)


def test_half_precision_sees_small_deviations():
    layer = MinibatchStandardDeviation(dtype="mixed_float16")
    inputs = np.stack([np.full((4, 3), 1e-3), np.full((4, 3), -1e-3)])
    outputs = layer(inputs)
    assert keras.backend.standardize_dtype(outputs.dtype) == "float16"
    assert float(outputs[0, 0, -1]) == pytest.approx(1e-3, rel=0.01)


def test_a_network_with_the_layer_takes_any_batch_and_is_saved(tmp_path):
    inputs = keras.Input((4, 4, 2))
    x = MinibatchStandardDeviation()(inputs)
    assert x.shape == (None, 4, 4, 3)
    network = keras.Model(inputs, keras.layers.Conv2D(3, 2)(x))
    network.save(tmp_path / "network.keras")
    restored = keras.saving.load_model(tmp_path / "network.keras")
    for batch in (1, 5):
        images = normal(batch, 4, 4, 2)
        np.testing.assert_array_equal(restored(images), network(images))
        predicted = network.predict(images, verbose=0)
        np.testing.assert_allclose(predicted, network(images), atol=1e-6)


@pytest.mark.parametrize("shape", [(6, 3), (7, 4, 5, 3)])
def test_each_group_has_its_own_value_on_all_of_its_map(shape):
    inputs = normal(*shape)
    outputs = keras.ops.convert_to_numpy(MinibatchStandardDeviation(4)(inputs))
    np.testing.assert_array_equal(outputs[..., :-1], inputs)
    for rows in (slice(0, 4), slice(4, None)):
        expected = MinibatchStandardDeviation()(inputs[rows])[..., -1]
        np.testing.assert_allclose(outputs[rows][..., -1], expected, rtol=1e-4)
    assert outputs[0].flat[-1] != outputs[4].flat[-1]


@pytest.mark.parametrize("group_size", [None, 2])
def test_equal_examples_have_next_to_no_deviation(group_size):
    inputs = np.repeat(normal(1, 4, 4, 3), 6, axis=0)
    outputs = MinibatchStandardDeviation(group_size)(inputs)
    np.testing.assert_allclose(outputs[..., -1], 1e-4, rtol=1e-3)


def test_parts_of_whole_groups_have_the_values_of_the_undivided_batch():
    layer = MinibatchStandardDeviation(2)
    inputs = normal(8, 4, 4, 3)
    parts = np.concatenate([layer(inputs[:4]), layer(inputs[4:])])
    np.testing.assert_allclose(parts, layer(inputs), rtol=1e-5)
    again = MinibatchStandardDeviation.from_config(layer.get_config())
    assert again.group_size == 2


@pytest.mark.parametrize("group_size", [0, 1.5, "all"])
def test_wrong_groups_are_refused(group_size):
    with pytest.raises(ValueError, match="`group_size` must be an integer"):
        MinibatchStandardDeviation(group_size)
