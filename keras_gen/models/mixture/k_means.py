"""K-means with a careful start (Arthur and Vassilvitskii, 2007)."""

import numpy as np

from keras_gen.random import Rows


def k_means(x, num_clusters, seed, steps=10) -> tuple:
    """Divides examples into clusters.

    The first centre is a random example, and each further one an example that is drawn
    in proportion to its squared distance to the nearest centre (k-means++). Then all
    centres move to the means of their clusters, `steps` times.

    Args:
        x: Array of shape `(num, size)` with at least `num_clusters` rows.
        num_clusters: Integer.
        seed: Integer in [0, 2**31).
        steps: Integer, how often the centres move.

    Returns:
        The centres, an array of shape `(num_clusters, size)`, and the index of the
        cluster of each example, of shape `(num,)`.

    Reference:
        Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", 2007.
    """
    x = np.asarray(x, np.float64)
    uniform = np.asarray(Rows(1, seed).uniform((num_clusters,), "centres"))[0]
    centres = [x[int(uniform[0] * len(x))]]
    nearest = _squared_distances(x, centres[0][None])[:, 0]
    for draw in uniform[1:]:
        total = np.cumsum(nearest)
        # Where all examples are centres already, any will do.
        chosen = np.searchsorted(total, draw * total[-1], side="right")
        centres.append(x[min(chosen, len(x) - 1)])
        distances = _squared_distances(x, centres[-1][None])[:, 0]
        nearest = np.minimum(nearest, distances)
    centres = np.stack(centres)
    cluster = _squared_distances(x, centres).argmin(axis=1)
    for _ in range(steps):
        members = np.eye(num_clusters)[cluster]
        sizes = members.sum(axis=0)[:, None]
        centres = np.where(sizes > 0, members.T @ x / np.maximum(sizes, 1.0), centres)
        cluster = _squared_distances(x, centres).argmin(axis=1)
    return centres, cluster


def _squared_distances(x, centres):
    cross = x @ centres.T
    squares = (x**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1) - 2.0 * cross
    return np.maximum(squares, 0.0)
