import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_gen.layers import BicubicResizing
from keras_gen.layers.bicubic_resizing import weights
from keras_gen.random import Rows


def image(height=24, width=36, channels=2):
    uniform = Rows(2, 0).uniform((height, width, channels), "image")
    return np.array(uniform, np.float32)


@pytest.mark.parametrize(("up", "down"), [(2, 1), (4, 1), (1, 2), (1, 4), (3, 4)])
def test_inside_it_is_what_pillow_computes(up, down):
    x = image()
    found = np.array(BicubicResizing(up, down)(x))
    height, width = found.shape[1:3]
    edge = 3 * max(1, up // down)
    for index in np.ndindex(2, 2):
        row, channel = index
        picture = Image.fromarray(x[row, :, :, channel])
        expected = np.array(picture.resize((width, height), Image.Resampling.BICUBIC))
        inner = np.s_[edge : height - edge, edge : width - edge]
        if height <= 2 * edge:
            inner = np.s_[2:-2, 2:-2]
        np.testing.assert_allclose(
            found[row, :, :, channel][inner], expected[inner], atol=1e-5
        )


def test_at_the_edges_the_image_is_mirrored():
    x = image(16, 16, 1)
    twice = np.concatenate([x[:, ::-1], x, x[:, ::-1]], axis=1)
    for layer in (BicubicResizing(2), BicubicResizing(down=4)):
        found, middle = np.array(layer(x)), np.array(layer(twice))
        height = found.shape[1]
        np.testing.assert_allclose(found, middle[:, height : 2 * height], atol=1e-5)


def test_rows_of_the_matrix_sum_to_one_and_keep_lines():
    for size, new_size in ((7, 14), (16, 4), (5, 5)):
        matrix = weights(size, new_size)
        np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(weights(5, 5), np.eye(5), atol=1e-7)
    # Away from the edges a straight line stays one.
    line = weights(20, 40) @ np.arange(20)
    expected = (np.arange(40) + 0.5) / 2 - 0.5
    np.testing.assert_allclose(line[4:-4], expected[4:-4], atol=1e-5)


def test_it_runs_in_a_graph_and_is_saved():
    layer = BicubicResizing(3, 4)
    again = BicubicResizing.from_config(layer.get_config())
    x = image()
    compiled = tf.function(again, jit_compile=True)(x)
    np.testing.assert_allclose(compiled, layer(x), atol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BicubicResizing(0), "`up`.*0"),
        (lambda: BicubicResizing(down=1.5), r"`down`.*1\.5"),
        (lambda: BicubicResizing(down=5)(image()), r"`images`.*divided by 5.*24, 36"),
        (lambda: BicubicResizing(2)(image()[0]), "`images` must have shape"),
    ],
)
def test_what_cannot_be_resized_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
