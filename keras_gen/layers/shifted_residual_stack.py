"""The blocks of a PixelCNN++, with short-cuts from the first half to the second."""

import keras
from keras import ops

from keras_gen.arguments import check_count
from keras_gen.layers.shifted_residual_block import ShiftedResidualBlock, both_signs


@keras.saving.register_keras_serializable(package="keras_gen")
class ShiftedResidualStack(keras.layers.Layer):
    """Blocks of both stacks of a PixelCNN++, in two halves.

    The last block also sees the inputs of the first one, the block before it those of
    the second one, and so on.

    `call()` computes whole images. `enter_row()` and `advance()` compute a row and a
    pixel from the memory of all blocks, which is a tensor with the last axis
    `memory_size`: what each block sees of its inputs and in its branch.

    Args:
        filters: Integer of at least 1, the features of each stack.
        num_layers: Integer of at least 1, the blocks of each half.
        num_classes: Optional integer, see `ShiftedResidualBlock`.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        Salimans et al., "PixelCNN++", 2017, arXiv:1701.05517, figure 2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import ShiftedResidualStack
    >>> features = np.zeros((2, 5, 5, 4))
    >>> tuple(ShiftedResidualStack(4, num_layers=2)(features, features).shape)
    (2, 5, 5, 4)
    """

    def __init__(self, filters, num_layers, num_classes=None, **kwargs):
        super().__init__(**kwargs)
        check_count(num_layers, "num_layers", 1)
        self.filters, self.num_layers = filters, num_layers
        self.num_classes = num_classes
        self.blocks = [
            ShiftedResidualBlock(
                filters,
                has_shortcuts=index >= num_layers,
                num_classes=num_classes,
                dtype=self.dtype_policy,
                name=f"block_{index}",
            )
            for index in range(2 * num_layers)
        ]
        self.memory_size = 8 * num_layers * filters

    def build(self, down_shape, right_shape) -> None:
        for block in self.blocks:
            block.build(down_shape, right_shape)

    def call(self, down, right, labels=None, kept=None):
        """The stack of what is to the left, after all blocks.

        Args:
            down: Tensor of shape `(batch, height, width, filters)`.
            right: Tensor of this shape.
            labels: Int32 tensor of shape `(batch,)`, if there are classes.
            kept: Optional list of a pair of tensors for each block, see
                `ShiftedResidualBlock.call()`.
        """
        down, right, inputs = _with_seen(down), _with_seen(right), []
        for index, block in enumerate(self.blocks):
            shortcuts = self._shortcut(inputs)
            inputs.append((down[1], right[1]))
            factors = (1.0, 1.0) if kept is None else kept[index]
            down, right = block(down, right, shortcuts, labels, kept=factors)
        return right[0]

    def row_biases(self, labels):
        """What labels add to each row: a pair of tensors for each block."""
        return [block.row_biases(labels) for block in self.blocks]

    def enter_row(self, down, above, right_above, biases=None):
        """The stack of the rows above at one row, from its first inputs.

        Args:
            down: Tensor of shape `(batch, width, filters)`.
            above: The memory of the row above, `(batch, width, memory_size)`.
            right_above: That of the other stack, with the same shape.
            biases: What `row_biases()` returns, if there are labels.

        Returns:
            The memory of this row, and a tensor of shape
            `(batch, width, 6 * num_layers * filters)` for `advance()`.
        """
        down, inputs, memory, crossings = _with_seen(down), [], [], []
        for index, block in enumerate(self.blocks):
            shortcut = self._shortcut(inputs)
            inputs.append(down[1])
            down, hidden, crossing = block.enter_row(
                down,
                self._remembered(above, index),
                self._remembered(right_above, index),
                shortcut,
                (0.0, 0.0) if biases is None else biases[index],
            )
            memory += [inputs[-1], hidden]
            crossings.append(crossing)
        return ops.concatenate(memory, axis=-1), ops.concatenate(crossings, axis=-1)

    def advance(self, right, left, crossing):
        """The stack of what is to the left at one pixel, from its first inputs.

        Args:
            right: Tensor of shape `(batch, filters)`.
            left: The memory of the pixel to the left, `(batch, memory_size)`.
            crossing: Tensor of shape `(batch, 6 * num_layers * filters)`.

        Returns:
            The pixel of the stack after all blocks, and the memory of this pixel.
        """
        right, inputs, memory = _with_seen(right), [], []
        crossings = ops.split(crossing, len(self.blocks), axis=-1)
        for index, block in enumerate(self.blocks):
            shortcut = self._shortcut(inputs)
            inputs.append(right[1])
            before = self._remembered(left, index)
            right, hidden = block.advance(right, before, crossings[index], shortcut)
            memory += [inputs[-1], hidden]
        return right[0], ops.concatenate(memory, axis=-1)

    def _shortcut(self, inputs):
        """What is seen by the block that the next one has a short-cut from, or None."""
        index = len(self.blocks) - 1 - len(inputs)
        return inputs[index] if index < self.num_layers else None

    def _remembered(self, memory, index):
        """What a block saw of its inputs and in its branch."""
        size = 2 * self.filters
        first, second = 2 * index * size, (2 * index + 1) * size
        return memory[..., first:second], memory[..., second : second + size]

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "filters": self.filters,
            "num_layers": self.num_layers,
            "num_classes": self.num_classes,
        }


def _with_seen(features):
    return features, both_signs(features)
