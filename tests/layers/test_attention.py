"""Tests of attention: filters that are exact at full size, shift and sum to one."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gen.layers import AttentionWindow, GlimpseReader, GlimpseWriter
from keras_gen.random import Rows


def placed(image_size, size, **parameters):
    """A window whose dense layer gives the same numbers whatever the state.

    `parameters` are among y, x, variance, distance and gain; the last three as logs.
    """
    attention = AttentionWindow(image_size, size)
    attention.build((None, 2))
    names = ("x", "y", "variance", "distance", "gain")
    attention.dense.kernel.assign(tf.zeros((2, 5)))
    attention.dense.bias.assign([parameters.get(name, 0.0) for name in names])
    return attention, attention(np.zeros((3, 2)))


def images(height, width, channels=1):
    return np.array(Rows(3, 0).normal((height, width, channels), "images"))


def test_the_filters_of_a_whole_image_without_variance_are_the_identity():
    attention, window = placed((6, 6), 6, variance=-100.0, gain=0.7)
    gain = np.exp(10.0 * np.tanh(0.07))
    x = images(6, 6, 2)
    np.testing.assert_allclose(window[0], np.tile(np.eye(6), (3, 1, 1)), atol=1e-6)
    np.testing.assert_allclose(window[1], np.tile(np.eye(6), (3, 1, 1)), atol=1e-6)
    np.testing.assert_allclose(attention.read(x, window), gain * x, rtol=1e-5)
    np.testing.assert_allclose(attention.write(x, window), x / gain, rtol=1e-5)


@pytest.mark.parametrize("x", [0.0, 3.0, -50.0])
def test_filters_sum_to_one_wherever_they_are(x):
    _, (rows, columns, _) = placed((6, 9), 4, x=x, y=-x, variance=1.0)
    assert rows.shape == (3, 4, 6)
    assert columns.shape == (3, 4, 9)
    np.testing.assert_allclose(np.sum(rows, axis=-1), 1.0, atol=1e-5)
    np.testing.assert_allclose(np.sum(columns, axis=-1), 1.0, atol=1e-5)


def test_filters_are_gaussian_around_their_centres():
    attention, window = placed((20, 30), 3, y=0.1, variance=0.5, distance=-1.5)
    found = attention.placement(np.zeros((1, 2)))
    y, x, distance, variance, _ = (float(value[0]) for value in found)
    assert y == pytest.approx(21 / 2 * 1.1)
    assert x == pytest.approx(31 / 2)
    assert distance == pytest.approx(29 / 2 * np.exp(10 * np.tanh(-0.15)), rel=1e-5)
    assert variance == pytest.approx(np.exp(10 * np.tanh(0.05)), rel=1e-5)
    for filters, centre in zip(window, (y, x), strict=False):
        pixels = np.arange(1, filters.shape[-1] + 1)
        means = centre + distance * np.array([-1, 0, 1])
        weights = np.exp(-0.5 * (pixels - means[:, None]) ** 2 / variance)
        weights /= weights.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(filters[0], weights, atol=1e-5)


def test_a_window_one_pixel_further_sees_the_image_shifted_by_one():
    x = images(9, 9)
    options = {"distance": -2.0, "variance": -2.0}
    attention, window = placed((9, 9), 3, **options)
    _, moved = placed((9, 9), 3, x=2 / 10, y=4 / 10, **options)
    shifted = np.roll(x, (-2, -1), axis=(1, 2))
    found, expected = attention.read(x, moved), attention.read(shifted, window)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert not np.allclose(found, attention.read(x, window), atol=0.1)


def test_a_patch_is_the_product_of_two_filters_of_each_axis():
    x = images(5, 7, 2)
    attention, (rows, columns, gain) = placed((5, 7), 3, y=0.2, x=-0.3)
    expected = np.einsum("bnh,bhwc,bmw->bnmc", rows, x, columns)
    np.testing.assert_allclose(
        attention.read(x, (rows, columns, gain)), expected, atol=1e-5
    )
    patch = images(3, 3)
    expected = np.einsum("bnh,bnmc,bmw->bhwc", rows, patch, columns)
    np.testing.assert_allclose(
        attention.write(patch, (rows, columns, gain)), expected, atol=1e-5
    )


def test_a_single_filter_is_in_the_middle():
    _, (rows, _, _) = placed((5, 5), 1, variance=-100.0)
    np.testing.assert_allclose(rows[0], [[0, 0, 1, 0, 0]], atol=1e-6)


def test_extreme_states_give_finite_numbers():
    attention = AttentionWindow((6, 6), 2)
    for scale in (-1e6, 1e6):
        window = attention(np.full((1, 4), scale))
        assert all(np.isfinite(part).all() for part in window)
        patch = attention.read(np.ones((1, 6, 6, 1)), window)
        assert np.isfinite(attention.write(patch, window)).all()


def test_without_a_size_the_whole_image_is_read_and_written():
    x, state = images(4, 5), np.ones((3, 2))
    reader, writer = GlimpseReader((4, 5, 1)), GlimpseWriter((4, 5, 1))
    np.testing.assert_array_equal(reader(x, state), x.reshape(3, -1))
    written = writer(state)
    expected = writer.dense(state)
    np.testing.assert_array_equal(written, np.reshape(expected, (3, 4, 5, 1)))


@pytest.mark.parametrize("layer", [GlimpseReader, GlimpseWriter])
def test_layers_are_made_again_from_their_config(layer):
    made = layer((4, 5, 1), size=2)
    assert layer.from_config(made.get_config()).get_config() == made.get_config()


@pytest.mark.parametrize(
    ("image_size", "size", "message"),
    [
        ((4, 6), 5, r"`size` must be at most.*size=5 and image_size=\(4, 6\)"),
        ((4, 6), 0, "`size` must be an integer of at least 1.*0"),
        ((4, 0), 2, r"`image_size` must hold positive integers.*\(4, 0\)"),
        ((4,), 2, "`size` must be at most"),
    ],
)
def test_bad_sizes_are_refused(image_size, size, message):
    with pytest.raises(ValueError, match=message):
        AttentionWindow(image_size, size)
