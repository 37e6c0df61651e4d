"""Checkpoint files: written whole or not at all, and checked when they are read."""

import hashlib
import io
import json
import os

import numpy as np

from keras_gen.files import read_bytes, written_whole

_FACTS = "facts.json"
_DIGITS = 64


def write(path, arrays, facts) -> None:
    """Writes a checkpoint, whole or not at all, and flushes it to the disk.

    The file is an archive that `numpy.load` opens, followed by its sha256 in 64
    hexadecimal digits.

    Args:
        path: `Path`. An existing file is replaced.
        arrays: Dict from names, which hold a slash, to arrays.
        facts: Further values, which JSON can represent.

    Raises:
        OSError: If it cannot be written. An existing file is then kept.
    """
    dtypes = {name: array.dtype.name for name, array in arrays.items()}
    text = json.dumps({"facts": facts, "dtypes": dtypes}, default=float).encode()
    with written_whole(path, durable=True) as partial, open(partial, "w+b") as file:
        np.savez(file, **{_FACTS: np.frombuffer(text, np.uint8)}, **arrays)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0, os.SEEK_END)
        file.write(digest.encode())


def read(path) -> tuple:
    """The arrays and the facts of a checkpoint.

    Raises:
        ValueError: If the file is not byte for byte what was written.
        OSError: If it cannot be read.
    """
    contents = memoryview(read_bytes(path))
    archive, digest = contents[:-_DIGITS], contents[-_DIGITS:]
    if hashlib.sha256(archive).hexdigest().encode() != digest:
        raise ValueError(
            f"The checkpoint {str(path)!r} is damaged: its sha256 is not the one that "
            "it ends with."
        )
    with np.load(io.BytesIO(archive)) as file:
        arrays = dict(file)
    text = json.loads(arrays.pop(_FACTS).tobytes())
    # NumPy knows only the size of types such as bfloat16.
    return {
        name: array.view(text["dtypes"][name]) if array.dtype.kind == "V" else array
        for name, array in arrays.items()
    }, text["facts"]
