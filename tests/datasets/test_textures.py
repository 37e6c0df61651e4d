"""MNIST on coloured textures."""

import numpy as np
import pytest

from keras_gen import datasets


def digits(split, name="textured_mnist", **options):
    options = {"labels": True, "training": False, **options}
    parts = zip(*datasets.load(name, split, 50, **options), strict=True)
    return [np.concatenate(part) for part in parts]


def test_an_image_has_one_texture_whatever_the_slice():
    images, labels = digits("test[:40]")
    for split in ("test[30:60]", "train[:5]+test[30:60]"):
        others, their_labels = digits(split)
        offset = len(others) - 30
        np.testing.assert_array_equal(others[offset : offset + 10], images[30:])
        np.testing.assert_array_equal(their_labels[offset : offset + 10], labels[30:])
    assert len(np.unique(images.reshape(40, -1), axis=0)) == 40


def test_images_are_the_difference_of_texture_and_digit():
    grey, labels = digits("test[:20]", "mnist")
    images, same_labels = digits("test[:20]")
    np.testing.assert_array_equal(labels, same_labels)
    texture = datasets.textured(np.zeros((20, 28, 28, 1), np.uint8), seed=3)
    ink = np.rint(255 * grey).astype(np.uint8)
    found = datasets.textured(ink, seed=3)
    expected = np.abs(texture.astype(int) - ink)
    # A texture is rounded once, and so is the difference.
    assert np.abs(found - expected).max() <= 1
    assert images.shape == (20, 28, 28, 3)


def test_textures_are_a_function_of_seed_and_row():
    blank = np.zeros((1030, 8, 12, 1), np.uint8)
    images = datasets.textured(blank, seed=5)
    np.testing.assert_array_equal(
        datasets.textured(blank[:40], seed=5, first_row=990), images[990:]
    )
    assert not np.array_equal(datasets.textured(blank[:1], seed=6), images[:1])


def test_textures_have_many_colours_and_shades():
    images = datasets.textured(np.zeros((200, 28, 28, 1), np.uint8)).astype(float)
    assert 100 < images.mean() < 155
    colour = images.mean(axis=(1, 2))
    assert colour.std(axis=0).min() > 20
    within = images.std(axis=(1, 2))
    assert 20 < within.mean() < 90
    # Waves, not noise: neighbours are alike.
    steps = np.abs(np.diff(images, axis=2)).mean()
    assert steps < 0.6 * within.mean()


def test_what_is_no_grey_image_is_refused():
    for wrong in (np.zeros((2, 8, 8, 3), np.uint8), np.zeros((2, 8, 8, 1))):
        with pytest.raises(ValueError, match="`images` must be uint8"):
            datasets.textured(wrong)
    with pytest.raises(ValueError, match="`images` holds no images"):
        datasets.textured(np.zeros((0, 8, 8, 1), np.uint8))
    with pytest.raises(ValueError, match="`seed` must be"):
        datasets.textured(np.zeros((2, 8, 8, 1), np.uint8), seed=-1)
    with pytest.raises(datasets.MissingSplitError, match="textured_mnist.*'valid'"):
        datasets.load("textured_mnist", "valid")
    with pytest.raises(datasets.MissingSplitError, match="holds no images"):
        datasets.load("textured_mnist", "test[5:5]")
