"""The step of a long short-term memory, of which the layers that recur are made."""

from keras import ops


def lstm_cell(gates, cell, num_groups=1):
    """One step from the sums that enter the four gates.

    Args:
        gates: Tensor of shape `(..., 4 * units)`: each of `num_groups` groups of
            neighbouring features holds output, forget and input gate, then content.
        cell: Tensor of shape `(..., units)`, what was remembered.
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
