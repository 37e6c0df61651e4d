"""The pixels that a convolution sees while an image is drawn, on its scale [-1, 1]."""

import numpy as np
import tensorflow as tf


def slide_window(window, site, value):
    """Moves a window of pixels forward to a site.

    Args:
        window: Tensor of shape `(batch, columns_left + 1, channels)`: the pixels to the
            left of a pixel, and the known channels of that pixel. Zeros at the
            beginning of a row.
        site: `Site`. Sites come in their order.
        value: Tensor of shape `(batch,)`, the value of the site before; or, where a
            pixel is one site, all channels of the pixel before, `(batch, channels)`.

    Returns:
        The window of the pixel of `site`, of the same shape.
    """
    value = tf.cast(value, window.dtype)
    left, pixel = window[:, :-1], window[:, -1]
    channels = pixel.shape[-1]
    if value.shape.rank == 2:
        pixel = value
    else:
        before = np.arange(channels) == (site.channel - 1) % channels
        pixel = tf.where(before, value[:, None], pixel)
    if site.channel > 0:
        return tf.concat([left, pixel[:, None]], axis=1)
    # The value is the last channel of the pixel to the left, if there is one.
    pixel = tf.where(site.column > 0, pixel, 0.0)
    return tf.concat([left[:, 1:], pixel[:, None], tf.zeros_like(pixel)[:, None]], 1)


def slide_rows(rows, row, above):
    """Moves a window of rows forward to a row.

    Args:
        rows: Tensor of shape `(batch, rows_above, width, channels)`: the rows above the
            row before. Zeros at the beginning of an image.
        row: Int32 scalar.
        above: Tensor of shape `(batch, width, channels)`, pixels in [0, 1] of the row
            before; unused if there is none.

    Returns:
        The rows above `row`, of the same shape.
    """
    pixels = tf.where(row > 0, 2.0 * above - 1.0, 0.0)
    return tf.concat([rows[:, 1:], tf.cast(pixels, rows.dtype)[:, None]], axis=1)
