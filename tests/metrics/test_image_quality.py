import numpy as np
import pytest
import tensorflow as tf

from keras_gen.metrics import luma, psnr, ssim
from keras_gen.random import Rows


def pair(noise=0.1, shape=(3, 20, 24, 3)):
    x = np.array(Rows(shape[0], 0).uniform(shape[1:], "x"), np.float64)
    # Smooth, so that windows differ in their means.
    x = (x + np.roll(x, 1, 1) + np.roll(x, 1, 2) + np.roll(x, 2, 2)) / 4
    drawn = np.array(Rows(shape[0], 0).normal(shape[1:], "noise"), np.float64)
    return x, np.clip(x + noise * drawn, 0, 1)


def test_psnr_is_the_logarithm_of_the_mean_squared_error():
    x, other = pair()
    errors = np.mean((x - other) ** 2, axis=(1, 2, 3))
    np.testing.assert_allclose(10 ** (psnr(x, other) / -10), errors)
    np.testing.assert_allclose(psnr(x, other), tf.image.psnr(x, other, 1.0), rtol=1e-5)
    assert np.isposinf(psnr(x, x)).all()


def test_a_border_is_cut_off():
    x, other = pair()
    changed = other.copy()
    changed[:, :4] = changed[:, -4:] = 0
    changed[:, :, :4] = changed[:, :, -4:] = 0
    for measure in (psnr, ssim):
        inner = np.s_[:, 4:-4, 4:-4]
        np.testing.assert_allclose(
            measure(x, changed, 4), measure(x[inner], other[inner])
        )
    assert np.all(psnr(x, changed, 3) < psnr(x, changed, 4))


@pytest.mark.parametrize("noise", [0.02, 0.1, 0.4])
def test_ssim_is_what_tensorflow_computes(noise):
    x, other = pair(noise)
    expected = tf.image.ssim(tf.constant(x), tf.constant(other), 1.0)
    np.testing.assert_allclose(ssim(x, other), expected, atol=1e-5)


def test_ssim_of_equal_images_is_one_and_of_constant_ones_in_closed_form():
    x, other = pair()
    np.testing.assert_allclose(ssim(x, x), 1)
    np.testing.assert_allclose(ssim(x, other), ssim(other, x))
    dark, light = np.full((1, 11, 11, 1), 0.2), np.full((1, 11, 11, 1), 0.6)
    expected = (2 * 0.2 * 0.6 + 1e-4) / (0.2**2 + 0.6**2 + 1e-4)
    np.testing.assert_allclose(ssim(dark, light), expected)


def test_luma_has_the_values_of_bt_601():
    primaries = np.eye(3)[None, None]
    found = 255 * luma(primaries)[0, 0, :, 0] - 16
    np.testing.assert_allclose(found, [65.481, 128.553, 24.966])
    greys = np.array([0.0, 1.0])[None, None, :, None] * np.ones(3)
    np.testing.assert_allclose(255 * luma(greys).ravel(), [16, 235])


@pytest.mark.parametrize("measure", [psnr, ssim])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: (x, x[:2], 0), "`images` and `references` must have one shape"),
        (lambda x: (x, x[0], 0), "`references` must have shape"),
        (lambda x: (x, x + 1, 0), r"`references` must lie in \[0, 1\]"),
        (lambda x: (x * np.nan, x, 0), "`images` must be finite"),
        (lambda x: (x[:0], x[:0], 0), "`images` must have shape"),
        (lambda x: (x, x, 10), "`border` must leave some pixels.*10"),
        (lambda x: (x, x, -1), "`border`.*-1"),
    ],
)
def test_what_cannot_be_compared_is_refused(measure, change, message):
    with pytest.raises(ValueError, match=message):
        measure(*change(pair()[0]))


def test_ssim_needs_a_window_and_luma_needs_colours():
    x = pair()[0]
    with pytest.raises(ValueError, match="`images` must have at least 11 pixels"):
        ssim(x, x, border=5)
    with pytest.raises(ValueError, match="`images` must have 3 channels"):
        luma(x[..., :1])
