"""Shifts and flips as functions of seed, batch and position."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gen import datasets
from keras_gen.datasets import transpose
from keras_gen.domains import Melodies


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


def test_melodies_are_transposed_within_the_range():
    domain = Melodies(6, low=60, high=72)
    one = [2, 0, 1, 6, 0, 4]  # From 60 to 64: up to 8 semitones higher.
    melodies = np.tile(np.int32(one), (400, 1))
    data = tf.data.Dataset.from_tensors(melodies)
    (found,) = transpose(data, domain, semitones=5).as_numpy_iterator()
    assert found.dtype == np.int32
    is_note = np.array(one) >= domain.first_note
    np.testing.assert_array_equal(found[:, ~is_note], melodies[:, ~is_note])
    intervals = (found - melodies)[:, is_note]
    assert (intervals == intervals[:, :1]).all()
    # No lower one is in the range.
    values, counts = np.unique(intervals[:, 0], return_counts=True)
    assert values.tolist() == [0, 1, 2, 3, 4, 5]
    assert counts.min() > 40
    (again,) = transpose(data, domain, semitones=5).as_numpy_iterator()
    np.testing.assert_array_equal(again, found)
    (other,) = transpose(data, domain, semitones=5, first_step=1).as_numpy_iterator()
    assert not np.array_equal(other, found)


def test_rests_stay_as_they_are_and_labels_with_their_melodies():
    domain = Melodies(4, low=60, high=72)
    data = tf.data.Dataset.from_tensors((np.ones((3, 4), "int32"), np.arange(3)))
    ((found, labels),) = transpose(data, domain, 6).as_numpy_iterator()
    np.testing.assert_array_equal(found, 1)
    np.testing.assert_array_equal(labels, np.arange(3))


@pytest.mark.parametrize(
    ("domain", "semitones", "message"),
    [
        (Melodies(4), -1, "`semitones`.*-1"),
        (Melodies(4), 1.5, "`semitones`.*1.5"),
        (None, 6, "`domain` must be a `Melodies`.*None"),
    ],
)
def test_bad_transpositions_are_refused(domain, semitones, message):
    with pytest.raises(ValueError, match=message):
        transpose(tf.data.Dataset.range(2), domain, semitones)
