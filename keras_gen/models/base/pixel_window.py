"""The pixels that a row of a convolution sees while an image is drawn."""

import numpy as np
import tensorflow as tf


def slide_window(window, site, value):
    """Moves a window of pixels on to a site.

    Args:
        window: Tensor of shape `(batch, columns_left + 1, channels)`: pixels to the
            left of one, and that pixel as far as it was known. Zeros as a row begins.
        site: `Site`. Sites come in their order.
        value: Tensor of shape `(batch,)`, the site before.

    Returns:
        The window of the pixel of `site`, of the same shape.
    """
    value = tf.cast(value, window.dtype)[:, None]
    left, pixel = window[:, :-1], window[:, -1]
    channels = pixel.shape[-1]
    before = np.arange(channels) == (site.channel - 1) % channels
    pixel = tf.where(before, value, pixel)
    if site.channel > 0:
        return tf.concat([left, pixel[:, None]], axis=1)
    # The value is the last channel of the pixel to the left, if there is one.
    pixel = tf.where(site.column > 0, pixel, 0.0)
    return tf.concat([left[:, 1:], pixel[:, None], tf.zeros_like(pixel)[:, None]], 1)
