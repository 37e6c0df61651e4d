"""Networks of coupling layers."""

import keras
from keras import layers

from keras_gen.arguments import check_count, check_sizes


def conditioner(
    input_shape, num_outputs, width, num_blocks=2, dtype=None, name="conditioner"
) -> keras.Model:
    """A residual network that gives zeros at first, for one half of a coupling.

    Images go through convolutions that keep their size and ReLUs, vectors through dense
    layers and SiLUs, with which a density is smooth. A block adds two layers to its
    input: one with a 3x3 kernel, and one with a 1x1 kernel. There is no normalization,
    so an output depends on its example alone.

    Args:
        input_shape: Tuple `(height, width, channels)` or `(size,)`.
        num_outputs: Integer, the channels or values of the output.
        width: Integer, the filters of each convolution, or units of each dense layer.
        num_blocks: Integer of at least 0, the residual blocks.
        dtype: Optional dtype policy of all layers.
        name: String, the name of the network.

    Returns:
        A built `keras.Model`.

    Raises:
        ValueError: If a size is not a positive integer.

    Example:
    >>> from keras_gen.networks import conditioner
    >>> conditioner((8, 8, 2), 4, width=16).output_shape
    (None, 8, 8, 4)
    """
    check_sizes("input_shape", input_shape)
    check_count(num_outputs, "num_outputs", 1)
    check_count(width, "width", 1)
    check_count(num_blocks, "num_blocks", 0)
    is_image = len(input_shape) == 3
    activation = "relu" if is_image else "silu"

    def layer(units, kernel_size=1, **options):
        options["dtype"] = dtype
        if is_image:
            return layers.Conv2D(units, kernel_size, padding="same", **options)
        return layers.Dense(units, **options)

    inputs = keras.Input(tuple(input_shape), name="inputs")
    x = layer(width, 3, name="input")(inputs)
    for index in range(num_blocks):
        hidden = layers.Activation(activation, dtype=dtype)(x)
        hidden = layer(width, 3, activation=activation, name=f"hidden_{index}")(hidden)
        hidden = layer(width, name=f"residual_{index}")(hidden)
        x = layers.Add(dtype=dtype)([x, hidden])
    x = layers.Activation(activation, dtype=dtype)(x)
    outputs = layer(num_outputs, kernel_initializer="zeros", name="outputs")(x)
    return keras.Model(inputs, outputs, name=name)
