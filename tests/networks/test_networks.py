"""Tests of the networks."""

import keras
import numpy as np
import pytest

from keras_gen.networks import check_mirrored, conv_decoder, conv_encoder, mlp


@pytest.mark.parametrize(
    ("inputs", "hidden", "outputs", "parameters"),
    [
        ((5,), [], (2,), 5 * 2 + 2),
        ((4, 4, 1), [3], (2,), 16 * 3 + 3 + 3 * 2 + 2),
        ((2,), [3, 4], (4, 4, 1), 2 * 3 + 3 + 3 * 4 + 4 + 4 * 16 + 16),
    ],
)
def test_an_mlp_joins_tensors_of_any_shape(inputs, hidden, outputs, parameters):
    network = mlp(inputs, hidden, outputs, name="some_mlp")
    assert network.built
    assert network.name == "some_mlp"
    assert network.input_shape == (None, *inputs)
    assert network.output_shape == (None, *outputs)
    assert network.count_params() == parameters
    assert network(np.zeros((3, *inputs))).shape == (3, *outputs)


def test_an_mlp_without_hidden_layers_is_linear():
    network = mlp((2, 3), [], (4,))
    a, b = np.random.default_rng(0).normal(size=(2, 1, 2, 3)).astype(np.float32)
    zero = network(0 * a)
    together = network(a + b) - zero
    apart = (network(a) - zero) + (network(b) - zero)
    np.testing.assert_allclose(together, apart, atol=1e-5)


def test_an_mlp_can_end_in_an_activation():
    inputs = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
    hidden = {"activation": "leaky_relu", "name": "some_mlp"}
    squashed = mlp((5,), [4], (2, 3, 1), output_activation="tanh", **hidden)
    linear = mlp((5,), [4], (2, 3, 1), **hidden)
    linear.set_weights(squashed.get_weights())
    np.testing.assert_allclose(squashed(inputs), np.tanh(linear(inputs)), atol=1e-6)
    assert linear.get_layer("hidden_0").activation is keras.activations.leaky_relu


def test_an_mlp_can_end_without_a_bias():
    network = mlp((5,), [4], (1,), output_bias=False)
    assert network.count_params() == 5 * 4 + 4 + 4
    assert network.get_layer("outputs").bias is None


@pytest.mark.parametrize(
    ("filters", "kernel_size"), [([3], 4), ([3, 5], 3), ([2, 3, 4], 4)]
)
def test_a_conv_encoder_halves_the_image_each_time(filters, kernel_size):
    network = conv_encoder((16, 8, 1), filters, 6, kernel_size)
    channels = [1, *filters]
    convolutions = sum(
        (kernel_size**2 * a + 1) * b
        for a, b in zip(channels, channels[1:], strict=False)
    )
    smallest = 16 * 8 // 4 ** len(filters) * filters[-1]
    assert network.built
    assert network.input_shape == (None, 16, 8, 1)
    assert network.output_shape == (None, 6)
    assert network.count_params() == convolutions + (smallest + 1) * 6
    assert network(np.zeros((2, 16, 8, 1))).shape == (2, 6)


@pytest.mark.parametrize(
    ("filters", "kernel_size"), [([3], 4), ([5, 3], 3), ([4, 3, 2], 4)]
)
def test_a_conv_decoder_doubles_the_image_each_time(filters, kernel_size):
    network = conv_decoder(6, filters, (16, 8, 2), kernel_size)
    channels = [*filters, 2]
    convolutions = sum(
        (kernel_size**2 * a + 1) * b
        for a, b in zip(channels, channels[1:], strict=False)
    )
    smallest = 16 * 8 // 4 ** len(filters) * filters[0]
    assert network.built
    assert network.input_shape == (None, 6)
    assert network.output_shape == (None, 16, 8, 2)
    assert network.count_params() == convolutions + (6 + 1) * smallest
    assert network(np.zeros((2, 6))).shape == (2, 16, 8, 2)


