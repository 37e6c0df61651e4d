"""The difference between an image and its reconstruction or target."""

from keras import ops


def squared_error(images, reconstructions):
    """Squared error, summed over each image and averaged over the batch.

    Args:
        images: Tensor of shape `(batch, ...)`.
        reconstructions: Tensor of the same shape.

    Returns:
        Float32 scalar, in squared units of the pixels.
    """
    difference = ops.cast(images, "float32") - ops.cast(reconstructions, "float32")
    axes = tuple(range(1, len(difference.shape)))
    return ops.mean(ops.sum(ops.square(difference), axis=axes))


def mean_absolute_error(images, reconstructions):
    """Absolute error, averaged over all values of the batch.

    Args:
        images: Tensor of any shape.
        reconstructions: Tensor of the same shape.

    Returns:
        Float32 scalar, in units of the pixels.
    """
    difference = ops.cast(images, "float32") - ops.cast(reconstructions, "float32")
    return ops.mean(ops.abs(difference))
