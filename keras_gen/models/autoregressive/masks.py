"""Orderings, degrees and masks of a masked autoencoder.

The degree of a unit is the number of first sites that it may know (Germain et al. 2015,
arXiv:1502.03509, section 4). That of an input is its place in the ordering, from 1 on.
"""

import itertools

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, check_sizes, shown
from keras_gen.random import Rows


class Masks:
    """The masks of a masked autoencoder. Masks of one ordering are consecutive.

    Args:
        num_sites: Integer of at least 2.
        parameters_per_site: Integer, how many outputs a site has.
        hidden_units: Tuple of integers, the width of each hidden layer.
        num_masks: Integer of at least 1, of each ordering; 1 without hidden layers.
        num_orderings: Integer of at least 1. A single one is the raster order.
        degree_range: Pair of integers in [1, num_sites - 1], the least and the greatest
            degree of hidden units, or None for all of these.
        direct_connections: Boolean, whether the outputs of a site are also connected to
            the earlier sites; without hidden layers they always are.
        seed: Integer in [0, 2**31).

    Attributes:
        orderings: Int32 array of shape `(num_orderings, num_sites)`.
        order: Int32 array of shape `(len(masks), num_sites)`, that of each mask.
        degrees: List of int32 arrays of shape `(len(masks), units)`, of the inputs and
            of each hidden layer.
        is_direct: Boolean, whether the inputs are connected to the outputs directly.
        parameters_per_site: Integer.

    Raises:
        ValueError: If an argument is wrong.
    """

    def __init__(
        self,
        num_sites,
        parameters_per_site,
        hidden_units,
        num_masks,
        num_orderings,
        degree_range,
        direct_connections,
        seed,
    ):
        if num_sites < 2:
            raise ValueError(
                f"`image_shape` must have at least two sites. Received: {num_sites}"
            )
        check_sizes("hidden_units", hidden_units)
        check_count(num_masks, "num_masks", 1)
        check_count(num_orderings, "num_orderings", 1)
        if num_masks > 1 and not hidden_units:
            raise ValueError(
                f"`num_masks` must be 1 without `hidden_units`. Received: {num_masks}"
            )
        if degree_range is None:
            degree_range = (1, num_sites - 1)
        check_sizes("degree_range", degree_range)
        if len(degree_range) != 2 or not (
            degree_range[0] <= degree_range[1] < num_sites
        ):
            raise ValueError(
                "`degree_range` must be a pair of integers that rises from at least 1 "
                f"to at most {num_sites - 1}. Received: {shown(degree_range)}"
            )
        self.parameters_per_site = parameters_per_site
        self.is_direct = direct_connections or not hidden_units
        self.orderings = draw_orderings(num_orderings, num_sites, seed)
        self.order = np.repeat(self.orderings, num_masks, axis=0)
        self.degrees = draw_degrees(hidden_units, self.order, seed, degree_range)

    def __len__(self):
        return len(self.order)

    def connections(self, mask):
        """Which units are connected under a mask, an integer or int32 scalar.

        Returns:
            List of boolean tensors of shape `(inputs, outputs)`, one for each layer.
        """
        inputs, *hidden = (tf.gather(of_layer, mask) for of_layer in self.degrees)
        pairs = itertools.pairwise([inputs, *hidden])
        layers = [before[:, None] <= after for before, after in pairs]
        last = [*hidden[-1:], *([inputs] if self.is_direct else [])]
        outputs = tf.repeat(inputs, self.parameters_per_site)
        return [*layers, tf.concat(last, axis=0)[:, None] < outputs]

    def connectable(self):
        """Which units any mask connects: a boolean array for each layer."""
        return [np.any(of_masks, axis=0) for of_masks in self._by_layer()]

    def kernels_in_order(self, layers):
        """The kernels of all masks, with sites in the order of each.

        Args:
            layers: List of `MaskedDense`, the hidden ones and that of the outputs.

        Returns:
            List of float32 tensors of shape `(len(masks), inputs, outputs)`, but for
            the last, whose outputs are split: its shape is `(len(masks), inputs,
            num_sites, parameters_per_site)`.
        """
        *kernels, last = [
            tf.cast(tf.stack([layer.masked_kernel(c) for c in of_masks]), tf.float32)
            for layer, of_masks in zip(layers, self._by_layer(), strict=True)
        ]

        def sort(kernel, axis=1):
            return tf.gather(kernel, self.order, axis=axis, batch_dims=1)

        if kernels:
            kernels[0] = sort(kernels[0])
        num_masks, num_sites = self.order.shape
        if self.is_direct:
            hidden, direct = tf.split(last, [-1, num_sites], axis=1)
            last = tf.concat([hidden, sort(direct)], axis=1)
        last = tf.reshape(last, (num_masks, last.shape[1], num_sites, -1))
        return [*kernels, sort(last, axis=2)]

    def _by_layer(self):
        """For each layer its connections under all masks."""
        return zip(*map(self.connections, range(len(self))), strict=True)


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


def units_by_degree(degrees, num_sites):
    """The units of each degree, in rows of one length.

    Args:
        degrees: Int32 array of shape `(num_masks, units)`, of a hidden layer.
        num_sites: Integer.

    Returns:
        Int32 array of shape `(num_sites, num_masks, most, 2)`: for each degree and mask
        the pairs of the mask and a unit, filled up by other units. None comes twice in
        a row, because TensorFlow Lite would add the values written to it.
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
