"""Digits on coloured textures: MNIST in another domain."""

import math

import numpy as np

from keras_gen.datasets.packaged import packaged_set, packaged_splits
from keras_gen.datasets.sources import (
    PACKAGED,
    Source,
    check_image_shape,
    images_source,
    slices_of_set,
)
from keras_gen.datasets.splits import MissingSplitError
from keras_gen.random import Rows, check_seed

#: The name of MNIST on textures, for `load()`.
NAME = "textured_mnist"
_MNIST = PACKAGED / "mnist" / "3.0.1"
_NUM_WAVES = 4
#: Waves of a texture have from 1 to 6 periods in 28 pixels.
_PERIODS, _SIDE = (1.0, 6.0), 28.0
_CHUNK = 1000


def textured(images, seed=0, first_row=0) -> np.ndarray:
    """Puts grey images on coloured textures.

    A texture is the sum of four waves of random directions, lengths and colours around
    a random colour. The result is the absolute difference of the texture and the image,
    so strokes are the negative of what is behind them. MNIST on crops of photographs is
    made in this way (Ganin et al. 2016, arXiv:1505.07818, section 5.2.4); these
    textures are synthetic, so results cannot be compared with those on photographs.

    Args:
        images: Uint8 array of shape `(num, height, width, 1)`.
        seed: Integer in [0, 2**31). A texture is a function of the seed and the row.
        first_row: Integer, the row of the first image.

    Returns:
        Uint8 array of shape `(num, height, width, 3)`.

    Raises:
        ValueError: If `images` are no grey images of bytes, or `seed` is wrong.

    Example:
    >>> import numpy as np
    >>> from keras_gen import datasets
    >>> datasets.textured(np.zeros((5, 28, 28, 1), "uint8")).shape
    (5, 28, 28, 3)
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[-1] != 1 or images.dtype != np.uint8:
        raise ValueError(
            "`images` must be uint8 of shape (num, height, width, 1). Received: "
            f"{images.dtype} of shape {images.shape}"
        )
    if not len(images):
        raise ValueError("`images` holds no images.")
    return _textured(images, check_seed(seed), first_row)


def _textured(images, seed, first_row, step=0):
    parts = [
        _chunk(images[i : i + _CHUNK], seed, first_row + i, step)
        for i in range(0, len(images), _CHUNK)
    ]
    return np.concatenate(parts)


def _chunk(images, seed, first_row, step):
    rows = Rows(len(images), seed, first_row, step)
    drawn = np.array(rows.uniform((_NUM_WAVES, 6), "waves"), np.float64)
    colour = 55 + 145 * np.array(rows.uniform((3,), "colour"), np.float64)
    least, most = _PERIODS
    pace = 2 * math.pi / _SIDE * least * (most / least) ** drawn[..., 0]
    angle, phase = 2 * math.pi * drawn[..., 1], 2 * math.pi * drawn[..., 2]
    height, width = images.shape[1:3]
    # A plane wave is the product of one along each axis, as complex numbers.
    down = np.exp(1j * (pace * np.sin(angle))[..., None] * np.arange(height))
    along = np.exp(1j * (pace * np.cos(angle))[..., None] * np.arange(width))
    down *= np.exp(1j * phase)[..., None]
    waves = np.einsum("nwy,nwx->nywx", down, along).imag
    amplitude = 70 * (2 * drawn[..., 3:] - 1)
    textures = colour[:, None, None] + np.einsum("nywx,nwc->nyxc", waves, amplitude)
    return np.rint(np.abs(np.clip(textures, 0, 255) - images)).astype(np.uint8)


def textured_source(split, image_shape=None) -> Source:
    """MNIST on textures. See `keras_gen.datasets.load()`.

    An image has the same texture in every slice and training.
    """
    check_image_shape(image_shape)
    sizes = packaged_splits(_MNIST)
    images, labels = [], []
    for name, first, last in slices_of_set(NAME, split, sizes):
        if last == first:
            continue
        examples, num, *_ = packaged_set(_MNIST, f"{name}[{first}:{last}]")
        (batch,) = examples.batch(num).as_numpy_iterator()
        step = sorted(sizes).index(name)
        images.append(_textured(batch["image"], 0, first, step))
        labels.append(batch["label"].astype(np.int32))
    if not images:
        raise MissingSplitError(
            f"`split` of {NAME} holds no images. Received: {split!r}"
        )
    return images_source(
        f"{NAME}/{split}",
        np.concatenate(images),
        np.concatenate(labels),
        [str(label) for label in range(10)],
        image_shape,
    )
