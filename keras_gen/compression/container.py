"""The file of a lossless code: a header, streams of words, and checksums."""

import hashlib
import math
import struct
import zlib
from typing import NamedTuple

import numpy as np

_MAGIC = b"KGC1"
# What follows the magic: sha256 of the model, checksum of the levels, number of
# examples, of those in a stream, of axes.
_HEAD = struct.Struct("<32s8sIIB")
_CHECKSUM = struct.Struct("<I")
_SIZE = struct.Struct("<I")
_MOST_AXES = 8


class Code(NamedTuple):
    """What a file holds.

    Attributes:
        model: String, the sha256 of the model, 64 hexadecimal digits.
        shape: Tuple of integers, the shape of one example.
        num: Integer, the number of examples.
        stream_size: Integer, the number of examples of a stream; the last may have
            fewer.
        levels: Bytes, the checksum of the levels of all examples; see
            `checksum_of()`.
        streams: List of uint32 arrays.
    """

    model: str
    shape: tuple
    num: int
    stream_size: int
    levels: bytes
    streams: list


def checksum_of(levels) -> bytes:
    """The first 8 bytes of the sha256 of levels."""
    return hashlib.sha256(np.ascontiguousarray(levels, "<i4").tobytes()).digest()[:8]


def pack(code) -> bytes:
    """A `Code` as the bytes of a file."""
    sha256 = bytes.fromhex(code.model)
    sizes = (code.num, code.stream_size, len(code.shape))
    parts = [_MAGIC, _HEAD.pack(sha256, code.levels, *sizes)]
    parts += [_SIZE.pack(size) for size in code.shape]
    for words in code.streams:
        parts += [_SIZE.pack(len(words)), np.asarray(words, "<u4").tobytes()]
    body = b"".join(parts)
    return body + _CHECKSUM.pack(zlib.crc32(body))


def unpack(data, name="code") -> Code:
    """The `Code` in the bytes of a file.

    Args:
        data: Bytes.
        name: String, the caller's name of them.

    Raises:
        ValueError: If the bytes are no such file, cut short or damaged.
    """
    if data[: len(_MAGIC)] != _MAGIC:
        raise ValueError(
            f"`{name}` must be a file that `compress` has written. Received bytes that "
            f"begin with {data[:4]!r}"
        )
    body, checksum = data[: -_CHECKSUM.size], data[-_CHECKSUM.size :]
    try:
        if _CHECKSUM.unpack(checksum)[0] != zlib.crc32(body):
            raise ValueError("its checksum is another")
        return _parsed(body)
    except (struct.error, ValueError) as error:
        raise ValueError(
            f"`{name}` is cut short or damaged: {error}. Received {len(data)} bytes"
        ) from error


def _parsed(body):
    offset = len(_MAGIC)

    def read(form):
        nonlocal offset
        values = form.unpack_from(body, offset)
        offset += form.size
        return values

    sha256, levels, num, stream_size, axes = read(_HEAD)
    if not num or not stream_size or axes > _MOST_AXES:
        raise ValueError("its header holds no examples")
    shape = tuple(read(_SIZE)[0] for _ in range(axes))
    streams = []
    for _ in range(math.ceil(num / stream_size)):
        count = read(_SIZE)[0]
        streams.append(np.frombuffer(body, "<u4", count, offset).astype(np.uint32))
        offset += 4 * count
    if offset != len(body):
        raise ValueError("it holds more than its header says")
    return Code(sha256.hex(), shape, num, stream_size, levels, streams)
