"""Penalties: on the gradient of a discriminator, and on kernels."""

from keras import ops

from keras_gen.arguments import shown

_EPSILON = 1e-12


def gradient_penalty(gradient, target=1.0):
    """Mean over the batch of `(norm - target)**2`, where `norm` is the gradient's norm.

    An epsilon of 1e-12 under the square root keeps the derivative finite if the
    gradient is zero. There it makes the norm too large by 1e-6; for norms above 1e-2
    the error is less than the rounding of float32.

    Args:
        gradient: Tensor of shape `(batch, ...)`, the gradient of each score with
            respect to its image.
        target: Float of at least 0, the norm that is not penalized.

    Returns:
        Float32 scalar of at least 0.

    Raises:
        ValueError: If `target` is negative.

    Reference:
        Gulrajani et al., Improved Training of Wasserstein GANs, 2017
        (arXiv:1704.00028), eq. 3, without its weight.

    Example:
    >>> import numpy as np
    >>> from keras_gen.losses import gradient_penalty
    >>> round(float(gradient_penalty(np.full((2, 3, 3, 1), 1.0))), 4)
    4.0
    """
    if not target >= 0:
        raise ValueError(f"`target` must be at least 0. Received: {shown(target)}")
    gradient = ops.cast(gradient, "float32")
    axes = tuple(range(1, len(gradient.shape)))
    norm = ops.sqrt(ops.sum(ops.square(gradient), axis=axes) + _EPSILON)
    return ops.mean(ops.square(norm - target))


def r1_penalty(gradient):
    """Half the mean over the batch of the squared norm of a gradient.

    Args:
        gradient: Tensor of shape `(batch, ...)`, the gradient of each score with
            respect to its real image.

    Returns:
        Float32 scalar of at least 0.

    Reference:
        Mescheder, Geiger and Nowozin, Which Training Methods for GANs do actually
        Converge?, 2018 (arXiv:1801.04406), eq. 9, without its weight.

    Example:
    >>> import numpy as np
    >>> from keras_gen.losses import r1_penalty
    >>> float(r1_penalty(np.full((2, 3, 3, 1), 1.0)))
    4.5
    """
    gradient = ops.cast(gradient, "float32")
    axes = tuple(range(1, len(gradient.shape)))
    return 0.5 * ops.mean(ops.sum(ops.square(gradient), axis=axes))


def orthogonal_penalty(kernel):
    """The sum of the squared products of different filters of a kernel.

    It is zero if all filters are at right angles to each other. Their lengths are free:
    the products of filters with themselves are left out.

    Args:
        kernel: Tensor of shape `(..., filters)`. Each filter is a vector of all numbers
            that belong to one output.

    Returns:
        Float32 scalar of at least 0.

    Reference:
        Brock et al., Large Scale GAN Training for High Fidelity Natural Image
        Synthesis, 2018 (arXiv:1809.11096), eq. 3, without its weight.

    Example:
    >>> import numpy as np
    >>> from keras_gen.losses import orthogonal_penalty
    >>> float(orthogonal_penalty(np.array([[3.0, 0.0], [0.0, 1.0]])))
    0.0
    >>> float(orthogonal_penalty(np.array([[3.0, 1.0], [0.0, 1.0]])))
    18.0
    """
    kernel = ops.cast(kernel, "float32")
    matrix = ops.reshape(kernel, (-1, kernel.shape[-1]))
    products = ops.matmul(ops.transpose(matrix), matrix)
    others = products * (1.0 - ops.eye(kernel.shape[-1]))
    return ops.sum(ops.square(others))
