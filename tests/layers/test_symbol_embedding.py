import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.layers import SymbolEmbedding


def test_a_symbol_has_its_vector():
    layer = SymbolEmbedding(5, 3)
    found = layer(np.array([[0, 4], [4, 2]]))
    np.testing.assert_array_equal(found, layer.get_weights()[0][[[0, 4], [4, 2]]])
    config = layer.get_config()
    assert SymbolEmbedding.from_config(config).get_config() == config


def test_a_symbol_that_occurs_often_takes_one_step_of_adam():
    layer, optimizer = SymbolEmbedding(4, 2), keras.optimizers.Adam(0.1)
    symbols = np.array([1, 1, 1, 1, 2])
    layer(symbols)
    before = layer.get_weights()[0]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(symbols))
    weights = layer.trainable_weights
    gradients = tape.gradient(loss, [weight.value for weight in weights])
    assert isinstance(gradients[0], tf.Tensor)
    optimizer.apply(gradients, weights)
    moved = before - layer.get_weights()[0]
    # The first step of Adam has the size of its rate.
    np.testing.assert_allclose(moved[[1, 2]], 0.1, rtol=1e-4)
    np.testing.assert_array_equal(moved[[0, 3]], 0.0)


@pytest.mark.parametrize("options", [{"num_symbols": 0}, {"units": 0}])
def test_bad_sizes_are_refused(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"`{name}` must be an integer of at least 1"):
        SymbolEmbedding(**{"num_symbols": 2, "units": 2} | options)
