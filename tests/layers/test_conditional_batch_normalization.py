import keras
import numpy as np
import pytest

from keras_gen.layers import ConditionalBatchNormalization
from keras_gen.random import Rows

SHAPES = [(3,), (4, 5, 3)]


def drawn(shape):
    inputs = 2.0 + 3.0 * np.array(Rows(8, 0).normal(shape, "inputs"))
    parts = [np.array(Rows(8, 0).normal((3,), name)) for name in ("gains", "offsets")]
    return inputs, *parts


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gains_of_zero_leave_plain_batch_normalization(shape):
    inputs, *_ = drawn(shape)
    zeros = np.zeros((8, 3), "f4")
    layer = ConditionalBatchNormalization()
    plain = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
    for training in (True, True, False):
        found = layer(inputs, zeros, zeros, training=training)
        np.testing.assert_allclose(found, plain(inputs, training=training), atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_each_example_has_a_gain_and_an_offset_of_its_own(shape):
    inputs, gains, offsets = drawn(shape)
    axes = tuple(range(len(shape)))
    mean, scale = (f(inputs, axis=axes) for f in (np.mean, np.std))
    normal = (inputs - mean) / scale
    found = ConditionalBatchNormalization()(inputs, gains, offsets, training=True)
    for row in range(8):
        expected = normal[row] * (1 + gains[row]) + offsets[row]
        np.testing.assert_allclose(found[row], expected, atol=1e-4)


def test_it_has_no_weights_that_learn_and_keeps_its_moments(tmp_path):
    inputs, gains, offsets = drawn((3,))
    ends = [keras.Input((3,)) for _ in range(3)]
    layer = ConditionalBatchNormalization(momentum=0.5, epsilon=1e-3)
    model = keras.Model(ends, layer(*ends))
    model([inputs, gains, offsets], training=True)
    assert (len(layer.trainable_weights), len(layer.non_trainable_weights)) == (0, 2)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        *(m([inputs, gains, offsets]) for m in (model, again))
    )
    assert again.layers[-1].get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epsilon": -1.0}, "`epsilon` must be positive.*-1.0"),
        ({"momentum": 1.0}, r"`momentum` must lie in \[0, 1\).*1.0"),
        ({"momentum": "a"}, "`momentum` must be a finite number.*a"),
    ],
)
def test_numbers_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ConditionalBatchNormalization(**options)
