"""Tests of images as bytes."""

import numpy as np
import pytest
from PIL import Image

from keras_gen.images import grid, save_png, to_uint8

LEVELS = np.arange(256, dtype=np.uint8)


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("image_range", [(0, 1), (-1, 1), (0, 255), (1, 0)])
def test_every_level_survives_the_range(image_range):
    low, high = image_range
    images = (low + LEVELS / 255 * (high - low)).astype(np.float32)
    converted = to_uint8(images, image_range)
    assert converted.dtype == np.uint8
    np.testing.assert_array_equal(converted, LEVELS)


def test_values_go_to_the_nearest_level():
    images = np.linspace(0, 1, 10_001)
    error = to_uint8(images, (0, 1)) / 255 - images
    assert np.abs(error).max() <= 0.5 / 255 + 1e-12


def test_values_outside_the_range_are_clipped():
    images = [-np.inf, -5.0, -1.0, 1.0, 5.0, np.inf]
    assert to_uint8(images, (-1, 1)).tolist() == [0, 0, 0, 255, 255, 255]


def test_nan_is_refused_and_counted():
    with pytest.raises(ValueError, match="`images` holds NaN: 2"):
        to_uint8([0.0, np.nan, np.nan], (0, 1))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("gap", [0, 2])
def test_a_grid_shows_every_image_row_by_row(channels, gap):
    images = noise(5, 4, 3, channels)
    picture = grid(images, columns=2, gap=gap)
    assert picture.shape == (3 * (4 + gap) - gap, 2 * (3 + gap) - gap, channels)
    shown = np.zeros(picture.shape[:2], bool)
    for index, image in enumerate(images):
        top, left = index // 2 * (4 + gap), index % 2 * (3 + gap)
        np.testing.assert_array_equal(picture[top : top + 4, left : left + 3], image)
        shown[top : top + 4, left : left + 3] = True
    assert (picture[~shown] == 255).all()


@pytest.mark.parametrize(
    ("num", "rows", "columns"), [(1, 1, 1), (4, 2, 2), (5, 2, 3), (16, 4, 4)]
)
def test_a_grid_is_nearly_square(num, rows, columns):
    assert grid(noise(num, 2, 2, 1)).shape == (2 * rows, 2 * columns, 1)


@pytest.mark.parametrize(
    "images",
    [np.zeros((2, 4, 4, 1)), noise(4, 4, 1), noise(2, 4, 4, 2), noise(0, 4, 4, 1)],
    ids=["float", "one image", "two channels", "none"],
)
def test_a_grid_of_anything_else_is_refused(images):
    with pytest.raises(ValueError, match="`images`"):
        grid(images)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_saved_png_reads_back(tmp_path, channels):
    image = noise(5, 4, channels)
    save_png(tmp_path / "image.png", image)
    read = np.asarray(Image.open(tmp_path / "image.png"))
    np.testing.assert_array_equal(read.reshape(image.shape), image)
    assert [path.name for path in tmp_path.iterdir()] == ["image.png"]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "image.png"
    save_png(path, noise(5, 4, 1))
    before = path.read_bytes()

    def half(image, file, **options):
        file.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(Image.Image, "save", half)
    with pytest.raises(OSError, match="no space"):
        save_png(path, noise(9, 9, 1))
    assert path.read_bytes() == before
