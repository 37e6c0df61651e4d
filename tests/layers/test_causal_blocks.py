import numpy as np
import pytest
from contracts import unsettle

from keras_gen.layers import GatedCausalBlock, MaskedResidualBlock, SiteHead
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
    whole = [np.array(part) for part in block(vertical, horizontal, labels)]
    row, column = 3, 2
    rows = vertical[:, row - block.rows_above : row + 1]
    above, crossing = block.enter_row(rows, labels)
    np.testing.assert_allclose(above, whole[0][:, row], atol=1e-5)
    window = horizontal[:, row, column - block.columns_left : column + 1]
    pixel, skip = block.advance(window, crossing[:, column])
    np.testing.assert_allclose(skip, whole[2][:, row, column], atol=1e-5)
    if is_last:
        assert pixel is None
        assert not hasattr(block, "residual")
    else:
        np.testing.assert_allclose(pixel, whole[1][:, row, column], atol=1e-5)


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
        SiteHead(6, 3, 4, name="head"),
    ],
    ids=lambda layer: layer.name,
)
def test_config_round_trips(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