@pytest.mark.parametrize(
    "network",
    [
        mlp((4,), [8], (4,)),
        conv_encoder((8, 8, 1), [4], 3),
        conv_decoder(3, [4], (8, 8, 1)),
    ],
    ids=lambda network: network.name,
)
def test_the_outputs_are_linear(network):
    assert network.get_layer("outputs").activation is keras.activations.linear
    noise = np.random.default_rng(0).normal(size=(64, *network.input_shape[1:]))
    outputs = keras.ops.convert_to_numpy(network(noise))
    assert outputs.min() < 0 < outputs.max()


def test_an_mlp_joins_several_inputs():
    network = mlp([(2, 3), (4,)], [], (5,))
    generator = np.random.default_rng(0)
    first, second = generator.normal(size=(7, 2, 3)), generator.normal(size=(7, 4))
    kernel, bias = network.get_weights()
    expected = np.concatenate([first.reshape(7, 6), second], axis=1) @ kernel + bias
    outputs = keras.ops.convert_to_numpy(network([first, second]))
    np.testing.assert_allclose(outputs, expected, atol=1e-5)
    with pytest.raises(ValueError, match="`num_classes` must be left out.*3"):
        mlp([(2, 3), (4,)], [], (5,), num_classes=3)
    for wrong in ([(2, 3), 4], [(2, 3), (0,)]):
        with pytest.raises(ValueError, match="`input_shape` must hold positive"):
            mlp(wrong, [], (5,))


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("input_shape", (0, 4)),
        ("input_shape", 4),
        ("hidden_units", [8, -1]),
        ("hidden_units", 8),
        ("hidden_units", [8.0]),
        ("output_shape", (True,)),
    ],
)
def test_an_mlp_names_a_bad_size(argument, value):
    sizes = {"input_shape": (4,), "hidden_units": [8], "output_shape": (2,)}
    with pytest.raises(ValueError, match=f"`{argument}`") as error:
        mlp(**{**sizes, argument: value})
    assert repr(value) in str(error.value)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("image_shape", (8, 8)),
        ("image_shape", (8, 0, 1)),
        ("image_shape", (8, 6, 1)),
        ("image_shape", (6, 8, 1)),
        ("filters", []),
        ("filters", [4, 0]),
        ("filters", 4),
        ("filters", [4, 4, 4, 4]),
    ],
)
@pytest.mark.parametrize("network", [conv_encoder, conv_decoder])
def test_conv_networks_name_a_bad_size(network, argument, value):
    outer = {"units": 3} if network is conv_encoder else {"latent_dim": 3}
    sizes = {"image_shape": (8, 8, 1), "filters": [4, 4], argument: value}
    with pytest.raises(ValueError, match=f"`{argument}`"):
        network(**outer, **sizes)


@pytest.mark.parametrize("size", [0, -1, 2.5, True, None])
def test_conv_networks_name_a_bad_size_of_their_vectors(size):
    with pytest.raises(ValueError, match=f"`units`.*{size}"):
        conv_encoder((8, 8, 1), [4], units=size)
    with pytest.raises(ValueError, match=f"`latent_dim`.*{size}"):
        conv_decoder(size, [4], (8, 8, 1))


def test_mirrored_networks_pass():
    check_mirrored(conv_encoder((8, 8, 1), [4], 3), conv_decoder(3, [4], (8, 8, 1)))
    check_mirrored(mlp((8, 8, 1), [4], (3,)), mlp((3,), [4], (8, 8, 1)))


@pytest.mark.parametrize(
    ("encoder", "decoder", "message"),
    [
        (((4, 4, 1), (3, 1)), ((3, 1), (4, 4, 1)), r"`encoder` must end.*\(3, 1\)"),
        (((4, 4, 1), (3,)), ((2,), (4, 4, 1)), r"`decoder` must take.*\(2,\)"),
        (((4, 4, 1), (3,)), ((3,), (4, 4, 3)), r"`decoder` must end.*\(4, 4, 3\)"),
    ],
)
def test_networks_that_do_not_fit_are_named_with_their_shapes(
    encoder, decoder, message
):
    with pytest.raises(ValueError, match=message):
        check_mirrored(mlp(encoder[0], [], encoder[1]), mlp(decoder[0], [], decoder[1]))
