"""How near images are to references: PSNR on luma, and structural similarity."""

import numpy as np

from keras_gen.arguments import check_count
from keras_gen.metrics.checks import check_numbers

# The window of Wang et al., a Gaussian of 11 pixels, and its constants.
_SIZE, _DEVIATION, _K1, _K2 = 11, 1.5, 0.01, 0.03


def luma(images) -> np.ndarray:
    """The luma Y of colour images, from 16 / 255 (black) to 235 / 255 (white).

    It is that of ITU-R BT.601 as `rgb2ycbcr` of MATLAB computes it, in which numbers of
    super-resolution are reported. Numbers over all colours are lower.

    Args:
        images: Array of shape `(num, height, width, 3)` in [0, 1].

    Returns:
        Float64 array of shape `(num, height, width, 1)`.

    Raises:
        ValueError: If `images` are no such images.

    Example:
    >>> from keras_gen.metrics import luma
    >>> (255 * luma([[[[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]]])).round().ravel().tolist()
    [16.0, 235.0]
    """
    images = _checked(images, "images")
    if images.shape[-1] != 3:
        raise ValueError(
            f"`images` must have 3 channels. Received shape: {images.shape}"
        )
    weights = np.array([65.481, 128.553, 24.966])
    return (16 + images @ weights[:, None]) / 255


def psnr(images, references, border=0) -> np.ndarray:
    """The peak signal-to-noise ratio of images in [0, 1], one number for each.

    It is `-10 * log10` of the mean squared error over all values. For the number that
    papers on super-resolution report, round both to bytes, and pass the `luma()` of
    each and the scale as `border`.

    Args:
        images: Array of shape `(num, height, width, channels)` in [0, 1].
        references: Array of the same shape.
        border: Integer of at least 0, the pixels that are cut off at each side.

    Returns:
        Float64 array of shape `(num,)`, in dB; infinity where images are equal.

    Raises:
        ValueError: If the arrays are no images in [0, 1], differ in shape, or are all
            border.

    Example:
    >>> import numpy as np
    >>> from keras_gen.metrics import psnr
    >>> grey = np.full((1, 4, 4, 1), 0.5)
    >>> psnr(grey, grey + 0.1).round(6).tolist()
    [20.0]
    """
    images, references = _pair(images, references, border)
    errors = np.mean((images - references) ** 2, axis=(1, 2, 3))
    with np.errstate(divide="ignore"):
        return -10 * np.log10(errors)


def ssim(images, references, border=0) -> np.ndarray:
    """The structural similarity of images in [0, 1], one number for each.

    Means, variances and the covariance are those in a Gaussian window of 11 pixels and
    a standard deviation of 1.5, with weights that sum to 1. The similarity is averaged
    over the places where the whole window fits, and over the channels.

    Args:
        images: Array of shape `(num, height, width, channels)` in [0, 1].
        references: Array of the same shape.
        border: Integer of at least 0, the pixels that are cut off at each side.

    Returns:
        Float64 array of shape `(num,)` of at most 1, which equal images have.

    Raises:
        ValueError: As `psnr()`, or if the images are smaller than the window.

    Reference:
        Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error
        visibility to structural similarity", 2004, doi:10.1109/TIP.2003.819861, eq. 13.

    Example:
    >>> import numpy as np
    >>> from keras_gen.metrics import ssim
    >>> ssim(np.zeros((1, 16, 16, 1)), np.ones((1, 16, 16, 1))).round(6).tolist()
    [0.0001]
    """
    images, references = _pair(images, references, border)
    if min(images.shape[1:3]) < _SIZE:
        raise ValueError(
            f"`images` must have at least {_SIZE} pixels a side beside the border. "
            f"Received shape: {images.shape}"
        )
    mean_a, mean_b = _blurred(images), _blurred(references)
    variance_a = _blurred(images**2) - mean_a**2
    variance_b = _blurred(references**2) - mean_b**2
    covariance = _blurred(images * references) - mean_a * mean_b
    light = (2 * mean_a * mean_b + _K1**2) / (mean_a**2 + mean_b**2 + _K1**2)
    contrast = (2 * covariance + _K2**2) / (variance_a + variance_b + _K2**2)
    return np.mean(light * contrast, axis=(1, 2, 3))


def _blurred(images):
    """Means in the window, where it fits: along one axis, then along the other."""
    places = np.arange(_SIZE) - _SIZE // 2
    window = np.exp(-(places**2) / (2 * _DEVIATION**2))
    window /= window.sum()
    for axis in (1, 2):
        parts = np.lib.stride_tricks.sliding_window_view(images, _SIZE, axis=axis)
        images = parts @ window
    return images


def _pair(images, references, border):
    check_count(border, "border", 0)
    images = _checked(images, "images")
    references = _checked(references, "references")
    if images.shape != references.shape:
        raise ValueError(
            "`images` and `references` must have one shape. Received: "
            f"{images.shape} and {references.shape}"
        )
    if 2 * border >= min(images.shape[1:3]):
        raise ValueError(
            f"`border` must leave some pixels. Received: {border} for images of shape "
            f"{images.shape}"
        )
    inner = slice(border, -border or None)
    return images[:, inner, inner], references[:, inner, inner]


def _checked(images, name):
    images = check_numbers(images, name).astype(np.float64)
    if images.ndim != 4 or not images.size:
        raise ValueError(
            f"`{name}` must have shape (num, height, width, channels). Received: "
            f"{images.shape}"
        )
    # A rounding error beyond the range is none.
    if images.min() < -1e-6 or images.max() > 1 + 1e-6:
        raise ValueError(
            f"`{name}` must lie in [0, 1]. Received values from {images.min()} to "
            f"{images.max()}"
        )
    return images
