"""Random changes of images, as a function of a seed."""

import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.random import Rows


def augment(data, pixels, flip=False, seed=0, first_step=0) -> tf.data.Dataset:
    """Shifts each image at random, and flips it with probability one half.

    In pairs of images both get the same change, by one draw. If they differ in size,
    the shift is in pixels of the first and scaled for the second.

    Args:
        data: `tf.data.Dataset` of images, `(images, labels)` or pairs
            `(images, images)`.
        pixels: Integer of at least 0, the largest shift. Each axis is shifted by a
            uniform integer; the pixels of the edge are repeated into the gap.
        flip: Boolean, whether images are also flipped, left to right, with probability
            one half.
        seed: Integer in [0, 2**31).
        first_step: Integer, the number of the first batch. Shifts depend on the seed,
            the number of the batch and the position in the batch.

    Returns:
        A `tf.data.Dataset` of batches of the same form.

    Raises:
        ValueError: If `pixels` is not an integer of at least 0.

    Example:
    >>> from keras_gen import datasets
    >>> data = datasets.load("mnist", "test[:20]", batch_size=10)
    >>> [batch.shape for batch in datasets.augment(data, pixels=2)]
    [TensorShape([10, 28, 28, 1]), TensorShape([10, 28, 28, 1])]
    """
    check_count(pixels, "pixels", 0)

    def change(step, *batch):
        rows = Rows(tf.shape(batch[0])[0], seed, step=step)
        changed = tuple(
            _changed(part, batch[0].shape[1], pixels, flip, rows)
            if len(part.shape) == 4
            else part
            for part in batch
        )
        return changed if len(batch) > 1 else changed[0]

    # `change()` takes images and labels as separate arguments.
    numbered = data.enumerate(first_step).map(
        lambda step, batch: (step, *(batch if isinstance(batch, tuple) else (batch,)))
    )
    return numbered.map(change, num_parallel_calls=2, deterministic=True)


def _changed(images, first_size, pixels, flip, rows):
    offsets = tf.cast(rows.uniform((2,), "shift") * (2 * pixels + 1), tf.int32) - pixels
    changed = _shifted(images, offsets * images.shape[1] // first_size)
    if flip:
        mirrored = rows.uniform((1, 1, 1), "flip") < 0.5
        changed = tf.where(mirrored, changed[:, :, ::-1], changed)
    return tf.ensure_shape(changed, images.shape)


def _shifted(images, offsets):
    """Gathers lines and columns at shifted indices, clipped to the image."""
    for axis in (1, 2):
        size = images.shape[axis]
        index = tf.range(size)[None] + offsets[:, axis - 1, None]
        index = tf.clip_by_value(index, 0, size - 1)
        images = tf.gather(images, index, axis=axis, batch_dims=1)
    return images
