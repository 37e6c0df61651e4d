import numpy as np
import pytest
from contracts import unsettle
from keras import ops

from keras_gen.layers import DiagonalLSTM, RowLSTM
from keras_gen.layers.diagonal_lstm import skew, unskew
from keras_gen.layers.lstm_cell import UnitForgetBias, lstm_cell
from keras_gen.random import Rows


def features(*shape, stream="features"):
    return Rows(2, 0).normal(shape, stream).numpy()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def step(gates, cell):
    """The recurrence as the paper writes it, for one group."""
    reveal, keep, enter, content = np.split(gates, 4, axis=-1)
    cell = sigmoid(keep) * cell + sigmoid(enter) * np.tanh(content)
    return sigmoid(reveal) * np.tanh(cell), cell


def test_groups_of_features_stay_apart():
    gates, cell = features(24), features(6, stream="cell")
    together = [np.array(part) for part in lstm_cell(gates, cell, num_groups=3)]
    for group in range(3):
        own = slice(2 * group, 2 * group + 2)
        alone = step(gates[:, 8 * group : 8 * group + 8], cell[:, own])
        for part, expected in zip(together, alone, strict=True):
            np.testing.assert_allclose(part[:, own], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("num_groups", [1, 3])
def test_at_first_the_forget_gate_is_open_and_the_others_are_half(num_groups):
    cell = features(6, stream="cell")
    gates = np.broadcast_to(UnitForgetBias(num_groups)((24,)), (2, 24))
    hidden, after = lstm_cell(gates, cell, num_groups)
    np.testing.assert_allclose(after, sigmoid(1) * cell, rtol=1e-6)
    np.testing.assert_allclose(hidden, np.tanh(after) / 2, rtol=1e-6)


def test_layers_begin_with_open_forget_gates():
    rows, diagonals = RowLSTM(6, num_channels=3), DiagonalLSTM(6, num_channels=3)
    for layer in (rows, diagonals):
        layer(features(4, 5, 9))
    expected = UnitForgetBias(3)((24,))
    for inputs in (rows.input_to_state, diagonals.left_inputs, diagonals.right_inputs):
        np.testing.assert_array_equal(inputs.bias, expected)


def test_rows_follow_the_recurrence():
    layer = RowLSTM(3, kernel_size=3)
    images = features(4, 5, 2)
    layer(images)
    unsettle(layer)
    outputs = np.array(layer(images))
    inputs = np.array(layer.input_to_state(images))
    kernel = np.array(layer.state_to_state.kernel)
    hidden = cell = np.zeros((2, 5, 3))
    for row in range(4):
        padded = np.pad(hidden, [(0, 0), (1, 1), (0, 0)])
        neighbours = sum(padded[:, tap : tap + 5] @ kernel[tap] for tap in range(3))
        hidden, cell = step(inputs[:, row] + neighbours, cell)
        np.testing.assert_allclose(outputs[:, row], hidden, rtol=1e-4, atol=1e-5)


def test_diagonals_follow_the_recurrence():
    layer = DiagonalLSTM(3)
    images = features(4, 5, 2)
    layer(images)
    unsettle(layer)
    outputs = np.array(layer(images))

    def corner(inputs, kernel):
        """States of all pixels, from those to the left and above, one by one."""
        hidden = np.zeros((2, 5, 6, 3))
        cell = np.zeros((2, 5, 6, 3))
        for row in range(1, 5):
            for column in range(1, 6):
                above, left = hidden[:, row - 1, column], hidden[:, row, column - 1]
                gates = np.concatenate([above, left], axis=-1) @ kernel
                gates = gates + inputs[:, row - 1, column - 1]
                hidden[:, row, column], cell[:, row, column] = step(
                    gates, cell[:, row, column - 1]
                )
        return hidden[:, 1:, 1:]

    left = corner(
        np.array(layer.left_inputs(images)), np.array(layer.left_states.kernel)
    )
    right = corner(
        np.array(layer.right_inputs(images))[:, :, ::-1],
        np.array(layer.right_states.kernel),
    )[:, :, ::-1]
    expected = left.copy()
    expected[:, 1:] += right[:, :-1]
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layer_class", [RowLSTM, DiagonalLSTM])
def test_pixel_by_pixel_gives_the_same(layer_class):
    layer = layer_class(6, num_channels=3)
    images = features(4, 5, 9)
    layer(images)
    unsettle(layer)
    whole = np.array(layer(images))
    cache = layer.initial_cache(2, 5, 9)
    for row in range(4):
        cache = layer.enter_row(cache, row)
        for column in range(5):
            pixel, cache = layer.advance(cache, column, images[:, row, column])
            np.testing.assert_allclose(pixel, whole[:, row, column], atol=1e-5)


def test_skewing_moves_each_row_by_one_more_pixel():
    images = np.arange(1, 7, dtype="f4").reshape(1, 2, 3, 1)
    skewed = skew(ops.convert_to_tensor(images))
    np.testing.assert_array_equal(skewed[0, ..., 0], [[1, 2, 3, 0], [0, 4, 5, 6]])
    np.testing.assert_array_equal(unskew(skewed), images)


@pytest.mark.parametrize("layer_class", [RowLSTM, DiagonalLSTM])
def test_layers_come_back_from_their_config(layer_class):
    config = layer_class(6, num_channels=3).get_config()
    assert layer_class.from_config(config).get_config() == config


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="`kernel_size` must be odd. Received: 4"):
        RowLSTM(4, kernel_size=4)
    for layer_class in (RowLSTM, DiagonalLSTM):
        with pytest.raises(ValueError, match="`units`.*0"):
            layer_class(0)


@pytest.mark.parametrize("layer", [RowLSTM, DiagonalLSTM])
def test_units_are_dealt_to_the_channels(layer):
    with pytest.raises(ValueError, match="`units` must be a multiple of the 3.*4"):
        layer(4, num_channels=3)
    with pytest.raises(ValueError, match="`num_channels`"):
        layer(4, num_channels=0)
