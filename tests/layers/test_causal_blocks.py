import numpy as np
import pytest
import tensorflow as tf
from contracts import unsettle

from keras_gen.layers import (
    GatedCausalBlock,
    MaskedResidualBlock,
    ShiftedResidualBlock,
    ShiftedResidualStack,
    SiteHead,
)
from keras_gen.random import Rows


def features(*shape, stream="features"):
    return Rows(2, 0).normal(shape, stream).numpy()


@pytest.mark.parametrize("num_classes", [None, 3])
@pytest.mark.parametrize("is_last", [False, True])
def test_gated_blocks_give_the_same_by_rows_and_pixels(num_classes, is_last):
    options = {"num_channels": 3, "num_classes": num_classes, "is_last": is_last}
    block = GatedCausalBlock(6, 5, 8, **options)
    labels = None if num_classes is None else np.array([0, 2])
    vertical, horizontal = features(4, 5, 6, stream="above"), features(4, 5, 6)
    block(vertical, horizontal, labels)
    unsettle(block)
    above_whole, left_whole, skip_whole = block(vertical, horizontal, labels)
    row, column = 3, 2
    rows = vertical[:, row - block.rows_above : row + 1]
    above, crossing = block.enter_row(rows, block.row_biases(labels))
    window = horizontal[:, row, column - block.columns_left : column + 1]
    pixel, skip = block.advance(window, crossing[:, column])
    np.testing.assert_allclose(skip, skip_whole[:, row, column], atol=1e-5)
    if is_last:
        assert above is pixel is above_whole is left_whole is None
    else:
        np.testing.assert_allclose(above, above_whole[:, row], atol=1e-5)
        np.testing.assert_allclose(pixel, left_whole[:, row, column], atol=1e-5)


@pytest.mark.parametrize("is_last", [False, True])
def test_every_bias_of_a_label_reaches_an_output(is_last):
    block = GatedCausalBlock(4, 3, 4, num_classes=2, is_last=is_last)
    inputs = features(5, 5, 4)
    block(inputs, inputs, np.array([0, 1]))
    unsettle(block)
    with tf.GradientTape() as tape:
        outputs = block(inputs, inputs, np.array([0, 1]))
        total = sum(tf.reduce_sum(part) for part in outputs if part is not None)
    biases = block.label_biases.embeddings
    gradient = tf.convert_to_tensor(tape.gradient(total, biases.value))
    assert gradient.shape == biases.shape
    assert np.all(gradient != 0)


def test_labels_are_biases_of_both_gates():
    block = GatedCausalBlock(4, 3, 4, num_classes=2)
    images = np.zeros((2, 4, 4, 4), "f4")
    first, second = (
        [np.array(part) for part in block(images, images, np.full(2, label))]
        for label in (0, 1)
    )
    for a, b in zip(first, second, strict=True):
        assert not np.allclose(a, b)


def test_residual_blocks_give_the_same_by_pixels():
    block = MaskedResidualBlock(6, kernel_size=3, num_channels=3)
    inputs = features(4, 5, 12)
    block(inputs)
    unsettle(block)
    narrow = np.maximum(block.narrow(np.maximum(inputs, 0)), 0)
    above = block.from_above(narrow[:, 2:3])
    outputs, window = block.advance(narrow[:, 3, 1:2], inputs[:, 3, 2], above[:, 2])
    np.testing.assert_allclose(outputs, np.array(block(inputs))[:, 3, 2], atol=1e-5)
    np.testing.assert_allclose(window, narrow[:, 3, 1:3], atol=1e-5)


def test_shifted_stacks_give_the_same_by_rows_and_pixels():
    """Row by row from the top, and of each row pixel by pixel from the left."""
    stack = ShiftedResidualStack(3, num_layers=2, num_classes=2)
    down, right = features(3, 4, 3, stream="above"), features(3, 4, 3)
    labels = np.array([0, 1])
    stack(down, right, labels)
    unsettle(stack)
    expected, biases = stack(down, right, labels=labels), stack.row_biases(labels)
    above = right_above = np.zeros((2, 4, stack.memory_size), "f4")
    for row in range(3):
        above, crossing = stack.enter_row(down[:, row], above, right_above, biases)
        left, memories = np.zeros((2, stack.memory_size), "f4"), []
        for column in range(4):
            found, left = stack.advance(
                right[:, row, column], left, crossing[:, column]
            )
            memories.append(left)
            np.testing.assert_allclose(found, expected[:, row, column], atol=1e-5)
        right_above = np.stack(memories, axis=1)


def test_a_shifted_block_is_the_sum_of_its_inputs_and_gated_branches():
    block = ShiftedResidualBlock(1)
    down, right = features(2, 2, 1, stream="above"), features(2, 2, 1)
    pairs = [(inputs, np.ones((2, 2, 2, 2), "f4")) for inputs in (down, right)]
    block(*pairs)
    for weight in block.weights:
        weight.assign(np.zeros(weight.shape, "f4"))
    # What is left of the branches is their biases: 3 in the signal, 0 in the gate.
    block.down_gates.bias.assign([3.0, 0.0])
    block.right_gates.bias.assign([-3.0, 0.0])
    found = block(*pairs)
    np.testing.assert_allclose(found[0][0], down + 1.5, rtol=1e-5)
    np.testing.assert_allclose(found[1][0], right - 1.5, rtol=1e-5)
    both = np.concatenate([right - 1.5, 1.5 - right], axis=-1)
    elu = np.where(both > 0, both, np.exp(both) - 1.0)
    np.testing.assert_allclose(found[1][1], elu, rtol=1e-5, atol=1e-6)


def test_heads_give_the_same_by_pixels():
    head = SiteHead(6, num_channels=3, parameters_per_site=4)
    inputs = features(4, 5, 6)
    head(inputs)
    unsettle(head)
    whole = np.array(head(inputs))
    assert whole.shape == (2, 4, 5, 3, 4)
    found = head.at_pixel(inputs[:, 3, 2])
    np.testing.assert_allclose(found, whole[:, 3, 2], atol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        GatedCausalBlock(6, 5, 8, 3, 2, True, True, name="gated"),
        MaskedResidualBlock(6, 5, 3, name="residual"),
        ShiftedResidualBlock(6, True, 2, name="shifted"),
        ShiftedResidualStack(6, 2, 3, name="stack"),
        SiteHead(6, 3, 4, name="head"),
    ],
    ids=lambda layer: layer.name,
)
def test_config_round_trips(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GatedCausalBlock(4, 4, 4), "`kernel_size` must be odd"),
        (lambda: GatedCausalBlock(4, 1, 4), "`kernel_size`.*at least 3"),
        (lambda: GatedCausalBlock(4, 3, 6, 3), "`filters`.*multiple of the 3 channels"),
        (lambda: GatedCausalBlock(6, 3, 2, 3), "`skip_filters`.*at least 3.*2"),
        (lambda: GatedCausalBlock(4, 3, 4, 0), "`num_channels`"),
        (lambda: MaskedResidualBlock(4, 4), "`kernel_size` must be odd"),
        (lambda: ShiftedResidualBlock(0), "`filters`.*0"),
        (lambda: ShiftedResidualStack(4, 0), "`num_layers`.*0"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
