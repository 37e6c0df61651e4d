import keras
import numpy as np
import tensorflow as tf

from keras_gen.models.gan.restarted_adam import RestartedAdam
from keras_gen.random import Rows

OPTIONS = {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.9}
GRADIENTS = [tf.constant(row) for row in Rows(9, 0).normal((4,), "gradients")]


def path(optimizer, start, gradients):
    variable = keras.Variable(start)
    found = []
    optimizer.build([variable])
    for gradient in gradients:
        optimizer.apply([gradient], [variable])
        found.append(np.array(variable))
    return found


def test_without_restarts_it_is_adam():
    found = path(RestartedAdam(**OPTIONS), np.ones(4, "float32"), GRADIENTS)
    expected = path(keras.optimizers.Adam(**OPTIONS), np.ones(4, "float32"), GRADIENTS)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_after_a_restart_it_goes_on_as_a_new_adam():
    optimizer, variable = RestartedAdam(**OPTIONS), keras.Variable(np.ones(4, "f4"))
    optimizer.build([variable])
    for step, gradient in enumerate(GRADIENTS):
        if step == 5:
            start = np.array(variable)
        optimizer.apply([gradient], [variable])
        optimizer.restart(step == 4)
    expected = path(keras.optimizers.Adam(**OPTIONS), start, GRADIENTS[5:])[-1]
    np.testing.assert_allclose(variable, expected, rtol=1e-5, atol=1e-6)
    assert int(optimizer.iterations) == 9
    assert int(optimizer.begun) == 5


def test_a_restart_forgets_moments_of_any_size():
    optimizer, variable = RestartedAdam(**OPTIONS), keras.Variable(np.ones(3, "f4"))
    optimizer.build([variable])
    optimizer.apply([tf.constant([1e6, 1e-6, 1.0])], [variable])
    optimizer.restart(True)
    before = np.array(variable)
    optimizer.apply([tf.constant([1e-3, 1e6, 0.0])], [variable])
    np.testing.assert_allclose(variable, before - [0.1, 0.1, 0.0], atol=1e-4)
