"""The buffer of past fakes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.models.base import PastFakes
from keras_gen.random import Rows


def fakes_of(step, num=4):
    """Fakes of one value, all different in all steps."""
    return np.arange(num * step, num * (step + 1), dtype="f4").reshape(num, 1)


def shown_by(buffer, steps, num=4, first=0):
    return [
        buffer.show(tf.constant(fakes_of(step, num)), Rows(num, 7, step=step)).numpy()
        for step in range(first, first + steps)
    ]


def test_after_filling_half_of_what_is_shown_is_old():
    buffer = PastFakes(20, (1,), "past")
    shown = shown_by(buffer, 405)
    for step in range(5):
        np.testing.assert_array_equal(shown[step], fakes_of(step))
    is_new = np.array([shown[step] == fakes_of(step) for step in range(5, 405)])
    # Of 1,600 draws one half, 800 +- 20.
    assert 720 < is_new.sum() < 880
    old = [image for step in range(5, 405) for image in shown[step][~is_new[step - 5]]]
    for step in range(5, 405):
        assert (shown[step][~is_new[step - 5]] < 4 * step).all()
    # What is taken out is not there any more.
    assert len(np.unique(old)) == len(old)


def test_what_is_shown_comes_from_the_buffer_and_what_is_kept_goes_there():
    buffer = PastFakes(6, (1,), "past")
    shown_by(buffer, 2)
    assert int(buffer.count) == 6
    for step in range(2, 12):
        before = np.array(buffer.fakes)[:, 0]
        (shown,) = shown_by(buffer, 1, first=step)
        after = np.array(buffer.fakes)[:, 0]
        new = fakes_of(step)[:, 0]
        for index, image in enumerate(shown[:, 0]):
            is_old = image != new[index]
            assert is_old == (image in before) == (new[index] in after)
            assert not is_old or image not in after


def test_of_a_batch_larger_than_the_buffer_the_surplus_is_shown_as_it_is():
    buffer = PastFakes(3, (1,), "past")
    first, second = shown_by(buffer, 2, num=5)
    np.testing.assert_array_equal(first, fakes_of(0, 5))
    np.testing.assert_array_equal(second[3:], fakes_of(1, 5)[3:])
    assert int(buffer.count) == 3


def test_replicas_show_what_one_device_shows(two_replicas):
    one = PastFakes(6, (1,), "past")
    with two_replicas.scope():
        both = PastFakes(6, (1,), "past")

    @tf.function
    def step(fakes, number):
        def show(fakes):
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            part = fakes[2 * replica : 2 * replica + 2]
            return both.show(part, Rows(2, 7, 2 * replica, number))

        return two_replicas.run(show, (fakes,))

    for number in range(6):
        (expected,) = shown_by(one, 1, first=number)
        parts = step(tf.constant(fakes_of(number)), tf.constant(number))
        found = np.concatenate(two_replicas.experimental_local_results(parts))
        np.testing.assert_array_equal(found, expected)
    for copy in two_replicas.experimental_local_results(both.fakes.value):
        np.testing.assert_array_equal(copy, one.fakes)


def test_under_xla_it_shows_the_same():
    one, compiled = PastFakes(6, (1,), "past"), PastFakes(6, (1,), "past")

    @tf.function(jit_compile=True)
    def show(fakes, number):
        return compiled.show(fakes, Rows(4, 7, step=number))

    for number in range(6):
        (expected,) = shown_by(one, 1, first=number)
        found = show(tf.constant(fakes_of(number)), tf.constant(number))
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(compiled.fakes, one.fakes)


def test_no_gradient_flows_into_past_fakes():
    buffer, fakes = PastFakes(6, (1,), "past"), tf.Variable(fakes_of(0))
    with tf.GradientTape() as tape:
        shown = tf.reduce_sum(buffer.show(fakes * 1.0, Rows(4, 7)))
    assert tape.gradient(shown, fakes) is None


def test_it_has_no_weights_that_learn():
    buffer = PastFakes(2, (3,), "past")
    assert isinstance(buffer, keras.layers.Layer)
    assert not buffer.trainable_weights
    assert [w.name for w in buffer.non_trainable_weights] == ["fakes", "count"]


@pytest.mark.parametrize("size", [0, 1.5, "many"])
def test_a_wrong_size_is_refused(size):
    with pytest.raises(ValueError, match="`size` must be an integer of at least 1"):
        PastFakes(size, (1,), "past")
