"""Numbers that may change with the training step."""

import math
import numbers

import keras
import tensorflow as tf

from keras_gen.arguments import shown
from keras_gen.models.base import keras_seams


def is_schedule(value) -> bool:
    """Whether a value is a Keras schedule, a function of the training step."""
    return isinstance(value, keras.optimizers.schedules.LearningRateSchedule)


def check_number(value, name, least=-math.inf, below=math.inf, above=-math.inf) -> None:
    """Raises a ValueError unless `value` is a finite number in bounds, or a schedule.

    Args:
        value: Float, or `keras.optimizers.schedules.LearningRateSchedule`. The values
            of a schedule are not checked.
        name: String, the name of the argument.
        least: Float, the least number allowed.
        below: Float, above all numbers allowed.
        above: Float, below all numbers allowed.
    """
    if is_schedule(value):
        return
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if is_number and least <= value < below and value > above:
        return
    bounds = "be a finite number"
    if below < math.inf:
        bounds = f"lie in [{least}, {below})"
    elif above > -math.inf:
        bounds = f"be above {above}"
    elif least > -math.inf:
        bounds = f"be at least {least}"
    raise ValueError(
        f"`{name}` must {bounds}, or be a schedule of `keras.optimizers.schedules`. "
        f"Received: {shown(value)}"
    )


def at_step(model, value) -> float | tf.Tensor:
    """The value of a number or schedule at the training step of a model.

    Args:
        model: `GenerativeModel`.
        value: Float, or a Keras schedule.
    """
    if not is_schedule(value):
        return value
    optimizer = getattr(model, "optimizer", None)
    return value(0 if optimizer is None else keras_seams.steps_taken(optimizer))
