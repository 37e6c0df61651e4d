"""Shifts and flips as functions of seed, batch and position."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gen import datasets


def numbered(num_images=12, side=5):
    """Images whose pixels are all different, in batches of four with their numbers."""
    images = np.arange(num_images * side * side, dtype="f4")
    images = images.reshape(num_images, side, side, 1)
    data = tf.data.Dataset.from_tensor_slices((images, np.arange(num_images)))
    return images, data.batch(4)


def shifted(image, down, right, pixels):
    """The image moved by whole pixels, its edges repeated."""
    padded = np.pad(image[..., 0], pixels, mode="edge")
    rows, columns = (pixels - down, pixels - right)
    size = len(image)
    return padded[rows : rows + size, columns : columns + size, None]


def whole(data):
    return [
        np.concatenate(part) for part in zip(*data.as_numpy_iterator(), strict=True)
    ]


def test_every_image_is_shifted_by_whole_pixels_and_keeps_its_label():
    images, data = numbered()
    changed, labels = whole(datasets.augment(data, pixels=2, seed=3))
    np.testing.assert_array_equal(labels, np.arange(12))
    moves = range(-2, 3)
    for image, found in zip(images, changed, strict=True):
        fits = [
            np.array_equal(found, shifted(image, down, right, 2))
            for down in moves
            for right in moves
        ]
        assert any(fits)
    assert not np.array_equal(changed, images)


def test_all_shifts_and_both_sides_are_equally_likely():
    image = np.zeros((1, 9, 9, 1), "f4")
    image[0, 4, 3] = 1
    data = tf.data.Dataset.from_tensors(np.repeat(image, 4000, axis=0))
    (batch,) = datasets.augment(data, pixels=1, flip=True).as_numpy_iterator()
    _, rows, columns, _ = np.nonzero(batch)
    assert len(rows) == 4000
    np.testing.assert_allclose(np.bincount(rows)[3:6] / 4000, 1 / 3, atol=0.04)
    # Columns 2 to 4, and mirrored 4 to 6.
    expected = np.array([1, 1, 2, 1, 1]) / 6
    np.testing.assert_allclose(np.bincount(columns)[2:7] / 4000, expected, atol=0.04)


def test_shifts_are_a_function_of_seed_and_batch():
    _, data = numbered()
    first, _ = whole(datasets.augment(data, pixels=2, seed=1))
    again, _ = whole(datasets.augment(data, pixels=2, seed=1))
    other, _ = whole(datasets.augment(data, pixels=2, seed=2))
    later, _ = whole(datasets.augment(data.skip(1), pixels=2, seed=1, first_step=1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(first[4:], later)


def test_no_pixels_change_nothing_and_negative_ones_are_refused():
    images, data = numbered()
    same, _ = whole(datasets.augment(data, pixels=0))
    np.testing.assert_array_equal(same, images)
    with pytest.raises(ValueError, match="`pixels` must be an integer"):
        datasets.augment(data, pixels=-1)
