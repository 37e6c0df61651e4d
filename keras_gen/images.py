"""Images as bytes: conversion to uint8, grids and PNG files."""

import io

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from keras_gen.files import written_whole


def to_uint8(images, image_range) -> np.ndarray:
    """Converts images to uint8, rounded to the nearest of 256 levels.

    Args:
        images: Array or tensor of numbers in `image_range`. Other values are clipped.
        image_range: Pair of floats, the values of black and of white.

    Returns:
        Numpy uint8 array of the same shape.

    Raises:
        ValueError: If `images` holds NaN.
    """
    images = np.asarray(images, dtype=np.float64)
    if np.isnan(images).any():
        raise ValueError(f"`images` holds NaN: {np.isnan(images).sum()} values.")
    low, high = image_range
    levels = np.rint((images - low) * (255.0 / (high - low)))
    return np.clip(levels, 0, 255).astype(np.uint8)


def grid(images, columns=None, gap=0) -> np.ndarray:
    """Arranges images in one picture, row by row.

    Args:
        images: Uint8 array of shape `(num, height, width, channels)` with 1 or 3
            channels.
        columns: Integer, the images in a row. By default the picture is nearly square.
        gap: Integer, the white pixels between images.

    Returns:
        Uint8 array of shape `(rows * height, columns * width, channels)` if `gap` is 0.

    Raises:
        ValueError: If `images` has another dtype or shape, or there are none.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(
            "`images` must be uint8 of shape (num, height, width, 1 or 3). Received: "
            f"{images.dtype} of shape {images.shape}"
        )
    num, height, width, channels = images.shape
    if num == 0:
        raise ValueError("`images` holds no image.")
    columns = columns or int(np.ceil(np.sqrt(num)))
    rows = -(-num // columns)
    cells = np.full(
        (rows * columns, height + gap, width + gap, channels), 255, np.uint8
    )
    cells[:num, :height, :width] = images
    cells = cells.reshape(rows, columns, height + gap, width + gap, channels)
    picture = cells.transpose(0, 2, 1, 3, 4)
    picture = picture.reshape(rows * (height + gap), columns * (width + gap), channels)
    return picture[: rows * (height + gap) - gap, : columns * (width + gap) - gap]


def compressed_bits(images) -> np.ndarray:
    """The bits of images as PNG files, float32 of shape `(num,)`.

    Args:
        images: Uint8 array of shape `(num, height, width, 1 or 3)`.
    """
    sizes = []
    for image in np.asarray(images):
        file = io.BytesIO()
        picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
        picture.save(file, format="PNG", optimize=True)
        sizes.append(8 * file.tell())
    return np.array(sizes, np.float32)


def save_png(path, image, num_images=None) -> None:
    """Writes one image to `path`, whole or not at all.

    Args:
        path: String or path, the file to write.
        image: Uint8 array of shape `(height, width, 1 or 3)`.
        num_images: Optional integer, how many cells of a grid hold an image. It is
            written into the file as the text `num_images`.
    """
    image = np.asarray(image)
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    text = PngInfo()
    if num_images is not None:
        text.add_text("num_images", str(num_images))
    with written_whole(path) as partial:
        picture.save(partial, format="PNG", pnginfo=text)
