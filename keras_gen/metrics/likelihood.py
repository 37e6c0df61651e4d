"""Measures of models with a likelihood: bits, bounds and active latents."""

from typing import NamedTuple

import numpy as np

from keras_gen.arguments import check_count
from keras_gen.metrics.checks import check_features

_ENTRIES_AT_ONCE = 2**21


class ImportanceWeightedBound(NamedTuple):
    """Lower bounds on the log likelihood for several numbers of draws, in nats.

    Attributes:
        num_samples: Tuple of integers, the number of draws of each bound.
        per_image: Float64 array of shape `(len(num_samples), num_images)`.
        mean: Float64 array of shape `(len(num_samples),)`, the mean over images.
        standard_error: Float64 array like `mean`, the standard error of the mean over
            images; NaN for a single image or a mean of negative infinity.
    """

    num_samples: tuple
    per_image: np.ndarray
    mean: np.ndarray
    standard_error: np.ndarray


class ActiveUnits(NamedTuple):
    """The latents that a posterior uses.

    Attributes:
        count: Integer, the number of active latents.
        variances: Float64 array of shape `(latent_dim,)`, the variance of the posterior
            mean over the data.
    """

    count: int
    variances: np.ndarray


def bits_per_dimension(nats, num_dimensions) -> float | np.ndarray:
    """Converts negative log likelihoods from nats to bits per dimension.

    NOTE: Bits compare if the likelihood is that of integers in [0, 256), or a density
    on this scale. For the density of images scaled by `s` (1/255 for [0, 1]) you must
    add `-log2(s)` bits.

    Args:
        nats: Float or array of any shape, negative log likelihoods of whole images.
        num_dimensions: Integer of at least 1, the number of values in an image: height
            times width times channels.

    Returns:
        Float, or float64 array with the shape of `nats`.

    Raises:
        ValueError: If `nats` holds NaN or `num_dimensions` is not a positive integer.

    Reference:
        Theis, van den Oord and Bethge, "A note on the evaluation of generative models",
        2016, arXiv:1511.01844, section 3.1.

    Example:
    >>> import math
    >>> from keras_gen.metrics import bits_per_dimension
    >>> round(bits_per_dimension(784 * math.log(256), 28 * 28), 6)
    8.0
    """
    check_count(num_dimensions, "num_dimensions", 1)
    nats = np.asarray(nats, np.float64)
    _check_no_nan(nats, "nats")
    bits = nats / (num_dimensions * np.log(2.0))
    return bits if bits.ndim else float(bits)


def importance_weighted_bound(log_weights, num_samples) -> ImportanceWeightedBound:
    """Bounds on `log p(x)` for several numbers of draws, from one array of weights.

    For each number `k` the draws are cut into disjoint groups of `k`. The estimate of
    the bound `L_k` is then unbiased and uses nearly all draws. `L_1` is the evidence
    lower bound; `L_k` rises with `k` towards the log likelihood.

    Args:
        log_weights: Array of shape `(num_draws, num_images)`, in nats: `log p(x, z) -
            log q(z | x)` for independent draws from the posterior. Negative infinity
            stands for a weight of 0.
        num_samples: Sequence of integers from 1 to `num_draws`.

    Returns:
        `ImportanceWeightedBound`.

    Raises:
        ValueError: If an argument is not as stated, empty, or holds NaN or positive
            infinity.

    Reference:
        Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2015,
        arXiv:1509.00519, eq. 8.

    Example:
    >>> import numpy as np
    >>> from keras_gen.metrics import importance_weighted_bound
    >>> weights = np.log([[1.0, 2.0], [3.0, 2.0]])
    >>> np.exp(importance_weighted_bound(weights, (1, 2)).per_image).round(6)
    array([[1.732051, 2.      ],
           [2.      , 2.      ]])
    """
    log_weights = _check_log_weights(log_weights)
    num_samples = _check_num_samples(num_samples, len(log_weights))
    num_images = log_weights.shape[1]
    per_image = np.empty((len(num_samples), num_images))
    size = max(1, _ENTRIES_AT_ONCE // len(log_weights))
    for first in range(0, num_images, size):
        part = slice(first, first + size)
        columns = log_weights[:, part].astype(np.float64)
        for index, k in enumerate(num_samples):
            per_image[index, part] = _bound(columns, k)
    error = np.full(len(num_samples), np.nan)
    if num_images > 1:
        with np.errstate(invalid="ignore"):
            error = per_image.std(axis=1, ddof=1) / np.sqrt(num_images)
    return ImportanceWeightedBound(num_samples, per_image, per_image.mean(1), error)


def active_units(posterior_means, threshold=0.01) -> ActiveUnits:
    """Counts the latents whose posterior mean varies with the image.

    Args:
        posterior_means: Array of shape `(num_images, latent_dim)`, the posterior mean
            of each image.
        threshold: Float of at least 0, the variance above which a latent is active.

    Returns:
        `ActiveUnits`.

    Raises:
        ValueError: If `posterior_means` has another shape, has fewer than two images or
            is not finite, or `threshold` is negative.

    Reference:
        Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2015,
        arXiv:1509.00519, section 5.2.

    Example:
    >>> from keras_gen.metrics import active_units
    >>> active_units([[0.0, 1.0], [0.0, 3.0]])
    ActiveUnits(count=1, variances=array([0., 1.]))
    """
    posterior_means = check_features(posterior_means, "posterior_means", least=2)
    if not threshold >= 0.0:
        raise ValueError(f"`threshold` must be at least 0. Received: {threshold}")
    variances = posterior_means.var(axis=0, dtype=np.float64)
    return ActiveUnits(int(np.count_nonzero(variances > threshold)), variances)


def _bound(log_weights, k):
    """Mean over groups of `k` draws of the log of their mean weight, for each image."""
    groups = len(log_weights) // k
    grouped = log_weights[: groups * k].reshape(groups, k, -1)
    largest = grouped.max(axis=1)
    # A group without any weight has a bound of -inf, not -inf + inf.
    offset = np.where(np.isfinite(largest), largest, 0.0)
    with np.errstate(divide="ignore"):
        mean = np.log(np.exp(grouped - offset[:, None]).mean(axis=1))
    return (offset + mean).mean(axis=0)


def _check_log_weights(log_weights):
    log_weights = np.asarray(log_weights)
    if log_weights.ndim != 2 or log_weights.size == 0:
        raise ValueError(
            "`log_weights` must have shape (num_draws, num_images) and not be empty. "
            f"Received shape: {log_weights.shape}"
        )
    _check_no_nan(log_weights, "log_weights")
    if log_weights.max() == np.inf:
        raise ValueError("`log_weights` must be below infinity. Received: inf")
    return log_weights


def _check_num_samples(num_samples, num_draws):
    if not isinstance(num_samples, (tuple, list, range, np.ndarray)) or not len(
        num_samples
    ):
        raise ValueError(
            f"`num_samples` must be a sequence of integers. Received: {num_samples!r}"
        )
    for k in num_samples:
        check_count(k, "num_samples", 1)
        if k > num_draws:
            raise ValueError(
                f"`num_samples` must be at most the number of draws, {num_draws}. "
                f"Received: {k}"
            )
    return tuple(int(k) for k in num_samples)


def _check_no_nan(values, name):
    wrong = np.count_nonzero(np.isnan(values))
    if wrong:
        raise ValueError(f"`{name}` holds NaN: {wrong} values of {values.size}.")
