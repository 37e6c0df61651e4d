"""Orderings of the sites of an image, of models that are a mixture over several."""

import math

import numpy as np
import tensorflow as tf


class SeveralOrderings:
    """Ability: an autoregressive model that is the mean over orderings of the sites.

    It calls `set_orderings()` in its constructor.
    """

    def set_orderings(self, orderings) -> None:
        """Sets the orderings. If there are several, known sites cannot come first.

        Args:
            orderings: Int32 array of shape `(num_orderings, num_sites)`, the sites of
                each ordering in turn.
        """
        self.orderings = orderings
        self.completes = len(orderings) == 1

    def parameters_by_ordering(self, x) -> list:
        """The result of `site_parameters()` under each ordering, a list of tensors.

        Args:
            x: Tensor of shape `(batch, *x_domain.shape)`.
        """
        raise NotImplementedError

    def log_prob_of_sites(self, x, y=None):
        levels, log_prob = self.levels_of(x), self.output_distribution.log_prob
        return [log_prob(some, levels) for some in self.parameters_by_ordering(x)]

    def choose_order(self, noise):
        if self.completes:
            return noise, None
        return choose_ordering(noise, len(self.orderings))

    def into_order(self, sites, order):
        if order is None:
            return sites
        return take_sites(sites, tf.gather(self.orderings, order))

    def out_of_order(self, sites, order):
        if order is None:
            return sites
        places = np.argsort(self.orderings, axis=1).astype(np.int32)
        return take_sites(sites, tf.gather(places, order))

    def ordered_parameters(self, x, y, order):
        return of_ordering(self.parameters_by_ordering(x), order)


def choose_ordering(noise, num_orderings):
    """Uniform numbers for the sites, and the ordering that each image follows.

    The first number of an image times `num_orderings` has a whole part, which chooses,
    and a rest, which is uniform again and takes its place.

    Args:
        noise: Float32 tensor of shape `(batch, *image_shape)` in [0, 1).
        num_orderings: Integer.

    Returns:
        A float32 tensor like `noise`, and an int32 tensor of shape `(batch,)`.
    """
    shape = noise.shape[1:]
    first = noise[:, :1, :1, :1] * num_orderings
    chosen = tf.floor(first)
    is_first = np.arange(math.prod(shape)).reshape(shape) == 0
    rest = tf.where(is_first, first - chosen, noise)
    return rest, tf.cast(chosen[:, 0, 0, 0], tf.int32)


def take_sites(images, sites):
    """Sites of images in some order, in the shape of images.

    Args:
        images: Tensor of shape `(batch, *image_shape)`.
        sites: Int32 tensor of shape `(batch, num_sites)`.
    """
    shape = images.shape[1:]
    flat = tf.reshape(images, (-1, math.prod(shape)))
    return tf.reshape(tf.gather(flat, sites, axis=1, batch_dims=1), (-1, *shape))


def of_ordering(parameters, ordering):
    """Parameters under the ordering that each image follows.

    Args:
        parameters: List of tensors whose first axis is the batch, one for each
            ordering.
        ordering: Int32 tensor of shape `(batch,)`; None if there is one ordering.
    """
    if ordering is None:
        return parameters[0]
    return tf.gather(tf.stack(parameters, 1), ordering, axis=1, batch_dims=1)
