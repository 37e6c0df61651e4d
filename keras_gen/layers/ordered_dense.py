"""Dense layer that connects units by their degrees."""

import math

import keras
import numpy as np
from keras import ops

from keras_gen.arguments import check_count


@keras.saving.register_keras_serializable(package="keras_gen")
class OrderedDense(keras.layers.Layer):
    """Dense layer whose units know inputs up to their own degree only.

    The degree of a unit is the number of first values of an example that it may know. A
    unit is connected to the inputs of its degree or a lower one.

    With blocks, inputs and units are dealt evenly into them, in their order, and a unit
    is connected to inputs of its own block and of the block before. Such a layer is one
    small product for each block.

    Args:
        input_degrees: Sequence of integers, one for each input.
        degrees: Sequence of integers, one for each unit.
        num_blocks: Integer of at least 1, a divisor of the numbers of inputs and units.
        use_bias: Boolean.
        kernel_initializer: Keras initializer, or the name of one.

    Raises:
        ValueError: If `num_blocks` does not divide the inputs and the units.

    Reference:
        Germain et al., MADE: Masked Autoencoder for Distribution Estimation, 2015
        (arXiv:1502.03509), section 4.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import OrderedDense
    >>> dense = OrderedDense([1, 2, 3], [0, 1], kernel_initializer="ones")
    >>> np.array(dense(np.array([[5.0, 7.0, 9.0]], "float32")))
    array([[0., 5.]], dtype=float32)
    """

    def __init__(
        self,
        input_degrees,
        degrees,
        num_blocks=1,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_count(num_blocks, "num_blocks", 1)
        self.input_degrees = np.array(input_degrees, np.int32)
        self.degrees = np.array(degrees, np.int32)
        if len(self.input_degrees) % num_blocks or len(self.degrees) % num_blocks:
            raise ValueError(
                f"`num_blocks` must divide the {len(self.input_degrees)} inputs and the"
                f" {len(self.degrees)} units. Received: {num_blocks}"
            )
        self.num_blocks = num_blocks
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        #: Integers, the inputs and the units of a block.
        self.inputs_per_block = len(self.input_degrees) // num_blocks
        self.units_per_block = len(self.degrees) // num_blocks
        #: Integer, the rows of zeros that `units_from()` needs before its values.
        self.before = self.inputs_per_block if num_blocks > 1 else 0

    def build(self, input_shape) -> None:
        inputs, units = self.inputs_per_block, self.units_per_block
        initial = self.kernel_initializer
        if self.num_blocks > 1:
            # The fans of one block: Keras would count the blocks as well.
            shape, inputs = (self.num_blocks, 2 * inputs, units), 2 * inputs

            def initial(_, dtype):
                flat = self.kernel_initializer((inputs, math.prod(shape) // inputs))
                return ops.cast(ops.reshape(flat, shape), dtype)

        else:
            shape = (inputs, units)
        self.kernel = self.add_weight(shape, initializer=initial, name="kernel")
        if self.use_bias:
            self.bias = self.add_weight(
                (len(self.degrees),), initializer="zeros", name="bias"
            )

    def call(self, inputs):
        kernel = self.masked_kernel()
        if self.num_blocks == 1:
            outputs = ops.matmul(inputs, kernel)
        else:
            blocks = (-1, self.num_blocks, self.inputs_per_block)
            own = ops.transpose(ops.reshape(inputs, blocks), (1, 0, 2))
            before = ops.concatenate([ops.zeros_like(own[:1]), own[:-1]], axis=0)
            outputs = ops.matmul(ops.concatenate([before, own], axis=-1), kernel)
            outputs = ops.transpose(outputs, (1, 0, 2))
            outputs = ops.reshape(outputs, (-1, len(self.degrees)))
        if self.use_bias:
            outputs = outputs + ops.cast(self.bias, outputs.dtype)
        return outputs

    def masked_kernel(self):
        """The kernel, zero where units are not connected.

        Its shape is `(inputs, units)`, or `(blocks, 2 * inputs, units)` with the inputs
        of the block before and the block's own.
        """
        known, degrees = self.input_degrees, self.degrees
        if self.num_blocks > 1:
            own = known.reshape(self.num_blocks, -1)
            none = np.full_like(own[:1], degrees.max() + 1)
            known = np.concatenate([np.concatenate([none, own[:-1]]), own], axis=1)
            degrees = degrees.reshape(self.num_blocks, 1, -1)
        mask = ops.less_equal(ops.array(known)[..., None], ops.array(degrees))
        kernel = ops.cast(self.kernel, self.compute_dtype)
        return kernel * ops.cast(mask, kernel.dtype)

    def rows(self):
        """The masked kernel with a row for each unit, for `units_from()`."""
        kernel = ops.cast(self.masked_kernel(), "float32")
        axes = (1, 0) if self.num_blocks == 1 else (0, 2, 1)
        return ops.reshape(ops.transpose(kernel, axes), (len(self.degrees), -1))

    def units_from(self, rows, values, first, count):
        """Consecutive units of one block, without bias.

        Args:
            rows: Tensor from `rows()`.
            values: Tensor of shape `(before + inputs, batch)`, the inputs behind
                `before` rows of zeros.
            first: Integer tensor, the first unit.
            count: Integer, how many units.

        Returns:
            Tensor of shape `(count, batch)`.
        """
        some = ops.slice(rows, (first, 0), (count, rows.shape[1]))
        if self.num_blocks > 1:
            start = first // self.units_per_block * self.inputs_per_block
            size = (2 * self.inputs_per_block, ops.shape(values)[1])
            values = ops.slice(values, (start, 0), size)
        return ops.matmul(some, values)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "input_degrees": self.input_degrees.tolist(),
            "degrees": self.degrees.tolist(),
            "num_blocks": self.num_blocks,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
