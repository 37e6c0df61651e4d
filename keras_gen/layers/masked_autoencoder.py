"""Masked autoencoder (Germain et al., 2015) as a layer on real values."""

import keras
import numpy as np
from keras import ops

from keras_gen.arguments import check_count, check_sizes
from keras_gen.layers.ordered_dense import OrderedDense


@keras.saving.register_keras_serializable(package="keras_gen")
class MaskedAutoencoder(keras.layers.Layer):
    """Gives each value of a vector outputs that depend on the earlier values only.

    Hidden units are ReLUs, and their degrees are spread evenly over the values. Outputs
    are zero at first. `advance()` computes the outputs of one value after the other,
    each hidden unit once: when its last input is known.

    Args:
        hidden_units: Tuple of integers, the width of each hidden layer. Without any,
            outputs are linear in the earlier values.
        outputs_per_value: Integer of at least 1.
        num_blocks: Integer of at least 1. If above 1, values are dealt into as many
            blocks, in their order, and everything is connected within its block and to
            the block before only. It must divide the values and the widths.
        direct: Boolean, whether outputs are also connected to the values directly.
        context_size: Integer of at least 0. If positive, the first layer also takes a
            context of that many values.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        [MADE: Masked Autoencoder for Distribution
        Estimation](https://arxiv.org/abs/1502.03509), 2015, section 4.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import MaskedAutoencoder
    >>> tuple(MaskedAutoencoder((16,))(np.ones((4, 3), "float32")).shape)
    (4, 3, 2)
    """

    def __init__(
        self,
        hidden_units=(64,),
        outputs_per_value=2,
        num_blocks=1,
        direct=False,
        context_size=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_sizes("hidden_units", hidden_units)
        check_count(outputs_per_value, "outputs_per_value", 1)
        check_count(num_blocks, "num_blocks", 1)
        check_count(context_size, "context_size", 0)
        self.hidden_units = tuple(hidden_units)
        self.outputs_per_value = outputs_per_value
        self.num_blocks = num_blocks
        self.direct = direct
        self.context_size = context_size

    def build(self, input_shape) -> None:
        size = input_shape[-1]
        values = known = np.arange(1, size + 1)
        outputs = np.repeat(np.arange(size), self.outputs_per_value)
        options = {"num_blocks": self.num_blocks, "dtype": self.dtype_policy}
        #: List of `OrderedDense`, the hidden layers and that of the outputs.
        self.steps = []
        for index, units in enumerate(self.hidden_units):
            degrees = np.arange(units) * size // units
            if self.num_blocks == 1:
                # Units that know nothing or all would be of no use.
                degrees = 1 + np.arange(units) * (size - 1) // units
            name = f"hidden_{index}"
            self.steps.append(OrderedDense(known, degrees, name=name, **options))
            known = degrees
        options["kernel_initializer"] = "zeros"
        self.steps.append(OrderedDense(known, outputs, name="outputs", **options))
        self.shortcut = self.context = None
        if self.direct and self.hidden_units:
            self.shortcut = OrderedDense(
                values, outputs, use_bias=False, name="shortcut", **options
            )
            self.shortcut.build((None, size))
        for step in self.steps:
            step.build((None, len(step.input_degrees)))
        if self.context_size:
            self.context = keras.layers.Dense(
                len(self.steps[0].degrees),
                use_bias=False,
                kernel_initializer="glorot_uniform" if self.hidden_units else "zeros",
                dtype=self.dtype_policy,
                name="context",
            )
            self.context.build((None, self.context_size))

    def call(self, inputs, context=None):
        features = inputs
        for step in self.steps:
            if step is not self.steps[0]:
                features = ops.relu(features)
            features = step(features)
            if step is self.steps[0] and context is not None:
                features = features + self.context(context)
        if self.shortcut is not None:
            features = features + self.shortcut(inputs)
        return ops.reshape(features, (-1, inputs.shape[-1], self.outputs_per_value))

    def prepared(self, context=None) -> dict:
        """What `advance()` needs of the weights, computed once."""
        biases = [ops.expand_dims(step.bias, 1) for step in self.steps]
        if context is not None:
            biases[0] = biases[0] + ops.transpose(self.context(context))
        found = {"rows": [step.rows() for step in self.steps], "biases": biases}
        if self.shortcut is not None:
            found["shortcut"] = self.shortcut.rows()
        return found

    def initial_state(self, batch_size) -> list:
        """The inputs of each layer before any value is known, zeros."""
        return [
            ops.zeros((step.before + len(step.input_degrees), batch_size))
            for step in self.steps
        ]

    def advance(self, prepared, state, place):
        """The outputs of a value when all earlier ones are in the state.

        Args:
            prepared: Dict from `prepared()`.
            state: List of tensors from `initial_state()`, or from the step before.
            place: Int32 scalar, the place of the value.

        Returns:
            Tensor of shape `(outputs_per_value, batch)`, and the new state.
        """
        state, rows, biases = list(state), prepared["rows"], prepared["biases"]
        for index, step in enumerate(self.steps[:-1]):
            starts, count = self._finished(step)
            first = ops.take(starts, place)
            found = step.units_from(rows[index], state[index], first, count)
            found = ops.relu(found + _some(biases[index], first, count))
            before = self.steps[index + 1].before
            state[index + 1] = written(state[index + 1], before + first, found)
        first, count = place * self.outputs_per_value, self.outputs_per_value
        found = self.steps[-1].units_from(rows[-1], state[-1], first, count)
        found = found + _some(biases[-1], first, count)
        if self.shortcut is not None:
            shortcut = prepared["shortcut"]
            found = found + self.shortcut.units_from(shortcut, state[0], first, count)
        return found, state

    def with_value(self, state, place, value) -> list:
        """The state when a value is known too, a tensor of shape `(1, batch)`."""
        return [written(state[0], self.steps[0].before + place, value), *state[1:]]

    def _finished(self, step):
        """For each place the first unit that has no later input, and how many to take.

        Units before or behind them are taken too, to have one number for all places:
        those before do not change, and those behind are computed again later.
        """
        size, degrees = len(self.steps[0].input_degrees), step.degrees
        count = np.bincount(degrees, minlength=size).max()
        starts = np.searchsorted(degrees, np.arange(size)).clip(max=len(degrees) - 1)
        block = starts // step.units_per_block
        starts = np.minimum(starts, (block + 1) * step.units_per_block - count)
        return starts.astype(np.int32), int(count)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "hidden_units": self.hidden_units,
            "outputs_per_value": self.outputs_per_value,
            "num_blocks": self.num_blocks,
            "direct": self.direct,
            "context_size": self.context_size,
        }


def _some(values, first, count):
    return ops.slice(values, (first, 0), (count, ops.shape(values)[1]))


def written(values, first, rows):
    """Values with some consecutive rows replaced."""
    index = first + ops.arange(rows.shape[0], dtype="int32")
    return ops.scatter_update(values, ops.expand_dims(index, 1), rows)
