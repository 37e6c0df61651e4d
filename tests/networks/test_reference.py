"""Tests of networks through which a reference batch travels."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.layers import ReferenceBatchNormalization, VirtualBatchNormalization
from keras_gen.networks import (
    dcgan_discriminator,
    dcgan_generator,
    mlp,
    with_reference,
)

NORMALIZATIONS = [ReferenceBatchNormalization, VirtualBatchNormalization]
SIZE = 6


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def discriminator(normalization, size=SIZE):
    return dcgan_discriminator(
        (16, 16, 1), [3, 4], normalization=lambda: normalization(size)
    )


def generator(normalization):
    return dcgan_generator(
        3, [5, 4], (16, 16, 1), normalization=lambda: normalization(SIZE)
    )


def perceptron(normalization):
    return keras.Sequential(
        [
            keras.Input((7,)),
            keras.layers.Dense(8, "relu"),
            normalization(SIZE),
            keras.layers.Dense(2),
        ]
    )


def referenced(make_network, normalization):
    network = make_network(normalization)
    return with_reference(network, noise(SIZE, *network.input_shape[1:], seed=7))


networks = pytest.mark.parametrize(
    "make_network", [discriminator, generator, perceptron]
)
normalizations = pytest.mark.parametrize("normalization", NORMALIZATIONS)


@networks
@normalizations
def test_the_network_keeps_its_face(make_network, normalization):
    network = make_network(normalization)
    inputs, reference = (noise(n, *network.input_shape[1:]) for n in (4, SIZE))
    result = with_reference(network, reference)
    assert result.built
    assert result.name == network.name
    assert result.input_shape == network.input_shape
    assert result.output_shape == network.output_shape
    assert with_reference(network, reference, name="other").name == "other"
    expected = network(np.concatenate([reference, inputs]))[SIZE:]
    np.testing.assert_allclose(result(inputs), expected, rtol=1e-5, atol=1e-6)


@networks
@normalizations
def test_an_output_does_not_depend_on_the_rest_of_the_batch(
    make_network, normalization
):
    network = referenced(make_network, normalization)
    inputs = noise(9, *network.input_shape[1:])
    outputs = keras.ops.convert_to_numpy(network(inputs))
    scale = np.abs(outputs).max()
    for batch in (inputs[2:3], np.concatenate([50 * inputs[5:], inputs[:3]])):
        for training in (False, True):
            alone = keras.ops.convert_to_numpy(network(batch, training=training))
            np.testing.assert_allclose(alone[-1], outputs[2], atol=1e-5 * scale)


@normalizations
def test_an_input_moves_its_own_score_alone(normalization):
    network = referenced(discriminator, normalization)
    images = tf.constant(noise(4, 16, 16, 1))
    with tf.GradientTape() as tape:
        tape.watch(images)
        score = network(images, training=True)[1]
    slopes = np.abs(tape.gradient(score, images)).max(axis=(1, 2, 3))
    assert slopes[1] > 0
    assert (slopes[[0, 2, 3]] == 0).all()


@networks
@normalizations
def test_every_trainable_weight_gets_a_gradient_and_the_reference_none(
    make_network, normalization
):
    network = referenced(make_network, normalization)
    inputs = noise(8, *network.input_shape[1:])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(network(inputs, training=True) - 1))
    weights = network.trainable_variables
    for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
        assert np.abs(gradient).max() > 0, weight.path
    assert [weight.name for weight in network.non_trainable_weights] == ["reference"]


@networks
@normalizations
def test_a_saved_network_keeps_its_reference(make_network, normalization, tmp_path):
    network = referenced(make_network, normalization)
    inputs = noise(4, *network.input_shape[1:])
    network.save(tmp_path / "network.keras")
    restored = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(restored(inputs), network(inputs))
    network.save_weights(tmp_path / "network.weights.h5")
    other = referenced(make_network, normalization)
    other.load_weights(tmp_path / "network.weights.h5")
    np.testing.assert_array_equal(other(inputs), network(inputs))


@networks
@normalizations
def test_the_config_and_the_weights_are_the_network(make_network, normalization):
    network = referenced(make_network, normalization)
    restored = keras.Model.from_config(network.get_config())
    assert restored.get_config() == network.get_config()
    restored.set_weights(network.get_weights())
    inputs = noise(4, *network.input_shape[1:])
    np.testing.assert_array_equal(restored(inputs), network(inputs))


@normalizations
@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_network_trains(normalization, jit_compile):
    network = referenced(discriminator, normalization)
    network.compile(keras.optimizers.Adam(1e-2), "mse", jit_compile=jit_compile)
    images = noise(10, 16, 16, 1)
    targets = images.mean(axis=(1, 2))
    before = network.evaluate(images, targets, verbose=0)
    # The last batch is short.
    network.fit(images, targets, batch_size=4, epochs=30, verbose=0)
    assert network.evaluate(images, targets, verbose=0) < before
    reference = network.get_layer("prepend_reference").reference
    np.testing.assert_array_equal(reference, noise(SIZE, 16, 16, 1, seed=7))


def test_normalizations_are_found_in_nested_networks_and_all_outputs_are_cut():
    inner = discriminator(VirtualBatchNormalization)
    inputs = keras.Input((16, 16, 1), name="images")
    score = inner(inputs)
    outputs = {"score": score, "labels": keras.layers.Dense(3)(score)}
    network = with_reference(keras.Model(inputs, outputs), noise(SIZE, 16, 16, 1))
    shapes = {key: value.shape for key, value in network(noise(4, 16, 16, 1)).items()}
    assert shapes == {"score": (4, 1), "labels": (4, 3)}


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (noise(SIZE, 16, 16, 3), r"`reference`.*16, 16, 1\).*\(6, 16, 16, 3\)"),
        (noise(16, 16, 1), r"`reference`.*\(16, 16, 1\)"),
        (noise(0, 16, 16, 1), r"`reference`.*\(0, 16, 16, 1\)"),
        (
            noise(5, 16, 16, 1),
            r"`reference`.*`reference_size`.*\[6\].*\(5, 16, 16, 1\)",
        ),
        (np.full((SIZE, 16, 16, 1), np.nan), r"`reference` must be finite"),
        (np.full((SIZE, 16, 16, 1), np.inf), r"`reference` must be finite"),
    ],
)
def test_a_reference_that_does_not_fit_is_named(reference, message):
    with pytest.raises(ValueError, match=message):
        with_reference(discriminator(ReferenceBatchNormalization), reference)


def test_a_network_without_reference_normalization_is_refused():
    network = mlp((4,), [3], (1,), name="some_mlp")
    with pytest.raises(ValueError, match="`network` must hold.*'some_mlp'"):
        with_reference(network, noise(SIZE, 4))


def test_a_network_of_two_inputs_is_refused():
    inputs = [keras.Input((4,)), keras.Input((4,))]
    network = keras.Model(inputs, keras.layers.Add()(inputs))
    with pytest.raises(ValueError, match="`network` must have 1 input. .* with 2"):
        with_reference(network, noise(SIZE, 4))
