"""A lossy code of latents: each is rounded to multiples of a step and coded."""

import struct
import zlib

import numpy as np

from keras_gen.arguments import check_positive, shown
from keras_gen.compression.stack import Stack

# Examples, latents, the largest multiple, the step.
_HEAD = struct.Struct("<IIId")
_CHECKSUM = struct.Struct("<I")
_MOST = 2**20


def pack_latents(latents, step) -> bytes:
    """Latents as bytes, rounded to multiples of a step.

    The multiples of each latent are coded as a normal variable with their mean and
    standard deviation over the examples, which the bytes hold too.

    Args:
        latents: Float array of shape `(num, size)`.
        step: Positive float. Rounding moves a latent by half of it at most.

    Returns:
        Bytes.

    Raises:
        ValueError: If an argument is wrong, or a latent is too large for the step.
    """
    check_positive(step=step)
    latents = np.asarray(latents, np.float64)
    if latents.ndim != 2 or not latents.size or not np.isfinite(latents).all():
        raise ValueError(
            "`latents` must be finite numbers of shape (num, size). Received shape: "
            f"{latents.shape}"
        )
    multiples = np.rint(latents / step)
    largest = np.abs(multiples).max()
    if largest > _MOST:
        raise ValueError(
            f"`step` must be larger: a latent is {largest:.3g} times as large. "
            f"Received: {shown(step)}"
        )
    # Of a single symbol there is no code.
    largest = max(1, int(largest))
    means = multiples.mean(axis=0).astype("<f4")
    scales = np.maximum(multiples.std(axis=0), 0.1).astype("<f4")
    stack = Stack()
    parameters = _of_each(means, scales, len(multiples))
    stack.push_normal(multiples.ravel(), *parameters, largest)
    head = (
        _HEAD.pack(*multiples.shape, largest, step) + means.tobytes() + scales.tobytes()
    )
    body = head + stack.words.astype("<u4").tobytes()
    return body + _CHECKSUM.pack(zlib.crc32(body))


def unpack_latents(data) -> np.ndarray:
    """The latents that `pack_latents()` has rounded, float32 of shape `(num, size)`.

    Raises:
        ValueError: If `data` are no such bytes, cut short or damaged.
    """
    body, checksum = data[: -_CHECKSUM.size], data[-_CHECKSUM.size :]
    if len(body) < _HEAD.size or checksum != _CHECKSUM.pack(zlib.crc32(body)):
        raise ValueError(
            "`data` must be what `pack_latents()` has returned, not cut short or "
            f"damaged. Received {len(data)} bytes"
        )
    num, size, largest, step = _HEAD.unpack_from(body)
    rest = np.frombuffer(body, np.uint8, offset=_HEAD.size)
    means, scales = rest[: 8 * size].view("<f4").reshape(2, size)
    stack = Stack(rest[8 * size :].view("<u4").astype(np.uint32))
    found = stack.pop_normal(*_of_each(means, scales, num), largest)
    return (found.reshape(num, size) * step).astype(np.float32)


def _of_each(means, scales, num):
    return [np.tile(values.astype(np.float64), num) for values in (means, scales)]
