"""Tests of the masked layers of a flow: what depends on what, and the inverse."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.layers import MaskedAffine, MaskedAutoencoder, OrderedDense
from keras_gen.random import Rows

SIZE = 6
#: Arguments of layers of every kind.
KINDS = [
    {"hidden_units": ()},
    {"hidden_units": (30,)},
    {"hidden_units": (31, 37), "reverse": True},
    {"hidden_units": (20,), "window": 2},
    {"hidden_units": (), "window": 1, "context_size": 2},
    {"hidden_units": (21, 16), "window": 3, "reverse": True, "context_size": 2},
]


def normal(shape, stream="values"):
    return Rows(shape[0], 0).normal(shape[1:], stream)


def unsettled(**arguments):
    """A layer with random weights, and what it takes besides values."""
    layer = MaskedAffine(**arguments)
    layer.build((None, SIZE))
    for index, weight in enumerate(layer.weights):
        weight.assign(0.3 * normal(tuple(weight.shape), f"weight_{index}"))
    size = layer.context_size
    return layer, {"context": normal((4, size), "context")} if size else {}


def jacobian(function, values):
    with tf.GradientTape() as tape:
        tape.watch(values)
        outputs = function(values)
    return tape.batch_jacobian(outputs, values).numpy()


@pytest.mark.parametrize("arguments", KINDS)
def test_the_jacobian_is_triangular_in_its_order(arguments):
    layer, context = unsettled(**arguments)
    values = normal((4, SIZE))
    found = jacobian(lambda x: layer(x, **context)[0], values)
    ordered = found[:, ::-1, ::-1] if layer.reverse else found
    assert np.abs(np.triu(ordered, 1)).max() == 0
    # Each value depends on each earlier one.
    assert np.abs(ordered[:, *np.tril_indices(SIZE)]).max(axis=0).min() > 1e-6
    log_det = layer(values, **context)[1]
    np.testing.assert_allclose(log_det, np.linalg.slogdet(found)[1], atol=1e-5)


@pytest.mark.parametrize("arguments", KINDS)
def test_the_inverse_gives_values_back_in_as_many_passes_as_there_are(arguments):
    layer, context = unsettled(**arguments)
    values = normal((4, SIZE))
    outputs, _ = layer(values, **context)
    np.testing.assert_allclose(layer.inverse(outputs, **context), values, atol=1e-5)
    # Whole passes, each of which makes one more value right.
    guess = tf.zeros_like(outputs)
    for _ in range(SIZE):
        found = jacobian(lambda x: layer(x, **context)[0], guess)
        scale = np.diagonal(found, axis1=1, axis2=2)
        guess = guess + (outputs - layer(guess, **context)[0]) / scale
    np.testing.assert_allclose(guess, values, atol=1e-4)


@pytest.mark.parametrize("arguments", KINDS)
def test_a_new_layer_is_the_identity_and_adapts_to_data(arguments):
    layer = MaskedAffine(**arguments)
    values = 3.0 + 7.0 * normal((500, SIZE))
    context = tf.ones((500, 2)) if layer.context_size else None
    outputs, log_det = layer(values, context)
    np.testing.assert_allclose(outputs, values, rtol=1e-6)
    assert np.abs(log_det).max() == 0
    outputs = layer.adapt(values).numpy()
    np.testing.assert_allclose(outputs.mean(axis=0), np.zeros(SIZE), atol=1e-4)
    np.testing.assert_allclose(outputs.std(axis=0), np.ones(SIZE), atol=1e-4)


def test_a_window_knows_its_block_and_the_block_before():
    network = MaskedAutoencoder((6,), 1, num_blocks=3, direct=True)
    network.build((None, SIZE))
    for weight in network.weights:
        weight.assign(tf.ones(weight.shape))
    found = jacobian(lambda x: network(x)[..., 0], tf.ones((1, SIZE)))[0]
    block = np.arange(SIZE) // 2
    near = (block[:, None] - block <= 1) & np.tri(SIZE, k=-1, dtype=bool)
    reachable = (block[:, None] - block <= 2) & np.tri(SIZE, k=-1, dtype=bool)
    assert (found[near] > 0).all()
    # A hidden unit of the block before knows one block more.
    np.testing.assert_array_equal(found > 0, reachable)


def test_blocks_are_the_same_layer_as_one_sparse_product():
    degrees = np.arange(SIZE)
    layer = OrderedDense(degrees, degrees.repeat(2), num_blocks=3)
    values = normal((5, SIZE))
    outputs = layer(values)
    layer.bias.assign(normal((12,), "bias"))
    sparse = np.zeros((SIZE, 12))
    for block, kernel in enumerate(layer.masked_kernel().numpy()):
        sparse[2 * block : 2 * block + 2, 4 * block : 4 * block + 4] = kernel[2:]
        if block:
            before = sparse[2 * block - 2 : 2 * block]
            before[:, 4 * block : 4 * block + 4] = kernel[:2]
    expected = values.numpy() @ sparse + layer.bias.numpy()
    np.testing.assert_allclose(layer(values), expected, atol=1e-5)
    assert np.abs(outputs - layer(values)).max() > 0.1
    assert not sparse[degrees[:, None] > degrees.repeat(2)].any()


@pytest.mark.parametrize(
    "make",
    [
        lambda: unsettled(**KINDS[-1])[0],
        lambda: MaskedAutoencoder((4,), 3, num_blocks=2, direct=True),
        lambda: OrderedDense([1, 2], [0, 1, 1], kernel_initializer="ones"),
    ],
)
def test_configs_round_trip(make):
    layer = make()
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hidden_units": (0,)}, "`hidden_units` must hold positive integers"),
        ({"window": 0}, "`window` must be an integer of at least 1"),
        ({"window": 4}, "`window` must divide the 6 values. Received: 4"),
        ({"context_size": -1}, "`context_size` must be an integer of at least 0"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        MaskedAffine(**arguments).build((None, SIZE))


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"`inputs` must be vectors.*\(None, 4, 4\)"):
        MaskedAffine().build((None, 4, 4))
    with pytest.raises(ValueError, match="`num_blocks` must divide the 3 inputs"):
        OrderedDense([1, 2, 3], [0, 1], num_blocks=2)
