"""Tests of the sprites: what is drawn follows from the factors."""

import numpy as np
import pytest

from keras_gen import datasets
from keras_gen.datasets.sprite_images import SIZES
from keras_gen.metrics import factor_vae_score

SQUARE, ELLIPSE, HEART = range(3)


def one(shape=SQUARE, scale=5, angle=0, x=16, y=16, size=64):
    return datasets.sprites([[shape, scale, angle, x, y]], size)[0, :, :, 0]


def centre(image):
    """The mean place of white pixels, in sides of the image: x, then y."""
    y, x = np.nonzero(image)
    return np.array([x.mean() + 0.5, y.mean() + 0.5]) / len(image)


def test_no_sprite_touches_the_edge():
    factors = np.indices((3, 1, 40, 2, 2)).reshape(5, -1).T * [1, 1, 1, 31, 31]
    for size in (16, 64):
        images = datasets.sprites(factors + [0, 5, 0, 0, 0], size)
        assert images.shape == (480, size, size, 1)
        assert images.dtype == np.float32
        assert set(np.unique(images)) == {0.0, 1.0}
        for edge in (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]):
            assert not edge.any()


@pytest.mark.parametrize("shape", [SQUARE, ELLIPSE])
def test_the_centre_follows_x_and_y(shape):
    for x, y in ((0, 0), (31, 0), (0, 31), (10, 20)):
        expected = 0.25 + np.array([x, y]) / 62
        for angle in (0, 7):
            found = centre(one(shape, 5, angle, x, y))
            np.testing.assert_allclose(found, expected, atol=0.5 / 64)


@pytest.mark.parametrize("shape", [SQUARE, ELLIPSE, HEART])
def test_the_area_grows_with_the_square_of_the_scale(shape):
    areas = np.array([one(shape, scale, 3, size=256).sum() for scale in range(6)])
    expected = (0.5 + 0.1 * np.arange(6)) ** 2
    np.testing.assert_allclose(areas / areas[-1], expected, rtol=0.02)
    whole = {SQUARE: 2.0, ELLIPSE: np.pi / 2}.get(shape)
    if whole is not None:
        assert areas[-1] == pytest.approx(whole * (0.22 * 256) ** 2, rel=0.01)


def test_shapes_turn_with_the_angle():
    def differ(shape, turn):
        return np.mean(one(shape, angle=turn) != one(shape)) > 0.001

    assert not differ(SQUARE, 10)
    assert differ(SQUARE, 5)
    assert not differ(ELLIPSE, 20)
    assert differ(ELLIPSE, 10)
    assert differ(HEART, 20)
    # Half a turn is a reflection in both axes.
    turned = one(HEART, angle=20, x=0, y=0)[::-1, ::-1]
    assert np.mean(turned != one(HEART, x=31, y=31)) < 0.001
    # The tip of the heart is below, and it turns towards the right edge's bottom.
    below, above = np.nonzero(one(HEART).any(axis=1))[0][[-1, 0]]
    assert one(HEART)[below].sum() < one(HEART)[above].sum()


def test_all_factors_can_be_told_from_the_images():
    factors = datasets.sprite_factors("train[:2000]")
    different = np.unique(datasets.sprites(factors, 32).reshape(2000, -1), axis=0)
    # A turned square or ellipse can look the same, so that few images are equal.
    assert len(different) > 1950


def test_splits_have_no_sprite_in_common():
    splits = [datasets.sprite_factors(split) for split in SIZES]
    assert [len(split) for split in splits] == list(SIZES.values())
    whole = np.concatenate(splits)
    assert len(np.unique(whole, axis=0)) == len(whole)
    sizes = list(datasets.SPRITE_FACTORS.values())
    np.testing.assert_array_equal(whole.max(axis=0) + 1, sizes)
    # Each value is as frequent as each other, within five standard deviations.
    for column, size in zip(whole.T, sizes, strict=True):
        counts, expected = np.bincount(column, minlength=size), len(whole) / size
        assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


def test_the_set_is_loaded_with_shapes_as_labels():
    options = {"image_shape": (32, 32, 1), "labels": True, "training": False}
    data = datasets.load("sprites", "test[:30]+train[:10]", 25, **options)
    assert data.class_names == ["square", "ellipse", "heart"]
    images, labels = (np.concatenate(part) for part in zip(*data, strict=True))
    factors = datasets.sprite_factors("test[:30]+train[:10]")
    np.testing.assert_array_equal(labels, factors[:, 0])
    np.testing.assert_array_equal(images, datasets.sprites(factors, 32))
    whole = next(iter(datasets.load("sprites", "validation[:5]")))
    assert whole.shape == (5, 64, 64, 1)


def test_the_scores_take_sprites():
    def codes_of(factors):
        images = datasets.sprites(factors, 16)[..., 0]
        return np.stack([images.mean(axis=(1, 2)), *_places(images)], axis=1)

    sizes = datasets.SPRITE_FACTORS.values()
    found = factor_vae_score(codes_of, sizes, 40, group_size=16, least_scale=0.0)
    places = found.table[1:].argmax(axis=1)
    np.testing.assert_array_equal(places, [3, 4])


def _places(images):
    total, place = images.sum(axis=(1, 2)), np.arange(16)
    return (images.sum(axis=1) @ place / total, images.sum(axis=2) @ place / total)


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        ([0, 0, 0, 0, 0], r"`factors` must have shape \(num, 5\).*\(5,\)"),
        (np.zeros((2, 4), int), r"`factors` must have shape .*shape, scale.*\(2, 4\)"),
        (np.zeros((0, 5), int), "`factors` must have shape"),
        (np.zeros((2, 5)), "`factors` must be integers.*float64"),
        ([[0, 0, 40, 0, 0]], r"`factors` must have values of 'angle' in \[0, 40\).*40"),
        ([[0, 0, 0, -1, 0]], r"`factors` must have values of 'x' in \[0, 32\).*-1"),
    ],
)
def test_bad_factors_are_refused(factors, message):
    with pytest.raises(ValueError, match=message):
        datasets.sprites(factors)


def test_other_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="`size` must be an integer of at least 16"):
        datasets.sprites([[0, 0, 0, 0, 0]], size=8)
    for shape in ((64, 32, 1), (64, 64, 3), (64,), (8, 8, 1)):
        with pytest.raises(ValueError, match="`image_shape` must be .* for sprites"):
            datasets.load("sprites", "test[:5]", image_shape=shape)
    with pytest.raises(datasets.MissingSplitError, match="`split` of sprites.*'all'"):
        datasets.sprite_factors("all")
    with pytest.raises(ValueError, match="sprites/test.* holds no images"):
        datasets.load("sprites", "test[:0]")
