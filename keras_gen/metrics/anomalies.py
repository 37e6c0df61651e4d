"""How well scores tell anomalies from normal examples."""

import numpy as np


def auroc(normal, anomalies) -> float:
    """The area under the receiver operating characteristic of anomaly scores.

    It is the probability that an anomaly scores higher than a normal example, where a
    tie counts half: the statistic of Mann and Whitney over the number of pairs. Scores
    are used as they are; only their order matters.

    Args:
        normal: Array of shape `(num_normal,)`, scores of normal examples.
        anomalies: Array of shape `(num_anomalies,)`, scores of anomalies, which should
            be higher.

    Returns:
        Float in [0, 1]; 0.5 for scores that tell nothing.

    Raises:
        ValueError: If an argument is empty, has more than one axis or holds NaN.

    Reference:
        Hanley and McNeil, "The meaning and use of the area under a receiver operating
        characteristic (ROC) curve", 1982, Radiology 143.

    Example:
    >>> from keras_gen.metrics import auroc
    >>> auroc(normal=[0.0, 1.0], anomalies=[1.0, 2.0])
    0.875
    """
    normal = np.sort(_checked(normal, "normal"))
    anomalies = _checked(anomalies, "anomalies")
    below = np.searchsorted(normal, anomalies, "left")
    not_above = np.searchsorted(normal, anomalies, "right")
    return float(np.mean(below + not_above) / (2 * len(normal)))


def _checked(scores, name):
    scores = np.asarray(scores, np.float64)
    if scores.ndim != 1 or not scores.size:
        raise ValueError(
            f"`{name}` must be scores, one for each example. Received shape: "
            f"{scores.shape}"
        )
    if np.isnan(scores).any():
        raise ValueError(
            f"`{name}` holds NaN: {np.isnan(scores).sum()} of {scores.size} scores."
        )
    return scores
