"""Labels of which most are hidden, to learn from the others."""

import numpy as np

from keras_gen.arguments import check_count
from keras_gen.random import check_seed, permutation


def hide_labels(labels, num_kept, seed=0) -> np.ndarray:
    """Keeps equally many labels of each class, and hides the others.

    Args:
        labels: Integer array of shape `(num,)`, of at least 0.
        num_kept: Integer, how many labels to keep: a multiple of the number of classes.
        seed: Integer in [0, 2**31), which labels are kept.

    Returns:
        Int32 array of shape `(num,)`, with -1 in place of hidden labels.

    Raises:
        ValueError: If an argument is wrong, or a class has too few examples.

    Example:
    >>> from keras_gen import datasets
    >>> hidden = datasets.hide_labels([0, 0, 0, 1, 1, 1], num_kept=2)
    >>> sorted(hidden.tolist())
    [-1, -1, -1, -1, 0, 1]
    """
    labels, seed = np.asarray(labels), check_seed(seed)
    if labels.ndim != 1 or not labels.size or labels.dtype.kind not in "iu":
        raise ValueError(
            "`labels` must be integers of shape (num,). Received: "
            f"{labels.dtype} of shape {labels.shape}"
        )
    if labels.min() < 0:
        raise ValueError(f"`labels` must be at least 0. Received: {labels.min()}")
    classes, counts = np.unique(labels, return_counts=True)
    check_count(num_kept, "num_kept", len(classes))
    if num_kept % len(classes):
        raise ValueError(
            f"`num_kept` must be a multiple of the {len(classes)} classes of `labels`. "
            f"Received: {num_kept}"
        )
    of_each = num_kept // len(classes)
    if counts.min() < of_each:
        raise ValueError(
            f"`num_kept` must be at most {counts.min() * len(classes)}, because class "
            f"{classes[counts.argmin()]} has {counts.min()} examples. Received: "
            f"{num_kept}"
        )
    order = permutation(len(labels), seed, "kept labels").numpy()
    hidden = np.full(len(labels), -1, np.int32)
    for label in classes:
        kept = order[labels[order] == label][:of_each]
        hidden[kept] = label
    return hidden
