"""One layer of the two stacks of a PixelCNN++."""

import keras
from keras import layers, ops

from keras_gen.arguments import check_count
from keras_gen.layers.masked_conv_2d import MaskedConv2D


@keras.saving.register_keras_serializable(package="keras_gen")
class ShiftedResidualBlock(keras.layers.Layer):
    """A gated residual branch on the rows above, and one on what is to the left.

    The stack `down` sees this row of its inputs and the row above. Its inputs must be
    shifted down, so that no row shows its own pixels. The stack `right` sees this pixel
    of its inputs, those to its left and above, and the new `down`. A branch
    convolves twice and ends in a gate. `call()` computes whole images, `enter_row()`
    the stack `down` for one row, and `advance()` the stack `right` for one pixel.

    Features come with what convolutions see of them: the ELU of the features and of
    their negatives. Several layers see the same, so it is computed once.

    Args:
        filters: Integer of at least 1, the features of each stack.
        has_shortcuts: Boolean, whether both branches also see the features of an
            earlier layer.
        num_classes: Optional integer of at least 2. If given, the gates have biases
            that depend on the label.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        Salimans et al., "PixelCNN++", 2017, arXiv:1701.05517, sections 2.3 to 2.5.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import ShiftedResidualBlock
    >>> stack = np.zeros((2, 5, 5, 4)), np.zeros((2, 5, 5, 8))
    >>> (down, seen_down), (right, seen_right) = ShiftedResidualBlock(4)(stack, stack)
    >>> tuple(right.shape), tuple(seen_right.shape)
    ((2, 5, 5, 4), (2, 5, 5, 8))
    """

    def __init__(self, filters, has_shortcuts=False, num_classes=None, **kwargs):
        super().__init__(**kwargs)
        check_count(filters, "filters", 1)
        if num_classes is not None:
            check_count(num_classes, "num_classes", 2)
        self.filters = filters
        self.has_shortcuts = bool(has_shortcuts)
        self.num_classes = num_classes
        options = {"dtype": self.dtype_policy}
        reach = {"rows_above": 1, "columns_left": 1, "columns_right": 0, **options}
        self.down_hidden = layers.Conv2D(filters, (2, 3), name="down_hidden", **options)
        self.down_gates = layers.Conv2D(
            2 * filters, (2, 3), name="down_gates", **options
        )
        self.right_hidden = MaskedConv2D(filters, name="right_hidden", **reach)
        self.right_gates = MaskedConv2D(2 * filters, name="right_gates", **reach)
        options["use_bias"] = False
        self.crossing = layers.Dense(filters, name="crossing", **options)
        if self.has_shortcuts:
            self.down_shortcut = layers.Dense(filters, name="down_shortcut", **options)
            self.right_shortcut = layers.Dense(
                filters, name="right_shortcut", **options
            )
        if num_classes is not None:
            self.label_biases = layers.Embedding(
                num_classes, 4 * filters, dtype=self.dtype_policy, name="label_biases"
            )

    def build(self, down_shape, right_shape) -> None:
        doubled = (None, None, None, 2 * self.filters)
        for layer in (self.down_hidden, self.down_gates, self.crossing):
            layer.build(doubled)
        self.right_hidden.build(doubled)
        self.right_gates.build(doubled)
        if self.has_shortcuts:
            self.down_shortcut.build(doubled)
            self.right_shortcut.build(doubled)
        if self.num_classes is not None:
            self.label_biases.build((None,))

    def call(self, down, right, shortcuts=None, labels=None, kept=(1.0, 1.0)):
        """Both stacks after the block.

        Args:
            down: Pair of the features, of shape `(batch, height, width, filters)`, and
                of what is seen of them, with twice as many.
            right: Pair of such tensors.
            shortcuts: Pair of what is seen of both stacks of an earlier layer, if the
                block has short-cuts.
            labels: Int32 tensor of shape `(batch,)`, if there are classes.
            kept: Pair of tensors of shape `(batch, height, width, 2 * filters)`, with
                which what is seen in both branches is multiplied: 0 where dropout drops
                a feature.

        Returns:
            Both stacks, as two such pairs.
        """
        biases = self._label_biases(labels, 2)
        below, beside = shortcuts if self.has_shortcuts else (None, None)
        hidden = self.down_hidden(_framed(down[1]))
        hidden = both_signs(self._with_shortcut(hidden, "down", below))
        gates = self.down_gates(_framed(hidden * kept[0]))
        down = _residual(down[0], gates + biases[0])
        hidden = self.right_hidden(right[1]) + self.crossing(down[1])
        hidden = both_signs(self._with_shortcut(hidden, "right", beside))
        gates = self.right_gates(hidden * kept[1])
        return down, _residual(right[0], gates + biases[1])

    def row_biases(self, labels):
        """What labels add to each row: a pair of tensors, for `enter_row()`."""
        return self._label_biases(labels, 1)

    def enter_row(self, down, above, right_above, shortcut=None, biases=(0.0, 0.0)):
        """The stack `down` at one row, and what `right` gets from this and from above.

        Args:
            down: Pair of the features of this row, of shape `(batch, width, filters)`,
                and of what is seen of them, with twice as many.
            above: Pair of what is seen of the inputs of the stack and in its branch,
                one row above; zeros if there is none.
            right_above: The same of the stack `right`.
            shortcut: This row of the short-cut, if there is one.
            biases: What `row_biases()` returns, if there are labels.

        Returns:
            This row of the stack, as such a pair; what is seen in its branch; and a
            tensor of shape `(batch, width, 3 * filters)` for `advance()`.
        """
        hidden = _at_row(self.down_hidden, above[0], down[1])
        hidden = both_signs(self._with_shortcut(hidden, "down", shortcut))
        gates = _at_row(self.down_gates, above[1], hidden)
        down = _residual(down[0], gates + biases[0])
        inputs, inner = (part[:, None] for part in right_above)
        to_hidden = self.right_hidden.from_above(inputs) + self.crossing(down[1])
        to_gates = self.right_gates.from_above(inner) + biases[1]
        return down, hidden, ops.concatenate([to_hidden, to_gates], axis=-1)

    def advance(self, right, left, crossing, shortcut=None):
        """The stack `right` at one pixel.

        Args:
            right: Pair of the features of the pixel, of shape `(batch, filters)`, and
                of what is seen of them, with twice as many.
            left: Pair of what is seen of the inputs and in the branch at the pixel to
                the left; zeros if there is none.
            crossing: Tensor of shape `(batch, 3 * filters)` from `enter_row()`.
            shortcut: This pixel of the short-cut, if there is one.

        Returns:
            The pixel of the stack, as such a pair, and what is seen in its branch.
        """
        to_hidden, to_gates = ops.split(crossing, [self.filters], axis=-1)
        window = ops.stack([left[0], right[1]], axis=1)
        hidden = self.right_hidden.from_row(window) + to_hidden
        hidden = both_signs(self._with_shortcut(hidden, "right", shortcut))
        window = ops.stack([left[1], hidden], axis=1)
        gates = self.right_gates.from_row(window) + to_gates
        return _residual(right[0], gates), hidden

    def _with_shortcut(self, hidden, stack, shortcut):
        if not self.has_shortcuts:
            return hidden
        layer = self.down_shortcut if stack == "down" else self.right_shortcut
        return hidden + layer(shortcut)

    def _label_biases(self, labels, num_axes):
        """Biases of both gates, with additional axes between batch and features."""
        if self.num_classes is None:
            return 0.0, 0.0
        biases = self.label_biases(labels)
        biases = ops.reshape(biases, (-1, *(1,) * num_axes, biases.shape[-1]))
        return tuple(ops.split(biases, 2, axis=-1))

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "filters": self.filters,
            "has_shortcuts": self.has_shortcuts,
            "num_classes": self.num_classes,
        }


def both_signs(features):
    """The ELU of features and of their negatives, side by side; zeros stay zeros."""
    # As one product, so that a gradient is a sum over an axis, whose order is certain.
    signs = ops.cast([[1.0], [-1.0]], features.dtype)
    both = ops.expand_dims(features, -2) * signs
    *outer, size = ops.shape(features)
    return ops.elu(ops.reshape(both, (*outer, 2 * size)))


def _residual(features, gates):
    """Features with a gated branch, and what is seen of them."""
    signal, gate = ops.split(gates, 2, axis=-1)
    features += signal * ops.sigmoid(gate)
    return features, both_signs(features)


def _framed(features):
    """With a row of zeros above, and a column on each side."""
    return ops.pad(features, [(0, 0), (1, 0), (1, 1), (0, 0)])


def _at_row(convolution, above, row):
    rows = ops.stack([above, row], axis=1)
    return convolution(ops.pad(rows, [(0, 0), (0, 0), (1, 1), (0, 0)]))[:, 0]
