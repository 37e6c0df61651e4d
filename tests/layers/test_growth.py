import keras
import numpy as np
import pytest

from keras_gen.layers import GrowingDecoder, GrowingEncoder
from keras_gen.layers.growth import as_grown, in_squares
from keras_gen.networks import mlp
from keras_gen.random import Rows

FEATURES, IMAGES = (2, 2, 3), (8, 8, 1)


def part(start, end, name):
    network = mlp(start, [], end)
    for variable in network.variables:
        values = Rows(1, 0).normal(tuple(variable.shape), f"{name}/{variable.path}")
        variable.assign(np.array(values)[0])
    return network


def decoder():
    sizes = [(side, side, 3) for side in (2, 4, 8)]
    return GrowingDecoder(
        [part(sizes[i], sizes[i + 1], f"block {i}") for i in (0, 1)],
        [part(size, (*size[:2], 1), f"head {size}") for size in sizes],
    )


def encoder():
    sizes = [(side, side, 3) for side in (2, 4, 8)]
    return GrowingEncoder(
        [part(sizes[i + 1], sizes[i], f"block {i}") for i in (0, 1)],
        [part((*size[:2], 1), size, f"head {size}") for size in sizes],
    )


def normal(*shape):
    return np.array(Rows(shape[0], 0).normal(shape[1:], "inputs"))


def enlarged(images, scale):
    return np.repeat(np.repeat(images, scale, 1), scale, 2)


def reduced(images, scale):
    num, side, _, channels = images.shape
    shape = (num, side // scale, scale, side // scale, scale, channels)
    return images.reshape(shape).mean((2, 4))


def images_of(layer, features):
    """The image of each stage by itself, at full size."""
    found = []
    for stage, head in enumerate(layer.heads):
        found.append(enlarged(np.array(head(features)), 2 ** (2 - stage)))
        if stage < 2:
            features = layer.blocks[stage](features)
    return found


def features_of(layer, images):
    """The features of the first stage, from the image of each stage by itself."""
    found = []
    for stage, head in enumerate(layer.heads):
        features = head(reduced(images, 2 ** (2 - stage)))
        for block in layer.blocks[:stage][::-1]:
            features = block(features)
        found.append(np.array(features))
    return found


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_at_a_whole_number_images_are_those_of_the_stage_alone(stage):
    layer, features = decoder(), normal(5, *FEATURES)
    assert float(layer(features).shape[1]) == 8
    layer.growth.assign(stage)
    expected = images_of(layer, features)[stage]
    np.testing.assert_array_equal(layer(features), expected)
    for later in range(stage):
        assert not np.allclose(expected, images_of(layer, features)[later])


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_at_a_whole_number_features_are_those_of_the_stage_alone(stage):
    layer, images = encoder(), normal(5, *IMAGES)
    layer(images)
    layer.growth.assign(stage)
    expected = features_of(layer, images)[stage]
    np.testing.assert_allclose(layer(images), expected, rtol=1e-5, atol=1e-5)
    # The stages below do not matter at all.
    before = np.array(layer(images))
    for head in layer.heads[:stage]:
        head.set_weights([0 * weight for weight in head.get_weights()])
    np.testing.assert_array_equal(layer(images), before)


def test_a_stage_that_fades_in_is_mixed_with_the_one_before():
    layer, features = decoder(), normal(5, *FEATURES)
    layer(features)
    first, second, third = images_of(layer, features)
    for growth, expected in (
        (0.25, 0.75 * first + 0.25 * second),
        (1.5, 0.5 * second + 0.5 * third),
    ):
        layer.growth.assign(growth)
        np.testing.assert_allclose(layer(features), expected, rtol=1e-5, atol=1e-5)


def test_features_of_a_stage_that_fades_in_are_mixed_where_both_meet():
    layer, images = encoder(), normal(5, *IMAGES)
    layer(images)
    layer.growth.assign(1.25)
    half = np.array(layer.heads[1](reduced(images, 2)))
    whole = np.array(layer.blocks[1](layer.heads[2](images)))
    expected = np.array(layer.blocks[0](0.75 * half + 0.25 * whole))
    np.testing.assert_allclose(layer(images), expected, rtol=1e-4, atol=1e-4)


def test_images_as_grown_have_the_detail_of_the_stages():
    images = normal(5, *IMAGES)
    stages = [enlarged(reduced(images, scale), scale) for scale in (4, 2, 1)]
    for stage, expected in enumerate(stages):
        np.testing.assert_allclose(as_grown(images, stage, 3), expected, atol=1e-6)
    np.testing.assert_array_equal(as_grown(images, 2.0, 3), images)
    mixed = 0.25 * stages[0] + 0.75 * stages[1]
    np.testing.assert_allclose(as_grown(images, 0.75, 3), mixed, atol=1e-6)
    np.testing.assert_allclose(in_squares(images, 4), stages[0], atol=1e-6)


@pytest.mark.parametrize(("make", "shape"), [(decoder, FEATURES), (encoder, IMAGES)])
def test_growth_is_saved_with_the_network(make, shape, tmp_path):
    inputs = keras.Input(shape)
    layer = make()
    network = keras.Model(inputs, layer(inputs))
    layer.growth.assign(1.5)
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    assert float(again.layers[1].growth) == 1.5
    values = normal(5, *shape)
    np.testing.assert_array_equal(again(values), network(values))


def test_as_many_heads_as_stages_are_needed():
    layer = decoder()
    with pytest.raises(ValueError, match="`heads` must be one more than `blocks`"):
        GrowingDecoder(layer.blocks, layer.heads[:2])
