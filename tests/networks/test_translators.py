"""U-Net, patch discriminator, residual generator and instance normalization."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.layers import NoiseDropout, SpectralNormalization
from keras_gen.networks import (
    instance_normalization,
    patch_discriminator,
    residual_generator,
    unet,
)


def seen_by_a_score(network):
    """The height and width of what moves one score in the middle."""
    image = tf.Variable(tf.zeros((1, *network.input_shape[1:])))
    for weight in network.trainable_weights:
        weight.assign(np.full(weight.shape, 0.1))
    with tf.GradientTape() as tape:
        scores = network(image)
        row, column = (size // 2 for size in scores.shape[1:3])
        score = scores[0, row, column, 0]
    moved = np.any(np.array(tape.gradient(score, image))[0] != 0, axis=-1)
    return moved.any(axis=1).sum(), moved.any(axis=0).sum()


@pytest.mark.parametrize(("num_filters", "side"), [(2, 16), (3, 34), (4, 70)])
def test_the_receptive_field_of_a_patch(num_filters, side):
    network = patch_discriminator((160, 160, 1), [1] * num_filters, normalization=None)
    assert seen_by_a_score(network) == (side, side)
    assert side == 9 * 2 ** (num_filters - 1) - 2


def test_patches_have_the_layers_of_the_paper():
    network = patch_discriminator((256, 256, 6), [64, 128, 256, 512])
    convolutions = [
        layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)
    ]
    assert [c.strides[0] for c in convolutions] == [2, 2, 2, 1, 1]
    assert [c.filters for c in convolutions] == [64, 128, 256, 512, 1]
    assert [c.use_bias for c in convolutions] == [True, False, False, False, True]
    assert network.output_shape == (None, 32, 32, 1)
    wrapped = patch_discriminator((8, 8, 1), [2, 2], wrapper=SpectralNormalization)
    kinds = [type(layer) for layer in wrapped.layers]
    assert kinds.count(SpectralNormalization) == 3


def test_a_unet_joins_layers_of_one_size():
    network = unet((32, 16, 1), [4, 8, 16, 16], output_channels=3)
    shapes = {layer.name: layer.output.shape[1:] for layer in network.layers}
    assert shapes["leaky_relu_3"] == (2, 1, 16)
    for index, (height, channels) in enumerate([(4, 16), (8, 8), (16, 4)]):
        assert shapes[f"relu_{index}"] == (height, height // 2, channels)
        assert shapes[f"leaky_relu_{2 - index}"] == shapes[f"relu_{index}"]
        assert shapes[f"skip_{index}"] == (height, height // 2, 2 * channels)
    assert network.output_shape == (None, 32, 16, 3)
    bare = {"down_0", "down_3", "outputs"}
    convolutions = keras.layers.Conv2D, keras.layers.Conv2DTranspose
    biased = {n.name for n in network.layers if isinstance(n, convolutions)}
    biased = {name for name in biased if network.get_layer(name).use_bias}
    assert biased == bare


def test_skips_let_details_through_that_the_innermost_layer_has_lost():
    network = unet((8, 8, 1), [2, 2, 2], normalization=None)
    for weight in network.get_layer("down_2").weights:
        weight.assign(np.zeros(weight.shape))
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 1)).astype("f4")
    first, second = np.array(network(images))
    assert not np.allclose(first, second)


def test_dropout_of_a_unet_is_a_function_of_its_noise():
    network = unet((8, 8, 1), [4, 4, 4], num_dropouts=2, normalization=None)
    images, noise = network.inputs
    # Two by two and four by four pixels of four channels.
    assert tuple(noise.shape[1:]) == (16 + 64,)
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 1)).astype("f4")
    kept = np.full((2, 80), 0.9, "f4")
    plain = network([x, 0 * kept], training=False)
    np.testing.assert_allclose(network([x, kept], training=False), plain)
    noisy = np.array(network([x, kept], training=True))
    np.testing.assert_array_equal(noisy, network([x, kept], training=True))
    other = kept.copy()
    other[0, :40] = 0.1
    changed = np.array(network([x, other], training=True))
    assert not np.allclose(changed[0], noisy[0])
    np.testing.assert_allclose(changed[1], noisy[1], atol=1e-6)


def test_dropout_keeps_the_mean():
    noise = np.linspace(0, 1, 1000, endpoint=False, dtype="f4")[None]
    values = np.ones((1, 1000), "f4")
    dropped = np.array(NoiseDropout(0.2)(values, noise, training=True))
    assert sorted(np.unique(dropped)) == [0.0, 1.25]
    assert dropped.mean() == pytest.approx(1.0)
    np.testing.assert_array_equal(NoiseDropout(0.2)(values, noise), values)


def test_a_residual_generator_has_the_layers_of_the_paper():
    network = residual_generator((128, 128, 3), [64, 128, 256], 6, output_channels=1)
    assert network.output_shape == (None, 128, 128, 1)
    convolutions = keras.layers.Conv2D, keras.layers.Conv2DTranspose
    found = [layer for layer in network.layers if isinstance(layer, convolutions)]
    assert len(found) == 3 + 2 * 6 + 2 + 1
    assert [layer.filters for layer in found[:3]] == [64, 128, 256]
    assert [layer.filters for layer in found[-3:]] == [128, 64, 1]
    assert [layer.kernel_size[0] for layer in (found[0], found[-1])] == [7, 7]
    assert network.get_layer("block_5_sum").output.shape == (None, 32, 32, 256)


def test_an_instance_is_normalized_by_itself():
    layer = instance_normalization()
    images = np.random.default_rng(0).normal(3.0, 2.0, (4, 6, 6, 2)).astype("f4")
    found = np.array(layer(images))
    np.testing.assert_allclose(found.mean(axis=(1, 2)), 0.0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=(1, 2)), 1.0, atol=1e-4)
    np.testing.assert_allclose(layer(images[:1]), found[:1], atol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: unet((20, 16, 1), [4, 4, 4]), "divisible by 8 for 3 `filters`"),
        (lambda: unet((8, 8, 1), [4, 4], num_dropouts=2), "`num_dropouts` must be bel"),
        (lambda: unet((8, 8, 1), [4, 4], output_channels=0), "`output_channels` must"),
        (lambda: unet((8, 8, 1), [4, 4, 4], normalization="batch"), "`normalization` "),
        (lambda: NoiseDropout(1.0), r"`rate` must lie in \[0, 1\). Received: 1.0"),
        (lambda: NoiseDropout("half"), "`rate` must be a finite number.*half"),
        (lambda: patch_discriminator((8, 8), [4]), "`image_shape` must be"),
        (lambda: patch_discriminator((8, 8, 1), []), "`filters` must hold at least"),
        (lambda: residual_generator((10, 8, 1), [4, 4, 4], 1), "divisible by 4"),
        (lambda: residual_generator((8, 8, 1), [4], -1), "`num_blocks` must be an in"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
