"""Degrees of the units of a masked autoencoder.

The degree of a unit is the number of first sites that it may know (Germain et al. 2015,
arXiv:1502.03509, section 4). That of an input is its place, from 1 on.
"""

import numpy as np

from keras_gen.random import Rows


def draw_degrees(hidden_units, num_sites, num_masks, seed):
    """Degrees of the inputs, and random ones of the units of each hidden layer.

    They are uniform from the least degree of the layer before to `num_sites - 1`.

    Args:
        hidden_units: Tuple of integers, the width of each hidden layer.
        num_sites: Integer of at least 2.
        num_masks: Integer, how many sets of degrees are drawn.
        seed: Integer in [0, 2**31).

    Returns:
        List of int32 arrays of shape `(num_masks, units)`, one for each layer.
    """
    places = 1 + np.arange(num_sites, dtype=np.int32)
    degrees, rows = [np.tile(places, (num_masks, 1))], Rows(num_masks, seed)
    for index, units in enumerate(hidden_units):
        uniform = rows.uniform((units,), f"degrees_{index}").numpy()
        least = degrees[-1].min(axis=1, keepdims=True)
        degrees.append((least + uniform * (num_sites - least)).astype(np.int32))
    return degrees


def units_by_degree(degrees, num_sites):
    """The units of each degree, in rows of one length.

    Args:
        degrees: Int32 array of shape `(num_masks, units)`, of a hidden layer.
        num_sites: Integer.

    Returns:
        Int32 array of shape `(num_sites, num_masks, most, 2)`: for each degree and mask
        the pairs of the mask and a unit, filled up by other units. None comes twice in
        a row: TensorFlow Lite would add up what is written to it.
    """
    counts = [np.bincount(row, minlength=num_sites) for row in degrees]
    most = np.max(counts)
    table = np.zeros((num_sites, len(degrees), most, 2), np.int32)
    table[..., 0] = np.arange(len(degrees))[:, None]
    for mask, row in enumerate(degrees):
        for degree in range(num_sites):
            units = np.argsort(row != degree, kind="stable")
            table[degree, mask, :, 1] = units[:most]
    return table
