"""Tests of the layers of flows: inverse, log-determinant, and what each one claims."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.layers import (
    ActNorm,
    AdditiveCoupling,
    AffineCoupling,
    FlowChain,
    InvertibleConvolution,
    Logit,
    Permutation,
    Split,
    Squeeze,
)
from keras_gen.networks import conditioner

IMAGES, VECTORS = (4, 4, 2), (5,)


def coupling(kind, shape, swap=False):
    size = shape[-1]
    halves = size // 2, size - size // 2
    given, changed = reversed(halves) if swap else halves
    outputs = changed * (2 if kind is AffineCoupling else 1)
    return kind(conditioner((*shape[:-1], given), outputs, 6, 1), swap)


CASES = {
    "ActNorm of images": lambda: (ActNorm(), IMAGES),
    "ActNorm of vectors": lambda: (ActNorm(), VECTORS),
    "ActNorm without a centre": lambda: (ActNorm(center=False), VECTORS),
    "AdditiveCoupling": lambda: (coupling(AdditiveCoupling, VECTORS), VECTORS),
    "AdditiveCoupling, swapped": lambda: (
        coupling(AdditiveCoupling, VECTORS, True),
        VECTORS,
    ),
    "AffineCoupling of images": lambda: (coupling(AffineCoupling, IMAGES), IMAGES),
    "AffineCoupling, swapped": lambda: (
        coupling(AffineCoupling, VECTORS, True),
        VECTORS,
    ),
    "FlowChain": lambda: (
        FlowChain([ActNorm(), Squeeze(), coupling(AffineCoupling, (2, 2, 8))]),
        IMAGES,
    ),
    "InvertibleConvolution of images": lambda: (InvertibleConvolution(), IMAGES),
    "InvertibleConvolution of vectors": lambda: (InvertibleConvolution(), VECTORS),
    "Logit": lambda: (Logit(0.05), VECTORS),
    "Permutation": lambda: (Permutation([2, 0, 1, 4, 3]), VECTORS),
    "Split": lambda: (Split([ActNorm(), InvertibleConvolution()]), (2, 2, 5)),
    "Squeeze": lambda: (Squeeze(), IMAGES),
}


@pytest.fixture(params=CASES)
def case(request):
    """A layer whose weights are random, and three of its inputs."""
    keras.utils.set_random_seed(0)
    layer, shape = CASES[request.param]()
    layer.build((None, *shape))
    generator = np.random.default_rng(0)
    for weight in layer.trainable_weights:
        weight.assign(weight + 0.3 * generator.normal(size=weight.shape))
    inputs = generator.normal(size=(3, *shape)).astype(np.float32)
    if isinstance(layer, Logit):
        inputs = 1.0 / (1.0 + np.exp(-inputs))
    return layer, tf.constant(inputs)


def test_the_inverse_gives_the_inputs_back(case):
    layer, inputs = case
    outputs, log_det = layer(inputs)
    assert outputs.shape == layer.compute_output_shape(inputs.shape)
    assert log_det.shape == (3,)
    np.testing.assert_allclose(layer.inverse(outputs), inputs, atol=1e-5)


def test_the_log_determinant_is_that_of_the_jacobian(case):
    layer, inputs = case
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs, log_det = layer(inputs)
        outputs = tf.reshape(outputs, (3, -1))
    size = outputs.shape[1]
    jacobian = np.reshape(tape.batch_jacobian(outputs, inputs), (3, size, size))
    expected = np.linalg.slogdet(jacobian.astype(np.float64))[1]
    np.testing.assert_allclose(log_det, expected, atol=1e-4)


def test_a_config_makes_the_same_layer(case):
    layer, inputs = case
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    again = keras.saving.deserialize_keras_object(config)
    if not again.built:
        again.build(inputs.shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(inputs)[0], layer(inputs)[0])


def test_the_matrix_of_a_convolution_is_a_rotation_at_first():
    layer = InvertibleConvolution()
    layer.build((None, 3, 3, 12))
    kernel = np.array(layer(np.eye(12, dtype=np.float32)[:, None, None])[0])[:, 0, 0]
    np.testing.assert_allclose(kernel @ kernel.T, np.eye(12), atol=1e-5)
    assert np.abs(kernel - np.eye(12)).max() > 0.1


def test_the_log_determinant_of_a_convolution_counts_pixels():
    layer = InvertibleConvolution()
    layer.build((None, 3, 2, 4))
    layer.log_scale.assign([0.5, -0.2, 0.1, 0.3])
    kernel = np.array(layer(np.eye(4, dtype=np.float32)[:, None, None])[0])[:, 0, 0]
    expected = 6 * np.linalg.slogdet(kernel)[1]
    np.testing.assert_allclose(layer(np.ones((1, 3, 2, 4)))[1], [expected], rtol=1e-5)


@pytest.mark.parametrize("shape", [(200, 3), (50, 2, 2, 3)])
def test_act_norm_takes_the_moments_of_a_batch(shape):
    inputs = np.random.default_rng(0).normal(2.0, 3.0, shape).astype(np.float32)
    layer = ActNorm()
    outputs = np.array(layer.adapt(inputs))
    axes = tuple(range(outputs.ndim - 1))
    np.testing.assert_allclose(outputs.mean(axes), 0, atol=1e-5)
    np.testing.assert_allclose(outputs.std(axes), 1, atol=1e-5)
    # Not those of a later batch.
    np.testing.assert_allclose(layer(inputs[:3])[0], outputs[:3], atol=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, -13.8, 1e4])
def test_a_constant_channel_keeps_its_scale(value):
    inputs = np.full((100, 2), value, np.float32)
    inputs[:, 1] = np.arange(100)
    layer = ActNorm()
    outputs = np.array(layer.adapt(inputs))
    assert float(layer.log_scale[0]) == 0
    assert float(layer.log_scale[1]) < -1
    np.testing.assert_allclose(outputs[:, 0], 0, atol=1e-6 * max(1, abs(value)))


def test_a_chain_adapts_each_layer_to_the_outputs_of_the_one_before():
    flow = FlowChain([Split([ActNorm(), InvertibleConvolution()]), ActNorm()])
    inputs = np.random.default_rng(0).normal(1.0, 2.0, (200, 2, 2, 4))
    outputs = np.array(flow.adapt(inputs.astype(np.float32)))
    np.testing.assert_allclose(outputs.std(0), 1, atol=1e-4)
    inner = flow.layers[0].chain.layers[0]
    assert np.abs(np.array(inner.log_scale)).min() > 0.1


def test_halves_of_a_squeeze_are_the_colours_of_a_checkerboard():
    colours = np.indices((4, 6)).sum(axis=0) % 2
    outputs = np.array(Squeeze()(colours[None, :, :, None].astype(np.float32))[0])
    assert np.all(outputs[..., :2] == 0)
    assert np.all(outputs[..., 2:] == 1)


@pytest.mark.parametrize("kind", [AdditiveCoupling, AffineCoupling])
@pytest.mark.parametrize("swap", [False, True])
def test_a_coupling_keeps_one_half(kind, swap):
    layer = coupling(kind, (5,), swap)
    layer.network.layers[-1].bias.assign_add(
        np.ones(layer.network.output_shape[-1], np.float32)
    )
    inputs = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    same = np.all(np.array(layer(inputs)[0]) == inputs, axis=0)
    assert same.tolist() == (
        [False] * 2 + [True] * 3 if swap else [True] * 2 + [False] * 3
    )


def test_scales_of_an_affine_coupling_are_bounded():
    layer = coupling(AffineCoupling, (2,))
    for size in (1e6, -1e6):
        layer.network.layers[-1].bias.assign([size, 0.0])
        outputs, log_det = layer(np.ones((1, 2), np.float32))
        np.testing.assert_allclose(log_det, [np.sign(size) * 2], rtol=1e-6)
        assert np.isfinite(outputs).all()


def test_a_logit_is_exact_near_its_ends():
    margin = 1e-6
    inputs = np.array([[0.0, 1e-5, 0.5, 1 - 1e-5, 1.0]], np.float32)
    wide = margin + (1 - 2 * margin) * inputs.astype(np.float64)
    outputs, log_det = Logit(margin)(inputs)
    np.testing.assert_allclose(outputs, np.log(wide / (1 - wide)), atol=2e-3)
    slope = np.log((1 - 2 * margin) / (wide * (1 - wide)))
    np.testing.assert_allclose(log_det, slope.sum(1), atol=5e-3)


@pytest.mark.parametrize("margin", [0.0, 0.5, -1e-6, 1, "small", None, np.nan])
def test_bad_margins_are_refused(margin):
    with pytest.raises(ValueError, match="`margin` must be a number"):
        Logit(margin)


def test_bad_arguments_of_layers_are_refused():
    with pytest.raises(ValueError, match=r"`order` must hold.*\[0, 0, 1\]"):
        Permutation([0, 0, 1])
    with pytest.raises(ValueError, match="`layers` must hold layers of a flow.*Dense"):
        FlowChain([keras.layers.Dense(2)])


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (Permutation([1, 0]), (3,), "have 2 channels"),
        (Squeeze(), (3, 4, 1), "height and width are even"),
        (Squeeze(), (4, 3, 1), "height and width are even"),
        (Squeeze(), (4,), "height and width are even"),
        (Split([]), (2, 2, 1), "at least two channels"),
        (AdditiveCoupling(keras.layers.Dense(1)), (1,), "at least two channels"),
    ],
)
def test_inputs_that_a_layer_cannot_take_are_refused(layer, shape, message):
    with pytest.raises(ValueError, match=f"`inputs` must .*{message}"):
        layer.build((None, *shape))
