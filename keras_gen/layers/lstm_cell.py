"""Long short-term memory: the step, its first biases, and the loop over steps."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="keras_gen")
class UnitForgetBias(keras.initializers.Initializer):
    """Initial biases of the gates: 1 for the forget gate, so that it is open; else 0.

    Args:
        num_groups: Integer, as in `lstm_cell()`.

    Reference:
        Jozefowicz, Zaremba and Sutskever, An Empirical Exploration of Recurrent Network
        Architectures, 2015 (proceedings.mlr.press/v37/jozefowicz15), section 2.2.
    """

    def __init__(self, num_groups=1):
        self.num_groups = num_groups

    def __call__(self, shape, dtype=None):
        size = shape[0] // (4 * self.num_groups)
        biases = np.zeros((self.num_groups, 4, size), "float32")
        biases[:, 1] = 1.0
        return ops.convert_to_tensor(biases.reshape(shape), dtype)

    def get_config(self) -> dict:
        return {"num_groups": self.num_groups}


def lstm_cell(gates, cell, num_groups=1):
    """One step of an LSTM, from the inputs of its gates.

    Args:
        gates: Tensor of shape `(..., 4 * units)`. Each of `num_groups` groups of
            neighbouring features holds the output, forget and input gate, then the
            content.
        cell: Tensor of shape `(..., units)`, the cell state before the step.
        num_groups: Integer, a divisor of the units.

    Returns:
        The new hidden state and the new cell, each of shape `(..., units)`.

    Reference:
        van den Oord et al., Pixel Recurrent Neural Networks, 2016 (arXiv:1601.06759),
        eq. 3.
    """
    *outer, units = ops.shape(cell)
    parts = ops.reshape(gates, (*outer, num_groups, 4, units // num_groups))
    reveal, keep, enter, content = (
        ops.reshape(parts[..., index, :], (*outer, units)) for index in range(4)
    )
    cell = ops.sigmoid(keep) * cell + ops.sigmoid(enter) * ops.tanh(content)
    return ops.sigmoid(reveal) * ops.tanh(cell), cell


def recur(step, length, nothing, num_states=2):
    """The hidden states of a recurrence that starts from zeros.

    It is a loop over plain tensors: TensorFlow Lite has no lists of tensors.

    Args:
        step: Function from an index and the states, such as `(index, hidden, cell)`,
            that returns the next states; the index is an int32 scalar.
        length: Integer, the number of steps.
        nothing: Tensor of zeros with the shape of a state.
        num_states: Integer, the number of states. The hidden state is the first one.

    Returns:
        Tensor of shape `(length, *nothing.shape)`.
    """

    def body(index, collected, *states):
        states = step(index, *states)
        where = ops.reshape(index, (1, 1))
        collected = ops.scatter_update(collected, where, states[0][None])
        return index + 1, collected, *states

    collected = ops.repeat(nothing[None], length, axis=0)
    _, collected, *_ = ops.while_loop(
        lambda index, *_: index < length,
        body,
        (ops.convert_to_tensor(0, "int32"), collected, *[nothing] * num_states),
        maximum_iterations=length,
    )
    return collected
