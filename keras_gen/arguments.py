"""Checks of arguments: each error names the argument and the value."""

import numbers


def check_count(value, name, least):
    """Raises a ValueError unless `value` is an integer of at least `least`."""
    is_integer = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not is_integer or value < least:
        raise ValueError(
            f"`{name}` must be an integer of at least {least}. Received: {value!r}"
        )


def check_sizes(name, sizes):
    """Raises a ValueError unless all `sizes` are positive integers."""
    if not all(isinstance(size, int) and size > 0 for size in sizes):
        raise ValueError(f"`{name}` must hold positive integers. Received: {sizes}")
