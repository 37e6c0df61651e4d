"""The bits that images take when a model compresses them without loss."""

import bz2
import io

import numpy as np
from PIL import Image

from keras_gen.domains import Images
from keras_gen.images import grid
from keras_gen.models.base import marks_of
from keras_gen.zoo.evaluation.measures import (
    binarization_of,
    examples_of,
    given_of,
    images_of,
)


def compression(model, recipe, data, protocol) -> dict:
    """The size of the file of compressed images, in bits for each of their values.

    The images are restored from the file and compared.

    Returns:
        A result. The value counts the whole file, with its header. `without_model` has
        the negative log-likelihood of the images (or its bound with one draw), which no
        code of the model can undercut by much, and the sizes of other formats, which
        get all images in one file: binary ones packed into bytes under bz2, and one
        large picture as PNG (of 1 bit if binary) and as WebP without loss.

    Raises:
        RuntimeError: If an image is not restored bit for bit.
    """
    x, *y = examples_of(recipe, data, protocol)
    code = model.compress(x, verify=False, **given_of(model, "compress", y))
    if not np.array_equal(model.decompress(code), x):
        raise RuntimeError(f"{recipe.name} has not restored the images.")
    if "log_prob" in marks_of(model):
        nats = -model.log_prob(x, **given_of(model, "log_prob", y))
        name = "negative log-likelihood"
    else:
        nats = -model.log_likelihood(x, 1, protocol.seed).per_example
        name = "negative evidence lower bound"
    bits = nats.astype(np.float64) / np.log(2.0) / x[0].size
    return {
        "metric": "compression",
        "value": 8.0 * len(code) / x.size,
        "unit": "bits a value",
        "standard_error": float(bits.std(ddof=1) / np.sqrt(len(bits))),
        "without_model": {name: float(bits.mean()), **others(model.x_domain, x)},
        "protocol": {
            **images_of(x, protocol),
            "restored": len(x),
            **binarization_of(recipe),
        },
    }


def others(domain, x) -> dict:
    """Bits for each value of images in files of other formats.

    Args:
        domain: `keras_gen.domains.Images`; of other data only bz2 is known.
        x: Array of shape `(num, *domain.shape)`.
    """
    values = domain.to_bytes(x)
    is_binary = np.isin(values, (0, 255)).all()
    raw = np.packbits(values > 0) if is_binary else values
    sizes = {"bz2": len(bz2.compress(raw.tobytes()))}
    if isinstance(domain, Images):
        sheet = grid(values)
        picture = Image.fromarray(sheet[..., 0] if sheet.shape[-1] == 1 else sheet)
        bits = picture.convert("1", dither=Image.Dither.NONE) if is_binary else picture
        sizes["PNG"] = _size(bits, "PNG", optimize=True)
        sizes["WebP"] = _size(picture, "WEBP", lossless=True, quality=100, method=6)
    return {name: 8.0 * size / x.size for name, size in sizes.items()}


def _size(picture, form, **options):
    """Bytes of a picture in a format."""
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return len(buffer.getvalue())
