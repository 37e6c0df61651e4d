"""Batches of labelled examples beside those of another domain, without labels."""

import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.datasets.loading import check_start, endless, epochs, passes
from keras_gen.random import check_seed, seed_for


def adaptation(
    labelled,
    unlabelled,
    batch_size,
    *,
    seed=0,
    start=(0, 0),
    repeat=False,
    drop_remainder=False,
    **options,
) -> tf.data.Dataset:
    """Makes batches of examples with labels and of examples of another domain without.

    The first half of a batch has labels, and the label of the second half is -1: what
    `keras_gen.models.DANN` learns from. An epoch is one pass over the labelled
    examples. The others come in an order of their own, half a batch at a time. When
    fewer are left, they begin again in a new order. Both orders are functions of the
    seed and the step.

    Args:
        labelled: `keras_gen.datasets.Source` with labels.
        unlabelled: `keras_gen.datasets.Source` of the other domain. Its labels are not
            read.
        batch_size: Even integer of at least 2, the global batch size.
        seed: Integer in [0, 2**31).
        start: Pair of integers, the epoch and the step to begin at.
        repeat: Boolean, whether to go on to the next epoch without end.
        drop_remainder: Boolean, whether to leave out the labelled examples of a last
            batch that is not full.
        **options: See `batches()`; `labels` must be left out.

    Returns:
        A `tf.data.Dataset` of pairs of examples and int32 labels, with `class_names`
        and `steps_per_epoch`.

    Raises:
        ValueError: If the examples of the sources differ in shape, the first has no
            labels, the second is smaller than half a batch, or an argument is wrong.

    Example:
    >>> from keras_gen import datasets
    >>> labelled = datasets.source("mnist", "train[:50]")
    >>> other = datasets.source("mnist", "test[:30]")
    >>> x, y = next(iter(datasets.adaptation(labelled, other, batch_size=8)))
    >>> x.shape, y[4:].numpy().tolist()
    (TensorShape([8, 28, 28, 1]), [-1, -1, -1, -1])
    """
    check_start(start)
    check_count(batch_size, "batch_size", 2)
    half, odd = divmod(batch_size, 2)
    if odd:
        raise ValueError(
            f"`batch_size` must be even, for halves of two domains. Received: "
            f"{batch_size}"
        )
    if "labels" in options:
        raise ValueError("`labels` must be left out: those of `labelled` are read.")
    if labelled.domain.shape != unlabelled.domain.shape:
        raise ValueError(
            "`labelled` and `unlabelled` must hold examples of one shape: pass "
            f"`image_shape` to `source()`. Received: {labelled.domain.shape} of "
            f"{labelled.name} and {unlabelled.domain.shape} of {unlabelled.name}"
        )
    if unlabelled.num_examples < half:
        raise ValueError(
            f"`unlabelled` must have at least {half} examples, half of `batch_size`. "
            f"Received: {unlabelled.num_examples} of {unlabelled.name}"
        )
    seed = check_seed(seed)
    known, num_steps = epochs(
        labelled,
        half,
        labels=True,
        seed=seed,
        drop_remainder=drop_remainder,
        **options,
    )
    # A seed of its own, or two sets of one size would have one order.
    own = seed_for("unlabelled", seed)
    other, other_steps = epochs(
        unlabelled, half, seed=own, drop_remainder=True, **options
    )

    def join(with_labels, x):
        images, y = with_labels
        unknown = tf.fill(tf.shape(x)[:1], -1)
        return tf.concat([images, x], axis=0), tf.concat([y, unknown], axis=0)

    def one_epoch(epoch, first_step):
        step = tf.cast(epoch, tf.int32) * num_steps + tf.cast(first_step, tf.int32)
        others = endless(other, other_steps, step)
        return tf.data.Dataset.zip(known(epoch, first_step), others).map(join)

    data = passes(one_epoch, start, num_steps, repeat)
    data.class_names = list(labelled.class_names)
    return data
