"""Samples in shards: a folder of files, drawn separately and read in order.

The folder holds `shard-00000.npz`, `shard-00001.npz` and so on, and `index.json`: what
was drawn, and the sha256 of each shard that is there. A shard has samples as the domain
of the model turns them into bytes, under its noun: `images` (uint8, `(num, height,
width, channels)`), `waveforms` (int16, `(num, length)`); and, of models with classes,
`labels` (int32, `(num,)`).
"""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from shutil import SpecialFileError

import numpy as np

from keras_gen.arguments import check_count
from keras_gen.files import read_bytes, read_json, written_whole


def shard_name(number):
    """The file of a shard, counted from 0."""
    return f"shard-{number:05}.npz"


def num_shards(index):
    """Integer, the shards that a folder has when it is complete."""
    return -(-index["num_samples"] // index["shard_size"])


def read_index(folder) -> dict:
    """The index of a folder of shards.

    Args:
        folder: Path.

    Returns:
        Dict of `name` and `model` (its class), `weights_sha256`, `seed`, `labels` (in
        turn; None without classes), `temperature` and `truncation` (None without one),
        `num_samples`, `shard_size`, `shape` (of a sample), and `sha256`, a dict from
        the file of each shard to its sha256.

    Raises:
        ValueError: If the folder has no index, or one that cannot be read.
    """
    path = Path(folder) / "index.json"
    try:
        index = read_json(path)
        num_shards(index), index["sha256"].keys()
    except OSError as error:
        raise ValueError(
            f"There are no shards in {str(folder)!r}: {path.name} cannot be read "
            f"({error})."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(
            f"{str(path)!r} is no index of shards ({error!r}). Remove it, and the "
            "shards are drawn again."
        ) from error
    return index


def read_shards(folder, batch_size=1000, num_samples=None) -> Iterator:
    """Samples from a folder of shards, in order, in constant memory.

    Args:
        folder: Path of what `keras_gen.zoo.sample_shards()` has written.
        batch_size: Integer of at least 1; a batch does not reach over the end of a
            shard, so it may be smaller.
        num_samples: Optional integer of at least 1, how many samples to read. Defaults
            to all.

    Returns:
        Iterator over pairs: samples, an array of shape `(batch, *shape)` (uint8 for
        images), and labels, int32 of shape `(batch,)`, or None for a model without
        classes.

    Raises:
        ValueError: If an argument is not as stated, or the folder has fewer samples; at
            the shard in question, if it is missing or damaged.
    """
    index = read_index(folder)
    check_count(batch_size, "batch_size", 1)
    if num_samples is None:
        num_samples = index["num_samples"]
    check_count(num_samples, "num_samples", 1)
    if num_samples > index["num_samples"]:
        raise ValueError(
            f"`num_samples` must be at most {index['num_samples']}, which "
            f"{str(folder)!r} holds. Received: {num_samples}"
        )
    return _batches(Path(folder), index, batch_size, num_samples)


def write_shard(folder, number, arrays):
    """Writes a shard, whole or not at all.

    Args:
        folder: Path.
        number: Integer.
        arrays: Dict of the samples under the noun of their domain, such as `images`,
            and of `labels` if the model has classes.

    Returns:
        The sha256 of the file.
    """
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    with written_whole(Path(folder) / shard_name(number)) as partial:
        partial.write_bytes(buffer.getbuffer())
    return hashlib.sha256(buffer.getbuffer()).hexdigest()


def _batches(folder, index, batch_size, num_samples):
    size = index["shard_size"]
    for number in range(-(-num_samples // size)):
        contents = intact(folder, index, number)
        if contents is None:
            raise ValueError(
                f"{str(folder / shard_name(number))!r} is missing or damaged: draw the "
                "samples once more, which replaces what is not whole."
            )
        # Nothing is unpickled: numpy refuses to.
        with np.load(io.BytesIO(contents)) as arrays:
            arrays = dict(arrays)
        labels = arrays.pop("labels", None)
        (samples,) = arrays.values()
        last = min(len(samples), num_samples - number * size)
        for first in range(0, last, batch_size):
            part = slice(first, min(first + batch_size, last))
            yield samples[part], None if labels is None else labels[part]


def intact(folder, index, number):
    """The bytes of a shard; None if it is missing, damaged or not in the index."""
    name = shard_name(number)
    try:
        contents = read_bytes(Path(folder) / name)
    except (FileNotFoundError, SpecialFileError):
        return None
    found = hashlib.sha256(contents).hexdigest()
    return contents if found == index["sha256"].get(name) else None
