"""Random changes of images and melodies, as a function of a seed."""

import tensorflow as tf

from keras_gen.arguments import check_count, shown
from keras_gen.domains import Melodies
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

    def change(rows, *batch):
        size = batch[0].shape[1]
        return tuple(
            _moved(part, size, pixels, flip, rows) if len(part.shape) == 4 else part
            for part in batch
        )

    return _changed(data, change, seed, first_step)


def transpose(data, domain, semitones, seed=0, first_step=0) -> tf.data.Dataset:
    """Transposes each melody by a random number of semitones.

    Args:
        data: `tf.data.Dataset` of melodies or `(melodies, labels)`.
        domain: `keras_gen.domains.Melodies`.
        semitones: Integer of at least 0, the greatest interval, up or down. All
            intervals have the same probability that leave the melody between the lowest
            and the highest pitch of the domain.
        seed: Integer in [0, 2**31).
        first_step: Integer, the number of the first batch, as in `augment()`.

    Returns:
        A `tf.data.Dataset` of batches of the same form.

    Raises:
        ValueError: If an argument is wrong.
    """
    check_count(semitones, "semitones", 0)
    if not isinstance(domain, Melodies):
        raise ValueError(
            "`domain` must be a `Melodies` of `keras_gen.domains`. Received: "
            f"{shown(domain)}"
        )
    first, last = domain.first_note, domain.num_levels - 1

    def change(rows, melodies, *labels):
        is_note = melodies >= first
        least = tf.reduce_min(tf.where(is_note, melodies, last), axis=1)
        most = tf.reduce_max(tf.where(is_note, melodies, first), axis=1)
        down = tf.minimum(semitones, least - first)
        ways = tf.cast(down + tf.minimum(semitones, last - most) + 1, tf.float32)
        interval = tf.cast(rows.uniform((), "interval") * ways, tf.int32) - down
        return (tf.where(is_note, melodies + interval[:, None], melodies), *labels)

    return _changed(data, change, seed, first_step)


def _changed(data, change, seed, first_step):
    """Batches that a function of `Rows` and of their parts has changed."""

    def step_of(step, *batch):
        rows = Rows(tf.shape(batch[0])[0], seed, step=step)
        found = tuple(
            tf.ensure_shape(new, old.shape)
            for new, old in zip(change(rows, *batch), batch, strict=True)
        )
        return found if len(found) > 1 else found[0]

    # `step_of()` takes examples and labels as separate arguments.
    numbered = data.enumerate(first_step).map(
        lambda step, batch: (step, *(batch if isinstance(batch, tuple) else (batch,)))
    )
    return numbered.map(step_of, num_parallel_calls=2, deterministic=True)


def _moved(images, first_size, pixels, flip, rows):
    offsets = tf.cast(rows.uniform((2,), "shift") * (2 * pixels + 1), tf.int32) - pixels
    changed = _shifted(images, offsets * images.shape[1] // first_size)
    if flip:
        mirrored = rows.uniform((1, 1, 1), "flip") < 0.5
        changed = tf.where(mirrored, changed[:, :, ::-1], changed)
    return changed


def _shifted(images, offsets):
    """Gathers lines and columns at shifted indices, clipped to the image."""
    for axis in (1, 2):
        size = images.shape[axis]
        index = tf.range(size)[None] + offsets[:, axis - 1, None]
        index = tf.clip_by_value(index, 0, size - 1)
        images = tf.gather(images, index, axis=axis, batch_dims=1)
    return images
