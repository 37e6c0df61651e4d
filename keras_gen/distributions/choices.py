"""Codes among the latents of a generator: one-hot choices, and numbers in [-1, 1]."""

import numpy as np
import tensorflow as tf

from keras_gen.arguments import shown
from keras_gen.domains import Labels


def draw_choice(rows, num_choices, stream) -> tf.Tensor:
    """Draws one of `num_choices` for each row, float32 of shape `(rows, num_choices)`.

    Args:
        rows: `keras_gen.random.Rows`.
        num_choices: Integer.
        stream: String, the purpose of the draw.
    """
    index = tf.floor(rows.uniform((), stream) * num_choices)
    return one_hot(tf.cast(index, tf.int32), num_choices)


def one_hot(index, num_choices) -> tf.Tensor:
    """The one-hot codes of integers, float32 of shape `(batch, num_choices)`."""
    # Not `tf.one_hot()`: the TFLite converter quantizes it to other numbers.
    return tf.gather(tf.eye(num_choices), index)


def check_choice(value, num_choices, num_samples, name) -> np.ndarray:
    """A choice for each sample, int32 of shape `(num_samples,)`.

    Args:
        value: Integer below `num_choices`, or one for each sample.
        num_choices: Integer.
        num_samples: Integer.
        name: String, the name of the argument.

    Raises:
        ValueError: If the value is something else.
    """
    values = np.asarray(value)
    if values.ndim == 0:
        values = values[None].repeat(num_samples, axis=0)
    Labels(num_choices).check(values, name)
    if len(values) != num_samples:
        raise ValueError(
            f"`{name}` must be one integer, or one for each of {num_samples} samples. "
            f"Received: {shown(value)}"
        )
    return values.astype(np.int32)


def check_numbers(value, size, num_samples, name) -> np.ndarray:
    """Numbers in [-1, 1] for each sample, float32 of shape `(num_samples, size)`.

    Args:
        value: Array of shape `(size,)` or `(num_samples, size)`.
        size: Integer.
        num_samples: Integer.
        name: String, the name of the argument.

    Raises:
        ValueError: If the value is something else.
    """
    shape = (num_samples, size)
    if np.shape(value) not in (shape, shape[1:]):
        raise ValueError(
            f"`{name}` must have shape {shape[1:]} or {shape}. Received: {shown(value)}"
        )
    values = np.broadcast_to(np.asarray(value, np.float32), shape)
    if not (np.abs(values) <= 1.0).all():
        raise ValueError(f"`{name}` must lie in [-1, 1]. Received: {shown(value)}")
    return values
