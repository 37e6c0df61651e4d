"""Orderings of the sites, and degrees of the units, of a masked autoencoder.

The degree of a unit is the number of first sites that it may know (Germain et al. 2015,
arXiv:1502.03509, section 4). That of an input is its place in the ordering, from 1 on.
"""

import itertools

import numpy as np
import tensorflow as tf

from keras_gen.random import Rows


def draw_orderings(num_orderings, num_sites, seed):
    """Random orderings of the sites; if there is one, the raster order.

    Args:
        num_orderings: Integer.
        num_sites: Integer.
        seed: Integer in [0, 2**31).

    Returns:
        Int32 array of shape `(num_orderings, num_sites)`, the sites in their order.
    """
    if num_orderings == 1:
        return np.arange(num_sites, dtype=np.int32)[None]
    uniform = Rows(num_orderings, seed).uniform((num_sites,), "orderings")
    return np.argsort(uniform, axis=1, kind="stable").astype(np.int32)


def draw_degrees(hidden_units, orderings, seed, degree_range):
    """Degrees of the inputs, and random ones of the units of each hidden layer.

    They are uniform in `degree_range`, but not below the least of the layer before.

    Args:
        hidden_units: Tuple of integers, the width of each hidden layer.
        orderings: Int32 array of shape `(num_masks, num_sites)`, that of each mask, of
            at least two sites.
        seed: Integer in [0, 2**31).
        degree_range: Pair of integers, the least and the greatest.

    Returns:
        List of int32 arrays of shape `(num_masks, units)`, one for each layer.
    """
    num_masks, low, high = len(orderings), *degree_range
    places = 1 + np.argsort(orderings, axis=1).astype(np.int32)
    degrees, rows = [places], Rows(num_masks, seed)
    for index, units in enumerate(hidden_units):
        uniform = rows.uniform((units,), f"degrees_{index}").numpy()
        least = np.maximum(degrees[-1].min(axis=1, keepdims=True), low)
        degrees.append((least + uniform * (high + 1 - least)).astype(np.int32))
    return degrees


def connect(degrees, mask, parameters_per_site, is_direct):
    """Which units are connected under a mask.

    Args:
        degrees: As from `draw_degrees()`.
        mask: Integer or int32 scalar in [0, num_masks).
        parameters_per_site: Integer, how many outputs a site has.
        is_direct: Boolean, whether the inputs stand beside the last hidden layer.

    Returns:
        List of boolean tensors of shape `(inputs, outputs)`, one for each layer.
    """
    inputs, *hidden = (tf.gather(of_layer, mask) for of_layer in degrees)
    pairs = itertools.pairwise([inputs, *hidden])
    layers = [before[:, None] <= after for before, after in pairs]
    last = [*hidden[-1:], *([inputs] if is_direct else [])]
    outputs = tf.repeat(inputs, parameters_per_site)
    return [*layers, tf.concat(last, axis=0)[:, None] < outputs]


def in_order(kernels, order, is_direct):
    """Kernels whose sites stand in the order of each mask.

    Args:
        kernels: List of tensors of shape `(num_masks, inputs, outputs)`, one for each
            layer.
        order: Int32 array of shape `(num_masks, num_sites)`.
        is_direct: Boolean, as for `connect()`.

    Returns:
        List of the same tensors, but for the last, whose outputs are split: its shape
        is `(num_masks, inputs, num_sites, parameters_per_site)`.
    """
    num_masks, num_sites = order.shape

    def sort(kernel, axis=1):
        return tf.gather(kernel, order, axis=axis, batch_dims=1)

    *layers, last = kernels
    if layers:
        layers[0] = sort(layers[0])
    if is_direct:
        hidden, direct = tf.split(last, [-1, num_sites], axis=1)
        last = tf.concat([hidden, sort(direct)], axis=1)
    last = tf.reshape(last, (num_masks, last.shape[1], num_sites, -1))
    return [*layers, sort(last, axis=2)]


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
