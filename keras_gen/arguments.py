"""Checks of arguments: each error names the argument and the value."""

import math
import numbers
import reprlib

_LONGEST = 300
_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = 200
_REPR.maxlevel = 3
_REPR.maxlist = _REPR.maxtuple = _REPR.maxdict = 12


def shown(value) -> str:
    """A value as the text of an error, of bounded length."""
    text = _REPR.repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def check_count(value, name, least):
    """Raises a ValueError unless `value` is an integer of at least `least`."""
    if not _is_integer(value) or value < least:
        raise ValueError(
            f"`{name}` must be an integer of at least {least}. Received: {shown(value)}"
        )


def check_odd(value, name, least):
    """Raises a ValueError unless `value` is an odd integer of at least `least`."""
    check_count(value, name, least)
    if value % 2 == 0:
        raise ValueError(f"`{name}` must be odd. Received: {shown(value)}")


def check_multiple(value, name, num_channels):
    """Raises a ValueError unless `value` is a positive multiple of `num_channels`."""
    check_count(value, name, 1)
    if value % num_channels:
        raise ValueError(
            f"`{name}` must be a multiple of the {num_channels} channels. "
            f"Received: {shown(value)}"
        )


def check_reals(**values):
    """Raises a ValueError unless each of some named values is a finite real number."""
    for name, value in values.items():
        if not isinstance(value, numbers.Real) or not math.isfinite(value):
            raise ValueError(
                f"`{name}` must be a finite number. Received: {shown(value)}"
            )


def check_boolean(value, name):
    """Raises a ValueError unless `value` is True or False."""
    if not isinstance(value, bool):
        raise ValueError(f"`{name}` must be True or False. Received: {shown(value)}")


def check_positive(**values):
    """Raises a ValueError unless each of some named values is finite and above 0."""
    check_reals(**values)
    for name, value in values.items():
        if value <= 0:
            raise ValueError(f"`{name}` must be positive. Received: {shown(value)}")


def check_sizes(name, sizes):
    """Raises a ValueError unless `sizes` is a sequence of positive integers."""
    is_sequence = isinstance(sizes, (tuple, list))
    if not is_sequence or not all(_is_integer(size) and size > 0 for size in sizes):
        raise ValueError(
            f"`{name}` must hold positive integers. Received: {shown(sizes)}"
        )


def check_image_shape(image_shape, name="image_shape"):
    """Raises a ValueError unless `image_shape` is (height, width, channels)."""
    if not isinstance(image_shape, (tuple, list)) or len(image_shape) != 3:
        raise ValueError(
            f"`{name}` must be (height, width, channels). Received: "
            f"{shown(image_shape)}"
        )
    for size in image_shape:
        check_count(size, name, 1)


def _is_integer(value):
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)
