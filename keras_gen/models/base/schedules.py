"""Numbers that may change with the training step."""

import math

import tensorflow as tf

from keras_gen.models.base import keras_seams


def check_number(value, name, least=-math.inf, below=math.inf) -> None:
    """Raises a ValueError unless `value` is a number in [least, below), or a schedule.

    Args:
        value: Float, or `keras.optimizers.schedules.LearningRateSchedule`.
        name: String, the name of the argument.
        least: Float.
        below: Float.
    """
    if callable(value) or least <= value < below:
        return
    is_bounded = below < math.inf
    bounds = f"lie in [{least}, {below})" if is_bounded else f"be at least {least}"
    raise ValueError(f"`{name}` must {bounds}, or be a schedule. Received: {value}")


def at_step(model, value) -> float | tf.Tensor:
    """The value of a number or schedule at the training step of a model.

    Args:
        model: `GenerativeModel`.
        value: Float, or a schedule.
    """
    if not callable(value):
        return value
    optimizer = getattr(model, "optimizer", None)
    return value(0 if optimizer is None else keras_seams.steps_taken(optimizer))
