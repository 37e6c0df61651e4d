import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.layers import GradientReversal
from keras_gen.random import Rows


@pytest.fixture
def inputs():
    return 10.0 * tf.constant(Rows(5, 0).normal((3, 2), "inputs"))


def test_outputs_are_the_inputs_bit_by_bit(inputs):
    for outputs in (
        GradientReversal(0.3)(inputs),
        GradientReversal()(inputs, factor=1e4),
        tf.function(GradientReversal(7.0), jit_compile=True)(inputs),
    ):
        np.testing.assert_array_equal(outputs, inputs)


@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0, 5.0])
@pytest.mark.parametrize("of_call", [False, True])
def test_gradients_are_multiplied_by_the_negative_factor(inputs, factor, of_call):
    layer = GradientReversal() if of_call else GradientReversal(factor)
    given = {"factor": tf.constant(factor)} if of_call else {}
    upstream = tf.constant(Rows(5, 1).normal((3, 2), "upstream"))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, **given)
    gradient = tape.gradient(outputs, inputs, upstream)
    np.testing.assert_allclose(gradient, -factor * upstream, rtol=1e-6)


def test_it_is_saved_with_its_factor():
    layer = GradientReversal(0.3)
    assert GradientReversal.from_config(layer.get_config()).factor == 0.3
    inputs = keras.Input((4,))
    assert keras.Model(inputs, layer(inputs)).output_shape == (None, 4)


@pytest.mark.parametrize("factor", [np.nan, np.inf, "one", None])
def test_a_factor_that_is_no_finite_number_is_refused(factor):
    with pytest.raises(ValueError, match="`factor`"):
        GradientReversal(factor)
