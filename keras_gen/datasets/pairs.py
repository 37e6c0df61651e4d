"""Batches of pairs from two sources, aligned or dealt independently."""

import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.datasets.loading import check_start, endless, epochs, passes
from keras_gen.random import check_seed, seed_for


def paired(
    x_source, y_source, batch_size, *, seed=0, start=(0, 0), repeat=False, **options
) -> tf.data.Dataset:
    """Makes batches of pairs: example `i` of one source with example `i` of the other.

    Both sources have one order, which is new in each epoch of training.

    Args:
        x_source: `keras_gen.datasets.Source`.
        y_source: `keras_gen.datasets.Source` of as many examples.
        batch_size: Integer of at least 1, the global batch size.
        seed: Integer in [0, 2**31).
        start: Pair of integers, the epoch and the step to begin at.
        repeat: Boolean, whether to go on to the next epoch without end.
        **options: See `batches()`; `labels` must be left out.

    Returns:
        A `tf.data.Dataset` of pairs of batches, with `class_names`, which is empty, and
        `steps_per_epoch`.

    Raises:
        ValueError: If the sources differ in size, or an argument is wrong.

    Example:
    >>> from keras_gen import datasets
    >>> large = datasets.source("mnist", "test[:20]")
    >>> small = datasets.source("mnist", "test[:20]", image_shape=(14, 14, 1))
    >>> x, y = next(iter(datasets.paired(small, large, batch_size=10)))
    >>> x.shape, y.shape
    (TensorShape([10, 14, 14, 1]), TensorShape([10, 28, 28, 1]))
    """
    _check_no_labels(options)
    check_start(start)
    if x_source.num_examples != y_source.num_examples:
        raise ValueError(
            "`x_source` and `y_source` must have as many examples: each is paired with "
            f"that of the same place. Received: {x_source.num_examples} of "
            f"{x_source.name} and {y_source.num_examples} of {y_source.name}"
        )
    parts = [
        epochs(part, batch_size, seed=seed, **options) for part in (x_source, y_source)
    ]

    def one_epoch(epoch, first_step):
        return tf.data.Dataset.zip(*(of(epoch, first_step) for of, _ in parts))

    return passes(one_epoch, start, parts[0][1], repeat)


def unpaired(
    x_source, y_source, batch_size, *, seed=0, start=(0, 0), repeat=False, **options
) -> tf.data.Dataset:
    """Makes batches of two sources that are dealt independently, by a seed.

    Each source has orders of its own, also if both are aligned. An epoch is one pass
    over the larger source, in full batches. The smaller one goes on from where it was,
    so all of its examples come about equally often.

    Args:
        x_source: `keras_gen.datasets.Source`.
        y_source: `keras_gen.datasets.Source`, of any number of examples.
        batch_size: Integer of at least 1, the global batch size; each batch has as many
            examples of each source.
        seed: Integer in [0, 2**31).
        start: Pair of integers, the epoch and the step to begin at.
        repeat: Boolean, whether to go on to the next epoch without end.
        **options: See `batches()`; `labels` and `drop_remainder` must be left out.

    Returns:
        A `tf.data.Dataset` of pairs of batches, with `class_names`, which is empty, and
        `steps_per_epoch`.

    Raises:
        ValueError: If a source has fewer examples than a batch, or an argument is
            wrong.

    Example:
    >>> from keras_gen import datasets
    >>> first = datasets.source("mnist", "test[:20]")
    >>> second = datasets.source("mnist", "test[20:70]")
    >>> data = datasets.unpaired(first, second, batch_size=10)
    >>> data.steps_per_epoch
    5
    """
    _check_no_labels(options)
    check_count(batch_size, "batch_size", 1)
    check_start(start)
    if "drop_remainder" in options:
        raise ValueError("`drop_remainder` must be left out: all batches are full.")
    for name, source in (("x_source", x_source), ("y_source", y_source)):
        if source.num_examples < batch_size:
            raise ValueError(
                f"`{name}` must have at least `batch_size`={batch_size} "
                f"{source.domain.noun}. Received: {source.num_examples} of "
                f"{source.name}"
            )
    seed = check_seed(seed)
    # A seed of its own, or aligned sources of one size would stay aligned.
    other = seed_for("second source", seed)
    parts = [
        epochs(source, batch_size, seed=own, drop_remainder=True, **options)
        for source, own in ((x_source, seed), (y_source, other))
    ]
    num_steps = max(steps for _, steps in parts)

    def one_epoch(epoch, first_step):
        step = tf.cast(epoch, tf.int32) * num_steps + tf.cast(first_step, tf.int32)
        each = [endless(of, steps, step) for of, steps in parts]
        left = tf.cast(num_steps - tf.cast(first_step, tf.int32), tf.int64)
        return tf.data.Dataset.zip(*each).take(left)

    return passes(one_epoch, start, num_steps, repeat)


def _check_no_labels(options):
    if options.pop("labels", False):
        raise ValueError("`labels` must be left out: examples are paired with others.")
