"""What models of a single row of sites share."""

import tensorflow as tf

from keras_gen.arguments import shown
from keras_gen.domains import Domain


def check_sequence(x_domain) -> None:
    """Raises a ValueError unless `x_domain` is one row of sites with levels."""
    is_row = isinstance(x_domain, Domain) and x_domain.sites[::2] == (1, 1)
    if not is_row or x_domain.num_levels is None:
        raise ValueError(
            "`x_domain` must be a sequence on levels, such as `Symbols(64, 65)` or "
            f"`Waveforms(8000, 8000, levels=256)`. Received: {shown(x_domain)}"
        )


def levels_before(levels, start) -> tf.Tensor:
    """The level before each site, and `start` before the first.

    Args:
        levels: Int32 tensor of shape `(batch, 1, length, 1)`.
        start: Integer.

    Returns:
        Int32 tensor of shape `(batch, length)`.
    """
    levels = levels[:, 0, :-1, 0]
    return tf.pad(levels, [(0, 0), (1, 0)], constant_values=start)


def with_nan_of(parameters, x) -> tf.Tensor:
    """Parameters of sites, which are NaN where the values of `x` are.

    A level is a whole number, which cannot show that a value was none.

    Args:
        parameters: Float32 tensor of shape `(batch, length, parameters_per_value)`.
        x: Tensor of shape `(batch, length)`.
    """
    x = tf.convert_to_tensor(x)
    if not x.dtype.is_floating:
        return parameters
    return parameters + tf.where(tf.abs(x) < 2.0, 0.0, x)[..., None]
