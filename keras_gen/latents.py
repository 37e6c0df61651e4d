"""Arithmetic on latents: paths between latents, and directions of attributes."""

import numpy as np

from keras_gen.arguments import check_count


def linear_path(start, end, num_steps) -> np.ndarray:
    """Points on straight lines.

    Args:
        start: Array of shape `(num, latent_dim)`.
        end: Array of the same shape.
        num_steps: Integer of at least 2, the points on each line, with both ends.

    Returns:
        Float32 array of shape `(num, num_steps, latent_dim)`.

    Raises:
        ValueError: If shapes differ or an argument is wrong.
    """
    start, end = _check_ends(start, end, num_steps)
    share = np.linspace(0.0, 1.0, num_steps, dtype=np.float32)[:, None]
    return start[:, None] + share * (end - start)[:, None]


def spherical_path(start, end, num_steps) -> np.ndarray:
    """Points on great arcs; the length changes evenly from one end to the other.

    Normal latents of many dimensions lie near a sphere. A straight line leaves the
    sphere: its middle is too short to be a likely latent.

    Args:
        start: Array of shape `(num, latent_dim)`, without latents that are all zero.
        end: Array of the same shape, without latents opposite to those of `start`.
        num_steps: Integer of at least 2, the points on each arc, with both ends.

    Returns:
        Float32 array of shape `(num, num_steps, latent_dim)`.

    Raises:
        ValueError: If shapes differ or an argument is wrong.

    Reference:
        Shoemake, "Animating rotation with quaternion curves", 1985,
        doi:10.1145/325165.325242; for latents: White, "Sampling Generative Networks",
        2016, arXiv:1609.04468, section 2.1.
    """
    start, end = _check_ends(start, end, num_steps)
    start, end = start.astype(np.float64)[:, None], end.astype(np.float64)[:, None]
    start_length = np.linalg.norm(start, axis=-1, keepdims=True)
    end_length = np.linalg.norm(end, axis=-1, keepdims=True)
    if not (start_length.all() and end_length.all()):
        raise ValueError(
            "A latent of zeros has no direction: `start` or `end` has one."
        )
    start, end = start / start_length, end / end_length
    # The half angle by its tangent is exact for small angles, where the cosine is not.
    angle = 2.0 * np.arctan2(
        np.linalg.norm(end - start, axis=-1, keepdims=True),
        np.linalg.norm(end + start, axis=-1, keepdims=True),
    )
    if np.any(np.pi - angle < 1e-6):
        raise ValueError("Opposite latents have no shortest arc between them.")
    share = np.linspace(0.0, 1.0, num_steps)[:, None]
    # sinc(x) is sin(pi x) / (pi x), so equal ends need no case of their own.
    scale = np.sinc(angle / np.pi)
    arc = (1.0 - share) * np.sinc((1.0 - share) * angle / np.pi) / scale * start
    arc = arc + share * np.sinc(share * angle / np.pi) / scale * end
    length = (1.0 - share) * start_length + share * end_length
    return (arc * length).astype(np.float32)


def attribute_vector(latents, has_attribute, groups=None) -> np.ndarray:
    """The direction of an attribute: the mean latent with it minus that without it.

    Attributes that occur together are in the direction too: if only men have beards,
    the direction of a beard turns women into men. With `groups`, latents are compared
    within a group of equal other attributes alone. The result is then the coefficient
    of the attribute in the least squares fit of the latents by the attribute and a
    constant for each group, so a group counts by `n_1 n_0 / (n_1 + n_0)`, where `n_1`
    of its latents have the attribute and `n_0` have not.

    Args:
        latents: Array of shape `(num, latent_dim)`.
        has_attribute: Boolean array of shape `(num,)` with both values.
        groups: Optional integer array of shape `(num,)`, equal for latents that may be
            compared. Groups in which all or none have the attribute say nothing.

    Returns:
        Float32 array of shape `(latent_dim,)`; add it to a latent.

    Raises:
        ValueError: If an argument is wrong, or no group has latents with the attribute
            and without it.

    Reference:
        Larsen et al., "Autoencoding beyond pixels using a learned similarity metric",
        2016, arXiv:1512.09300; for attributes that occur together: White, "Sampling
        Generative Networks", 2016, arXiv:1609.04468, who balances the examples.
    """
    latents, has = np.asarray(latents, np.float64), np.asarray(has_attribute)
    if latents.ndim != 2 or has.shape != latents.shape[:1] or has.dtype != bool:
        raise ValueError(
            "`latents` must have shape (num, latent_dim), and `has_attribute` must be "
            f"boolean of shape (num,). Received: {latents.shape}, and {has.dtype} of "
            f"shape {has.shape}"
        )
    if has.all() or not has.any():
        raise ValueError(
            "`has_attribute` must be true of some latents and false of others. "
            f"Received: {int(has.sum())} of {has.size} true"
        )
    if groups is None:
        difference = latents[has].mean(axis=0) - latents[~has].mean(axis=0)
        return difference.astype(np.float32)
    groups = np.asarray(groups)
    if groups.shape != has.shape or groups.dtype.kind not in "iu":
        raise ValueError(
            f"`groups` must be integers of shape {has.shape}. Received: {groups.dtype} "
            f"of shape {groups.shape}"
        )
    _, group = np.unique(groups, return_inverse=True)
    num = np.bincount(group)
    # What is left of the attribute within its group, as in least squares.
    left = has - (np.bincount(group, has) / num)[group]
    if not left.any():
        raise ValueError(
            "`groups` must have one in which some latents have the attribute and "
            f"others do not. Received: {len(num)} groups without"
        )
    return (left @ latents / (left @ has)).astype(np.float32)


def _check_ends(start, end, num_steps):
    check_count(num_steps, "num_steps", 2)
    start, end = np.asarray(start, np.float32), np.asarray(end, np.float32)
    if start.ndim != 2 or start.shape != end.shape:
        raise ValueError(
            "`start` and `end` must have one shape (num, latent_dim). Received: "
            f"{start.shape} and {end.shape}"
        )
    return start, end
