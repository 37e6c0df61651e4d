"""Tests of the networks of DCGAN."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen import random
from keras_gen.networks import dcgan_discriminator, dcgan_generator

IMAGE_SHAPES = [
    ((16, 16, 1), [6, 4]),
    ((28, 28, 1), [6, 4]),
    ((28, 16, 3), [6, 4]),
    ((8, 14, 5), [3]),
    ((32, 48, 3), [5, 4, 3]),
    ((20, 12, 1), [3, 2]),
]
NORMALIZATIONS = [
    None,
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    lambda: keras.layers.GroupNormalization(1),
]


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def layers_of(network, kind):
    return [layer for layer in network.layers if isinstance(layer, kind)]


@pytest.mark.parametrize(("image_shape", "filters"), IMAGE_SHAPES)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_generator_ends_in_images(image_shape, filters, normalization):
    network = dcgan_generator(3, filters, image_shape, normalization=normalization)
    assert network.built
    assert network.name == "generator"
    assert network.input_shape == (None, 3)
    assert network.output_shape == (None, *image_shape)
    images = keras.ops.convert_to_numpy(network(100 * noise(4, 3)))
    assert images.shape == (4, *image_shape)
    assert np.abs(images).max() <= 1
    assert images.min() < 0 < images.max()


@pytest.mark.parametrize(("image_shape", "filters"), IMAGE_SHAPES)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_discriminator_ends_in_a_logit(image_shape, filters, normalization):
    network = dcgan_discriminator(image_shape, filters, normalization=normalization)
    assert network.built
    assert network.name == "discriminator"
    assert network.input_shape == (None, *image_shape)
    assert network.output_shape == (None, 1)
    assert network.get_layer("outputs").activation is keras.activations.linear
    scores = keras.ops.convert_to_numpy(network(noise(16, *image_shape)))
    assert scores.shape == (16, 1)
    assert len(np.unique(scores)) == 16


def test_the_generator_of_the_paper_has_its_parameters():
    network = dcgan_generator(100, [1024, 512, 256, 128], (64, 64, 3))
    sizes = [1024, 512, 256, 128]
    convolutions = sum(
        25 * a * b
        for a, b in zip([1024, 512, 256, 128], [512, 256, 128, 3], strict=True)
    )
    trainable = 100 * 4 * 4 * 1024 + convolutions + 3 + 2 * sum(sizes)
    weights = network.trainable_weights
    assert sum(np.prod(weight.shape) for weight in weights) == trainable
    assert network.get_layer("reshape").output.shape == (None, 4, 4, 1024)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_normalizations_stand_where_the_paper_has_them(normalization):
    generator = dcgan_generator(3, [8, 6, 4], (32, 56, 3), 4, normalization)
    discriminator = dcgan_discriminator((32, 56, 3), [4, 6, 8], 4, normalization)
    kinds = (
        keras.layers.BatchNormalization,
        keras.layers.LayerNormalization,
        keras.layers.GroupNormalization,
    )
    places = 0 if normalization is None else 1
    assert [layer.input.shape[1:] for layer in layers_of(generator, kinds)] == [
        (4, 7, 8),
        (8, 14, 6),
        (16, 28, 4),
    ] * places
    assert [layer.input.shape[1:] for layer in layers_of(discriminator, kinds)] == [
        (8, 14, 6),
        (4, 7, 8),
    ] * places


def test_each_place_has_a_normalization_of_its_own():
    made = []

    def normalization():
        made.append(keras.layers.BatchNormalization())
        return made[-1]

    network = dcgan_generator(3, [6, 4], (16, 16, 1), normalization=normalization)
    assert layers_of(network, keras.layers.BatchNormalization) == made
    assert len({id(layer) for layer in made}) == 2


@pytest.mark.parametrize("output_bias", [False, True])
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_no_bias_stands_before_a_normalization(normalization, output_bias):
    generator = dcgan_generator(3, [6, 4], (16, 16, 1), normalization=normalization)
    discriminator = dcgan_discriminator(
        (16, 16, 1), [4, 6], normalization=normalization, output_bias=output_bias
    )
    inner = normalization is None
    expected = {"projection": inner, "conv_1": inner, "outputs": True}
    assert {name: generator.get_layer(name).use_bias for name in expected} == expected
    expected = {"conv_0": True, "conv_1": inner, "outputs": output_bias}
    layers = {name: discriminator.get_layer(name).use_bias for name in expected}
    assert layers == expected


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_every_trainable_weight_can_change(normalization):
    generator = dcgan_generator(3, [6, 4], (16, 16, 1), normalization=normalization)
    discriminator = dcgan_discriminator((16, 16, 1), [4, 6], 5, normalization)
    with tf.GradientTape() as tape:
        score = discriminator(generator(noise(8, 3), training=True), training=True)
        loss = tf.reduce_mean(tf.nn.softplus(-score))
    weights = generator.trainable_variables + discriminator.trainable_variables
    for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
        assert np.abs(gradient).max() > 1e-12, weight.path


@pytest.mark.parametrize(
    ("hidden_units", "is_a_sum"), [(None, True), (16, False)], ids=["none", "16"]
)
def test_only_a_hidden_layer_joins_patches(hidden_units, is_a_sum):
    random.seed_initializers(0)
    network = dcgan_discriminator(
        (16, 16, 1), [4, 6], 4, None, hidden_units=hidden_units
    )
    for weight in network.trainable_weights:
        weight.assign(10.0 * weight)
    images = np.zeros((4, 16, 16, 1), np.float32)
    images[1::2, :2] = 1.0
    images[2:, -2:] = 1.0
    neither, first, last, both = np.float64(network(images)[:, 0])
    assert abs(first - neither) > 1e-3
    assert np.isclose(both - last, first - neither, rtol=1e-4) == is_a_sum


def test_hidden_units_are_wrapped_and_checked():
    wrapped = []
    dcgan_discriminator(
        (16, 16, 1),
        [4],
        wrapper=lambda layer: wrapped.append(layer.name) or layer,
        hidden_units=3,
    )
    assert wrapped == ["conv_0", "hidden", "outputs"]
    with pytest.raises(ValueError, match="`hidden_units`.*0"):
        dcgan_discriminator((16, 16, 1), [4], hidden_units=0)


def test_weights_start_small_and_follow_the_seed():
    networks = []
    for seed in (0, 0, 1):
        random.seed_initializers(seed)
        networks.append(dcgan_generator(100, [64, 64, 64], (32, 32, 64)))
    kernels = [layer.get_weights() for layer in networks[0].layers]
    kernels = [weights[0] for weights in kernels if weights and weights[0].ndim > 1]
    for kernel in kernels:
        assert kernel.std() == pytest.approx(0.02, rel=0.02)
        assert kernel.mean() == pytest.approx(0, abs=5e-4)
    same = networks[1].get_layer("conv_1").kernel
    other = networks[2].get_layer("conv_1").kernel
    np.testing.assert_array_equal(networks[0].get_layer("conv_1").kernel, same)
    assert (np.asarray(same) != np.asarray(other)).any()
    assert (
        np.asarray(same) != np.asarray(networks[0].get_layer("conv_2").kernel)
    ).any()


@pytest.mark.parametrize(
    "network",
    [
        dcgan_generator(3, [6, 4], (16, 28, 1)),
        dcgan_discriminator((16, 28, 1), [4, 6], output_bias=False),
    ],
    ids=lambda network: network.name,
)
def test_a_saved_network_is_the_same_network(network, tmp_path):
    network.save(tmp_path / "network.keras")
    restored = keras.saving.load_model(tmp_path / "network.keras")
    # As JSON, which has no tuples.
    assert json.dumps(restored.get_config()) == json.dumps(network.get_config())
    inputs = noise(2, *network.input_shape[1:])
    np.testing.assert_array_equal(restored(inputs), network(inputs))


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("image_shape", (16, 16)),
        ("image_shape", (16, 0, 1)),
        ("image_shape", (18, 16, 1)),
        ("image_shape", (16, 26, 1)),
        ("filters", []),
        ("filters", [4, 0]),
        ("filters", 4),
        ("filters", [4, 4, 4, 4, 4]),
        ("kernel_size", 0),
        ("kernel_size", 2.5),
    ],
)
@pytest.mark.parametrize("network", [dcgan_generator, dcgan_discriminator])
def test_a_bad_size_is_named(network, argument, value):
    sizes = {"image_shape": (16, 16, 1), "filters": [4, 4], argument: value}
    if network is dcgan_generator:
        sizes["latent_dim"] = 3
    with pytest.raises(ValueError, match=f"`{argument}`") as error:
        network(**sizes)
    assert repr(value) in str(error.value)


@pytest.mark.parametrize("size", [0, -1, 2.5, True, None])
def test_a_bad_latent_dim_is_named(size):
    with pytest.raises(ValueError, match=f"`latent_dim`.*{size}"):
        dcgan_generator(size, [4], (8, 8, 1))


@pytest.mark.parametrize(
    "value",
    [keras.layers.BatchNormalization(name="norm"), "batch", lambda: None, True],
)
def test_a_bad_normalization_is_named(value):
    for call in (
        lambda: dcgan_generator(3, [4, 4], (16, 16, 1), normalization=value),
        lambda: dcgan_discriminator((16, 16, 1), [4, 4], normalization=value),
    ):
        with pytest.raises(ValueError, match="`normalization`") as error:
            call()
        assert repr(value) in str(error.value)
