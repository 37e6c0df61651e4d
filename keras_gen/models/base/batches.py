"""Reads batches of data beside a training."""

import itertools
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf


def is_dataset(x) -> bool:
    """Whether batches can be read from `x`, on one device."""
    if hasattr(x, "shape") or isinstance(x, (list, tuple, dict, str)):
        return False
    if isinstance(x, tf.distribute.DistributedDataset):
        return False
    return hasattr(x, "__iter__") or isinstance(x, keras.utils.PyDataset)


def first_batch(x) -> tuple:
    """The first batch of a dataset, None if there is none, and the whole dataset."""
    batches = batches_of(x)
    if isinstance(x, tf.data.Dataset):
        batches = batches_of(x.take(1))
    first = next(batches, None)
    if batches is not x:
        return first, x
    return first, (batch for batch in itertools.chain([first], batches))


def batches_of(x) -> Iterator:
    """An iterator of the batches of a dataset; `x` itself if it is read only once."""
    if isinstance(x, keras.utils.PyDataset):
        return (x[index] for index in range(len(x)))
    return iter(x)


def some_examples(x, most) -> np.ndarray:
    """Some of the examples of an array or of a dataset, without what they go with.

    Args:
        x: Array, which is thinned out evenly; or a dataset, whose first batches count.
        most: Integer, how many examples at most.
    """
    if not is_dataset(x):
        return x[:: max(1, -(-len(x) // most))] if hasattr(x, "shape") else x
    parts, count = [], 0
    for batch in batches_of(x):
        part = keras.utils.unpack_x_y_sample_weight(batch)[0]
        parts.append(np.asarray(part)[: most - count])
        count += len(parts[-1])
        if count == most:
            break
    return np.concatenate(parts) if parts else np.zeros((0,))


def in_batches(function, parts, batch_size) -> np.ndarray:
    """What a function gives for all rows of arrays, computed in batches.

    Args:
        function: Function from batches of the parts, as keyword arguments, to a tensor
            with a row for each of theirs.
        parts: Dict of arrays, as for `full_batches()`.
        batch_size: Integer of at least 1.
    """
    num = len(next(iter(parts.values())))
    found = [function(**some).numpy() for some in full_batches(parts, batch_size)]
    return np.concatenate(found)[:num]


def full_batches(parts, batch_size) -> Iterator:
    """Arrays in batches of one size, so that one trace serves all.

    Args:
        parts: Dict of arrays with the same number of rows, at least one.
        batch_size: Integer of at least 1; a batch has no more rows than there are.

    Yields:
        Dicts of tensors. The last one repeats the last row as often as it must: cut the
        surplus rows of results.
    """
    num = len(next(iter(parts.values())))
    batch_size = min(batch_size, num)
    for first in range(0, num, batch_size):
        index = np.arange(first, first + batch_size).clip(max=num - 1)
        yield {name: tf.constant(part[index]) for name, part in parts.items()}
