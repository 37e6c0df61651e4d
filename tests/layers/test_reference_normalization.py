"""Tests of the normalizations by a reference batch, and of the layers that carry it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.layers import (
    DropReferenceBatch,
    PrependReferenceBatch,
    ReferenceBatchNormalization,
    VirtualBatchNormalization,
)

LAYERS = [ReferenceBatchNormalization, VirtualBatchNormalization]
SHAPES = [(3,), (5, 3), (4, 6, 3)]
SIZE = 5


def rows(num, shape, seed=0):
    random = np.random.default_rng(seed)
    offset = random.normal(size=shape[-1])
    return (offset + 2 * random.normal(size=(num, *shape))).astype(np.float32)


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_reference_has_mean_zero_and_variance_one(layer, shape):
    outputs = numpy(layer(SIZE, epsilon=1e-7)(rows(9, shape)))
    assert outputs.shape == (9, *shape)
    axes = tuple(range(len(shape)))
    np.testing.assert_allclose(outputs[:SIZE].mean(axes), 0, atol=1e-5)
    np.testing.assert_allclose(outputs[:SIZE].var(axes), 1, rtol=1e-4)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_reference_is_batch_normalized(layer, shape):
    inputs = rows(9, shape)
    batch = keras.layers.BatchNormalization()(inputs[:SIZE], training=True)
    np.testing.assert_allclose(layer(SIZE)(inputs)[:SIZE], batch, atol=1e-5)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_an_example_is_normalized_alike_in_any_batch(layer, shape):
    layer = layer(SIZE)
    inputs, others = rows(9, shape), rows(20, shape, seed=1)
    outputs = numpy(layer(inputs))
    example = inputs[7:8]
    for batch in ([example], [others, example], [100 * others[:3], example]):
        batch = np.concatenate([inputs[:SIZE], *batch])
        np.testing.assert_allclose(layer(batch)[-1], outputs[7], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_reference_moments_are_those_of_the_reference(shape):
    inputs = rows(9, shape).astype(np.float64)
    axes = tuple(range(len(shape)))
    mean, variance = inputs[:SIZE].mean(axes), inputs[:SIZE].var(axes)
    outputs = ReferenceBatchNormalization(SIZE, epsilon=1e-3)(inputs)
    expected = (inputs - mean) / np.sqrt(variance + 1e-3)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_virtual_moments_are_those_of_the_reference_and_the_example(shape):
    inputs = rows(9, shape).astype(np.float64)
    axes = tuple(range(len(shape)))
    outputs = VirtualBatchNormalization(SIZE, epsilon=1e-3)(inputs)
    for index in range(SIZE, len(inputs)):
        together = np.concatenate([inputs[:SIZE], inputs[index : index + 1]])
        mean, variance = together.mean(axes), together.var(axes)
        expected = (inputs[index] - mean) / np.sqrt(variance + 1e-3)
        np.testing.assert_allclose(outputs[index], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_far_mean_does_not_cancel_the_variance(layer):
    inputs = rows(9, (4, 4, 3))
    near, far = (layer(SIZE)(inputs + shift) for shift in (0, 4096))
    np.testing.assert_allclose(far, near, atol=5e-3)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_scale_and_an_offset_are_learned(layer):
    layer = layer(SIZE)
    inputs = rows(9, (4, 4, 3))
    plain = numpy(layer(inputs))
    gamma, beta = rows(2, (3,), seed=2)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    np.testing.assert_allclose(layer(inputs), gamma * plain + beta, atol=1e-5)
    assert [weight.name for weight in layer.trainable_weights] == ["gamma", "beta"]
    assert layer.non_trainable_weights == []


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_reach_weights_examples_and_reference(layer, shape):
    layer = layer(SIZE)
    inputs = tf.constant(rows(9, shape))
    target = rows(9, shape, seed=3)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs)[SIZE:]
        loss = tf.reduce_mean(tf.square(outputs - target[SIZE:]))
    gradients = tape.gradient(loss, [inputs, *layer.trainable_variables])
    for gradient in gradients:
        assert np.isfinite(gradient).all()
        assert (np.asarray(gradient) != 0).all()


@pytest.mark.parametrize("layer", LAYERS)
def test_moments_are_taken_in_float32(layer):
    inputs = rows(9, (4, 4, 3))
    layer = layer(SIZE, dtype="mixed_float16")
    outputs = layer(300 * inputs)
    assert keras.backend.standardize_dtype(outputs.dtype) == "float16"
    expected = type(layer)(SIZE)(300 * inputs)
    np.testing.assert_allclose(outputs, expected, atol=2e-2)


@pytest.mark.parametrize(
    "layer",
    [
        *(layer(SIZE, epsilon=1e-5) for layer in LAYERS),
        PrependReferenceBatch(SIZE),
        DropReferenceBatch(SIZE),
    ],
    ids=lambda layer: layer.name,
)
def test_the_config_restores_the_layer(layer):
    config = keras.saving.serialize_keras_object(layer)
    restored = keras.saving.deserialize_keras_object(config)
    assert type(restored) is type(layer)
    assert restored.get_config() == layer.get_config()
    inputs = rows(9, (4, 4, 3))
    np.testing.assert_array_equal(restored(inputs), layer(inputs))


def test_a_reference_is_prepended_and_dropped():
    inputs, reference = rows(4, (4, 4, 3)), rows(SIZE, (4, 4, 3), seed=1)
    prepend, drop = PrependReferenceBatch(SIZE), DropReferenceBatch(SIZE)
    np.testing.assert_array_equal(prepend(inputs)[:SIZE], np.zeros_like(reference))
    prepend.reference.assign(reference)
    together = prepend(inputs)
    np.testing.assert_array_equal(together, np.concatenate([reference, inputs]))
    np.testing.assert_array_equal(drop(together), inputs)
    assert prepend.trainable_weights == []
    assert [weight.name for weight in prepend.weights] == ["reference"]


@pytest.mark.parametrize("size", [0, 1, -1, 2.5, True, None])
@pytest.mark.parametrize("layer", LAYERS)
def test_a_normalization_refuses_a_bad_reference_size(layer, size):
    with pytest.raises(ValueError, match=f"`reference_size`.*{size}"):
        layer(size)


@pytest.mark.parametrize("size", [0, -1, 2.5, True, None])
@pytest.mark.parametrize("layer", [PrependReferenceBatch, DropReferenceBatch])
def test_a_reference_of_no_rows_is_refused(layer, size):
    with pytest.raises(ValueError, match=f"`reference_size`.*{size}"):
        layer(size)


@pytest.mark.parametrize("epsilon", [0, -1e-3, float("nan")])
@pytest.mark.parametrize("layer", LAYERS)
def test_a_bad_epsilon_is_refused(layer, epsilon):
    with pytest.raises(ValueError, match=f"`epsilon`.*{epsilon}"):
        layer(SIZE, epsilon)


@pytest.mark.parametrize("layer", LAYERS)
def test_inputs_without_room_for_the_reference_are_refused(layer):
    with pytest.raises(ValueError, match=r"`reference_size=5`.*\(4, 3\)"):
        layer(SIZE)(rows(4, (3,)))
