import keras
import numpy as np
import pytest
from contracts import unsettle

from keras_gen.layers import MaskedConv2D
from keras_gen.random import Rows


def make(shape, *args, **options):
    layer = MaskedConv2D(*args, **options)
    layer.build((None, *shape))
    unsettle(layer)
    return layer


def by_hand(layer, images, row, column):
    """The output at a pixel, summed over earlier pixels and channels one by one."""
    images, kernel = images.astype("f8"), np.array(layer.kernel, "f8")
    height, width, features = images.shape
    outputs = np.array(layer.bias, "f8")
    groups = layer.num_channels
    for i in range(layer.rows_above + 1):
        for j in range(kernel.shape[1]):
            r, c = row + i - layer.rows_above, column + j - layer.columns_left
            if not (0 <= r < height and 0 <= c < width) or (r == row and c > column):
                continue
            for source in range(features):
                for target in range(layer.filters):
                    before = source * groups // features
                    own = target * groups // layer.filters
                    hidden = before >= own if layer.mask_type == "A" else before > own
                    if (r, c) == (row, column) and hidden:
                        continue
                    outputs[target] += (
                        kernel[i, j, source, target] * images[r, c, source]
                    )
    return outputs


@pytest.mark.parametrize("mask_type", ["A", "B"])
@pytest.mark.parametrize("features", [3, 5, 6])
@pytest.mark.parametrize("sides", [(0, 0, 0), (0, 2, 0), (2, 1, 2), (1, 0, 1)])
def test_outputs_are_sums_over_earlier_pixels(mask_type, features, sides):
    shape = (4, 5, features)
    layer = make(shape, 7, *sides, mask_type=mask_type, num_channels=3)
    images = Rows(2, 0).normal(shape, "images").numpy()
    outputs = np.array(layer(images))
    for row, column in [(0, 0), (1, 4), (3, 2), (2, 0)]:
        expected = by_hand(layer, images[1], row, column)
        np.testing.assert_allclose(outputs[1, row, column], expected, atol=1e-5)


@pytest.mark.parametrize("mask_type", ["A", "B"])
def test_the_two_parts_give_the_whole(mask_type):
    shape = (4, 5, 3)
    layer = make(shape, 6, 2, 1, mask_type=mask_type, num_channels=3)
    images = Rows(2, 0).normal(shape, "images").numpy()
    above = np.array(layer.from_above(images[:, 1:3]))
    row = np.pad(images[:, 3], [(0, 0), (1, 0), (0, 0)])
    found = np.stack(
        [above[:, c] + layer.from_row(row[:, c : c + 2]) for c in range(5)], axis=1
    )
    np.testing.assert_allclose(found, np.array(layer(images))[:, 3], atol=1e-5)


def test_symbolic_shapes_and_config():
    layer = MaskedConv2D(6, 2, 1, mask_type="A", num_channels=3, name="masked")
    inputs = keras.Input((None, None, 3))
    assert layer(inputs).shape == (None, None, None, 6)
    again = MaskedConv2D.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


def test_half_precision_stays_so():
    layer = MaskedConv2D(6, 2, 1, dtype="mixed_bfloat16")
    images = np.zeros((1, 4, 4, 1), "f4")
    assert keras.backend.standardize_dtype(layer(images).dtype) == "bfloat16"
    window = keras.ops.zeros((1, 2, 1), "bfloat16")
    assert keras.backend.standardize_dtype(layer.from_row(window).dtype) == "bfloat16"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": 0}, "`filters`"),
        ({"rows_above": -1}, "`rows_above`"),
        ({"columns_left": 1.5}, "`columns_left`"),
        ({"rows_above": 0, "columns_right": 1}, "`columns_right` must be 0"),
        ({"mask_type": "C"}, "`mask_type` must be 'A' or 'B'. Received: 'C'"),
        ({"num_channels": 0}, "`num_channels`"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    arguments = {"filters": 4, "rows_above": 1, "columns_left": 1} | options
    with pytest.raises(ValueError, match=message):
        MaskedConv2D(**arguments)


def test_fewer_features_than_channels_are_refused():
    with pytest.raises(ValueError, match="`num_channels=3`.*Received 2 in the inputs"):
        MaskedConv2D(6, 1, 1, num_channels=3).build((None, 4, 4, 2))
