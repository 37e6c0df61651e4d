"""What is used of Keras that is not public: a test for each, by its name."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.models.base import PhaseOptimizers, keras_seams
from keras_gen.networks import mlp


@pytest.fixture
def variable():
    return keras.Variable(np.ones(3, "float32"))


def test_layers_of_finds_layers_within_layers():
    inner = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, name="inner")])
    outer = keras.Sequential([keras.Input((2,)), inner])
    assert "inner" in {layer.name for layer in keras_seams.layers_of(outer)}


def test_origin_goes_back_through_operations_and_networks():
    inputs = keras.Input((2,))
    dense = keras.layers.Dense(3, name="dense")
    squashed = keras.ops.sigmoid(dense(inputs))
    inner = keras.Model(inputs, [inputs, squashed])
    outer = keras.Model(inputs, inner(inputs)[1])
    operation, (before,) = keras_seams.origin(outer.outputs[0])
    assert type(operation).__name__ == "Sigmoid"
    layer, (first,) = keras_seams.origin(before)
    assert layer is dense
    assert keras_seams.origin(first)[1] == []


def test_steps_taken_counts_what_is_accumulated_too(variable):
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    optimizer.build([variable])
    for _ in range(3):
        optimizer.apply([tf.ones(3)], [variable])
    assert int(keras_seams.steps_taken(optimizer)) == 3
    assert int(optimizer.iterations) == 1
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())
    assert keras_seams.steps_taken(scaled) is scaled.inner_optimizer.iterations


def test_clipped_clips_as_the_optimizer_would():
    optimizer = keras.optimizers.SGD(global_clipnorm=1.0)
    assert keras_seams.clips(optimizer)
    assert not keras_seams.clips(keras.optimizers.SGD())
    (found,) = keras_seams.clipped(optimizer, [tf.constant([3.0, 4.0])])
    np.testing.assert_allclose(found, [0.6, 0.8], rtol=1e-6)


def test_moments_are_those_of_adam(variable):
    optimizer = keras.optimizers.Adam(beta_1=0.5, beta_2=0.75)
    optimizer.build([variable])
    optimizer.apply([tf.fill(3, 2.0)], [variable])
    mean, square = keras_seams.moments_of(optimizer, variable)
    np.testing.assert_allclose(mean, 1.0)
    np.testing.assert_allclose(square, 1.0)


def test_trained_variables_are_those_that_it_was_built_for(variable):
    optimizer = keras.optimizers.Adam()
    optimizer.build([variable])
    assert [id(v) for v in keras_seams.trained_variables(optimizer)] == [id(variable)]


def test_own_variables_leave_out_those_of_the_parts(variable):
    part = keras.optimizers.Adam()
    part.build([variable])
    optimizer = PhaseOptimizers({"part": part})
    own = keras_seams.own_variables(optimizer)
    assert {v.path.split("/")[-1] for v in own} == {"iteration", "learning_rate"}
    assert len(optimizer.variables) == len(own) + len(part.variables)


def test_unbuilt_metrics_are_those_of_compile_before_the_first_batch():
    model = mlp((2,), [], (1,))
    model.compile("sgd", "mse", metrics=["mae"])
    assert len(keras_seams.unbuilt_metrics(model)) == 1
    model.evaluate(np.zeros((2, 2)), np.zeros((2, 1)), verbose=0)
    assert keras_seams.unbuilt_metrics(model) == []
