"""Orderings of the sites of an image, of models that are a mixture over several."""

import math

import numpy as np
import tensorflow as tf


def choose_ordering(noise, num_orderings):
    """The ordering that each image follows, and uniform numbers for its sites.

    The first number of an image times `num_orderings` has a whole part, which chooses,
    and a rest, which is uniform again and takes its place.

    Args:
        noise: Float32 tensor of shape `(batch, *image_shape)` in [0, 1).
        num_orderings: Integer.

    Returns:
        Int32 tensor of shape `(batch,)`, and a float32 tensor like `noise`.
    """
    shape = noise.shape[1:]
    first = noise[:, :1, :1, :1] * num_orderings
    chosen = tf.floor(first)
    is_first = np.arange(math.prod(shape)).reshape(shape) == 0
    rest = tf.where(is_first, first - chosen, noise)
    return tf.cast(chosen[:, 0, 0, 0], tf.int32), rest


def take_sites(images, sites):
    """Sites of images in some order, in the shape of images.

    Args:
        images: Tensor of shape `(batch, *image_shape)`.
        sites: Int32 tensor of shape `(batch, num_sites)`.
    """
    shape = images.shape[1:]
    flat = tf.reshape(images, (-1, math.prod(shape)))
    return tf.reshape(tf.gather(flat, sites, axis=1, batch_dims=1), (-1, *shape))
