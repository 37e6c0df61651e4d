"""Batches of examples as a pure function of a seed and an epoch."""

import functools
import os

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, shown
from keras_gen.datasets.arrays import arrays_source, find_arrays
from keras_gen.datasets.documents import documents_source
from keras_gen.datasets.folders import folder_source
from keras_gen.datasets.sequences import sequence_source
from keras_gen.datasets.sources import (
    Source,
    find_documents,
    find_set,
    tfds_source,
)
from keras_gen.datasets.sprite_images import sprites_source
from keras_gen.datasets.textures import NAME as TEXTURED
from keras_gen.datasets.textures import textured_source
from keras_gen.datasets.toys import TOYS, toy_source
from keras_gen.domains import Images
from keras_gen.random import Rows, check_seed, permutation

# Sets larger than this are streamed from disk unless `cache=True`.
_CACHED_BYTES = 2 * 2**30
_SHUFFLE_BUFFER = 10_000

#: Sets that come with the package, by name.
_PACKAGED = {
    TEXTURED: textured_source,
    "sprites": sprites_source,
    **{name: functools.partial(toy_source, name) for name in TOYS},
}


def load(
    name,
    split="train",
    batch_size=100,
    *,
    key=None,
    label_key=None,
    image_shape=None,
    data_dir=None,
    download=False,
    skip_unreadable=False,
    domain=None,
    stride=None,
    **options,
) -> tf.data.Dataset:
    """Loads batches from a dataset in TFDS form, or from a folder of images.

    Examples are the images of a set. A set without images gives its sound or its
    vectors, if all have the same size. A folder with `vocab.txt` and `.dat` files holds
    documents as counts of words, in the format of LDA-C.

    With a `domain`, examples are windows of a text or of melodies: of a set in TFDS
    form, a `.txt` file or a folder with `melodies.npz`. Of a file nine tenths are
    `"train"`, and halves of the rest `"validation"` and `"test"`.

    MNIST comes with the package. Other sets need TensorFlow Datasets (`pip install
    'keras-gen[datasets]'`) and are looked for in `data_dir`, else in the directory that
    the environment variable `TFDS_DATA_DIR` names and in `~/tensorflow_datasets`.

    Points in the plane come with the package too: `"two_moons"`, `"rings"` and
    `"checkerboard"`, whose density `toy_log_density()` gives. `"textured_mnist"` is
    MNIST on the coloured textures of `textured()`. `"sprites"` are black and white
    images of a shape, whose factors `sprite_factors()` gives.

    A `.npz` file with uint8 arrays such as `train_images` and `train_labels` is a set,
    and so is a folder in one of these directories that holds a file of its own name.
    `"usps"` is `usps/usps.npz`, whose values are thousandths of numbers from -1 to 1 as
    int16.

    Args:
        name: String, a TFDS name such as `"mnist"`, or the path of a folder of images
            or of a `.npz` file. A path that begins with a dot, a tilde or a slash and
            does not end in `.npz` is always a folder.
        split: String, a split or a slice of a split in TFDS form, such as
            `"train[:50000]"`. If a folder has a sub-folder `train`, its sub-folders are
            the splits (`val` and `valid` are `"validation"` too). Otherwise its images
            are shuffled by their names: a tenth are `"validation"`, a tenth `"test"`,
            the others `"train"`; `"all"` has all of them. A slice of a folder's split
            may reach beyond its end.
        batch_size: Integer of at least 1, the global batch size.
        key: Optional string, which feature of a set is an example; see `source()`.
        label_key: Optional string, which feature of a set is the label of an example;
            see `source()`.
        image_shape: Optional tuple `(height, width, channels)`. Images are cropped to
            this aspect ratio, resized with antialiasing and converted between grey and
            colour. Required if the images of the set differ in size.
        data_dir: Optional path of a TFDS directory; no other is then searched.
        download: Boolean, whether TFDS may download a set that is not found.
        skip_unreadable: Boolean, for a folder; see `folder()`.
        domain: For text and melodies: `keras_gen.domains.Text` or `Melodies`, what a
            window is. `alphabet()` gives the characters of a text.
        stride: With `domain`: optional integer of at least 1, how many symbols a window
            begins after the one before. By default windows do not overlap.
        **options: See `batches()`. Here `training` defaults to whether the name of the
            split begins with "train": pass `training=False` for a slice of the training
            set that you hold out.

    Returns:
        A `tf.data.Dataset`; see `batches()`.

    Raises:
        ValueError: If the set is not found (a `MissingSetError`) or cannot be
            downloaded, has no such split or no images (a `MissingSplitError`), or an
            argument is wrong.
        ImportError: If the set needs TensorFlow Datasets, which is not installed.

    Example:
    >>> from keras_gen import datasets
    >>> data = datasets.load("mnist", "test[:250]", batch_size=100)
    >>> [batch.shape[0] for batch in data]
    [100, 100, 50]
    """
    training = options.pop("training", None)
    options["training"] = split.startswith("train") if training is None else training
    if domain is not None:
        given = {
            "key": key,
            "label_key": label_key,
            "image_shape": image_shape,
            "skip_unreadable": skip_unreadable or None,
        }
        for argument, value in given.items():
            if value is not None:
                raise ValueError(
                    f"`{argument}` must be left out with `domain`. Received: "
                    f"{shown(value)}"
                )
        found = sequence_source(name, split, domain, stride, data_dir, download)
        return batches(found, batch_size, **options)
    if stride is not None:
        raise ValueError(
            "`stride` must be left out without `domain`, the windows of text or "
            f"melodies. Received: {shown(stride)}"
        )
    found = source(
        name,
        split,
        key=key,
        label_key=label_key,
        image_shape=image_shape,
        data_dir=data_dir,
        download=download,
        skip_unreadable=skip_unreadable,
    )
    return batches(found, batch_size, **options)


def source(
    name,
    split="train",
    *,
    key=None,
    label_key=None,
    image_shape=None,
    data_dir=None,
    download=False,
    skip_unreadable=False,
) -> Source:
    """Finds the examples of a split, in their order, from which batches are made.

    Args:
        name: String; see `load()`.
        split: String; see `load()`.
        key: Optional string, the feature of a set in TFDS form that is an example, such
            as `"colour"` of `"openmoji_pairs"`. Defaults to `"image"`, else the first
            image.
        label_key: Optional string, the feature of a set in TFDS form that is a label,
            such as `"attributes/glasses"` of `"avatar_faces/pixel_art"`. Defaults to
            `"label"`, else the first label that is not part of another feature.
        image_shape: Optional tuple; see `load()`.
        data_dir: Optional path; see `load()`.
        download: Boolean; see `load()`.
        skip_unreadable: Boolean, for a folder; see `folder()`.

    Returns:
        A `Source`, for `batches()`, `paired()` and `unpaired()`.

    Raises:
        ValueError: If the set is not found and cannot be downloaded, has no such split,
            no such key or no images, or an argument is wrong.
        ImportError: If the set needs TensorFlow Datasets, which is not installed.

    Example:
    >>> from keras_gen import datasets
    >>> datasets.source("mnist", "test[:250]").num_examples
    250
    """
    documents = find_documents(name, data_dir)
    is_set = find_set(name, data_dir) is not None
    arrays = None if is_set else find_arrays(name, data_dir)
    packaged = None if data_dir or is_set else _PACKAGED.get(name)
    in_files = documents is not None or arrays is not None or is_folder(name, data_dir)
    if in_files or packaged is not None:
        for argument, value in (("key", key), ("label_key", label_key)):
            if value is not None:
                raise ValueError(
                    f"`{argument}` must be left out: {name} is no set in TFDS form."
                )
    if documents is not None:
        return documents_source(documents, split)
    if is_folder(name, data_dir):
        return folder_source(name, image_shape, skip_unreadable, split)
    if arrays is not None:
        return arrays_source(arrays, split, image_shape)
    if packaged is not None:
        return packaged(split, image_shape)
    return tfds_source(name, split, image_shape, data_dir, download, key, label_key)


def is_folder(name, data_dir=None):
    """Whether a name stands for a folder of images, not for a set in TFDS form."""
    if not isinstance(name, str) or name.startswith((".", "~", os.sep)):
        return not str(name).endswith(".npz")
    return find_set(name, data_dir) is None and os.path.isdir(name)


def folder(
    path, image_shape=None, batch_size=100, *, skip_unreadable=False, **options
) -> tf.data.Dataset:
    """Loads batches of all images of a folder: BMP, GIF, JPEG, PNG, TIFF or WebP files.

    If all files lie in sub-folders, the sub-folders of the first level are the classes,
    in alphabetical order: the `class_names` of the dataset. Names that begin with a
    dot, and `__MACOSX`, are passed over. `load()` reads the splits of a folder.

    Args:
        path: Path of the folder.
        image_shape: Optional tuple `(height, width, channels)`, as in `load()`.
            Defaults to the size of the images, if all have the same size.
        batch_size: Integer of at least 1, the global batch size.
        skip_unreadable: Boolean, whether to skip files that cannot be read: damaged
            ones, those of other formats, and those with more pixels than
            `PIL.Image.MAX_IMAGE_PIXELS`.
        **options: See `batches()`.

    Returns:
        A `tf.data.Dataset`; see `batches()`.

    Raises:
        ValueError: If the folder does not exist or holds no image, if files cannot be
            read or differ in size (the error counts and names them), or an argument is
            wrong.
    """
    return batches(
        folder_source(path, image_shape, skip_unreadable), batch_size, **options
    )


def batches(
    source,
    batch_size,
    *,
    image_range=(0.0, 1.0),
    binarization=None,
    dequantize=False,
    labels=False,
    training=True,
    seed=0,
    start=(0, 0),
    repeat=False,
    shard=(0, 1),
    drop_remainder=False,
    cache=None,
) -> tf.data.Dataset:
    """Makes batches of the examples of a source.

    In training, each epoch has its own order and its own random pixels. Both are a
    function of (seed, epoch) and do not depend on the batch size, the shard or the
    machine. The first pass over the returned dataset is the epoch of `start`, and each
    further pass is the next epoch; a pass ends when its last batch is taken. Outside
    training, examples keep the order of the source and random pixels are drawn once.

    Args:
        source: `keras_gen.datasets.Source`.
        batch_size: Integer of at least 1, the global batch size.
        image_range: Pair of floats, the values of black and of white.
        binarization: `None`, `"static"` or `"dynamic"`. Each pixel becomes 1 with the
            probability of its grey value, else 0. The draw is made once (`"static"`) or
            in each epoch of training (`"dynamic"`).
        dequantize: Boolean, whether to add uniform noise of one grey level, so that
            pixels have a density (Theis et al. 2015, arXiv:1511.01844, section 3.1).
        labels: Boolean, whether to return `(examples, labels)`.
        training: Boolean, whether to shuffle and to draw new random pixels each epoch.
        seed: Integer in [0, 2**31).
        start: Pair of integers, the epoch and the step to begin at.
        repeat: Boolean, whether to go on to the next epoch without end, for `fit()`
            with `steps_per_epoch`.
        shard: Pair `(index, count)`, which share of each global batch this worker
            takes.
        drop_remainder: Boolean, whether to leave out a last batch that is not full.
        cache: Boolean, whether to keep the decoded examples in memory. By default sets
            of at most 2 GiB are kept. Other sets are shuffled in a window of 10,000.

    Returns:
        A `tf.data.Dataset` of batches of shape `(batch, *source.domain.shape)`, or of
        pairs of these and int32 labels of shape `(batch,)`. Images are float32 in
        `image_range` (in {0, 1} if binarized); other examples are as the source has
        them. The dataset has `class_names`, a list of strings, as the datasets of
        `keras.utils` have; it is empty if the source has no labels. It also has
        `steps_per_epoch`, an integer, which does not depend on `repeat` and `start`.

    Raises:
        ValueError: If the source has no examples, or no labels with `labels=True`, or
            an argument is wrong.
    """
    check_start(start)
    one_epoch, num_steps = epochs(
        source,
        batch_size,
        image_range,
        binarization,
        dequantize,
        labels,
        training,
        seed,
        shard,
        drop_remainder,
        cache,
    )
    data = passes(one_epoch, start, num_steps, repeat)
    data.class_names = list(source.class_names)
    return data


def epochs(
    source,
    batch_size,
    image_range=(0.0, 1.0),
    binarization=None,
    dequantize=False,
    labels=False,
    training=True,
    seed=0,
    shard=(0, 1),
    drop_remainder=False,
    cache=None,
):
    """The epochs of a source; the arguments are those of `batches()`.

    Returns:
        A pair: a function from int32 scalars, the epoch and its first step, to a
        `tf.data.Dataset` of its batches, and an integer, the steps of an epoch.
    """
    check_count(batch_size, "batch_size", 1)
    _check_pairs(image_range, shard)
    _check_options(source, binarization, dequantize, labels)
    seed = check_seed(seed)
    surplus = source.num_examples % batch_size
    num_steps = source.num_examples // batch_size + bool(surplus and not drop_remainder)
    if num_steps == 0:
        raise ValueError(
            f"{source.name} has {source.num_examples} {source.domain.noun}, too few "
            f"for one batch of `batch_size`={batch_size} with `drop_remainder=True`."
        )
    kept = _fits(source) if cache is None else cache
    ordered = (_from_memory if kept else _from_disk)(source, seed if training else None)
    part, parts = shard

    domain = source.domain

    @tf.function(jit_compile=True)
    def pixels(images, index, epoch):
        step = epoch if training and binarization != "static" else -1
        rows = Rows.of(tf.constant(seed), index, step)
        images = tf.cast(images, tf.float32)
        if binarization is not None:
            chance = rows.uniform(domain.shape, "binarization")
            return tf.cast(chance * domain.high < images, tf.float32)
        if dequantize:
            images += rows.uniform(domain.shape, "dequantization")
        low, high = image_range
        images = low + images * ((high - low) / (domain.high + dequantize))
        # White may come out one rounding error beyond the range.
        return tf.clip_by_value(images, min(image_range), max(image_range))

    def one_epoch(epoch, first_step):
        def finish(index, values, classes):
            if parts > 1:
                size = tf.shape(index)[0]
                mine = slice(size * part // parts, size * (part + 1) // parts)
                index, values, classes = index[mine], values[mine], classes[mine]
            if isinstance(domain, Images):
                values = pixels(values, index, epoch)
            values = tf.ensure_shape(
                tf.cast(values, domain.dtype), (index.shape[0], *domain.shape)
            )
            return (values, classes) if labels else values

        data = ordered(epoch, batch_size, tf.cast(first_step, tf.int64), drop_remainder)
        return data.map(finish, num_parallel_calls=2, deterministic=True)

    return one_epoch, num_steps


def passes(one_epoch, start, num_steps, repeat):
    """A dataset of epochs, from a pair `(epoch, step)` on.

    Args:
        one_epoch: Function from an epoch and a first step to a `tf.data.Dataset`.
        start: Pair of integers.
        num_steps: Integer, the steps of an epoch.
        repeat: Boolean, whether it goes on without end. Otherwise each pass is the next
            epoch.

    Returns:
        A `tf.data.Dataset` with `class_names`, which is empty, and `steps_per_epoch`.
    """
    if not start[1] < num_steps:
        raise ValueError(
            f"`start` must name a step below {num_steps}, the steps of an epoch. "
            f"Received: {start}"
        )
    if repeat:
        step = tf.constant(start[0] * num_steps + start[1])
        data = endless(one_epoch, num_steps, step).prefetch(8)
    else:
        data = _passes(one_epoch, start, num_steps)
    data.class_names = []
    data.steps_per_epoch = num_steps
    return data


def endless(one_epoch, num_steps, step):
    """All batches from a step on, an int32 scalar that counts over the epochs."""
    epoch = step // num_steps
    first = one_epoch(epoch, step % num_steps)
    later = tf.data.Dataset.counter(epoch + 1, dtype=tf.int32)
    return first.concatenate(later.flat_map(lambda n: one_epoch(n, 0)))


def _passes(one_epoch, start, num_steps):
    """A finite dataset with a new epoch in each pass, the first from `start`.

    A pass counts when its last batch is taken. `fit()` knows the cardinality and takes
    no more. It also reads a first batch to check it, which does not count as a pass.
    """
    completed = [0]

    def number():
        return np.int32(completed[0])

    def complete():
        completed[0] += 1
        return np.int32(completed[0])

    def this_pass(_):
        count = tf.ensure_shape(tf.numpy_function(number, [], tf.int32), [])
        first_step = tf.where(count == 0, start[1], 0)
        data = one_epoch(start[0] + count, first_step).prefetch(8)
        return data.enumerate(tf.cast(first_step, tf.int64)).map(counted)

    def counted(step, batch):
        is_last = tf.equal(step, num_steps - 1)
        tf.cond(is_last, lambda: tf.numpy_function(complete, [], tf.int32), lambda: 0)
        return batch

    data = tf.data.Dataset.range(1).flat_map(this_pass)
    # A batch that is fetched early would end the pass early.
    options = tf.data.Options()
    options.experimental_optimization.inject_prefetch = False
    data = data.with_options(options)
    if start[1] == 0:
        data = data.apply(tf.data.experimental.assert_cardinality(num_steps))
    return data


def _from_memory(source, seed):
    """Batches of `(index, images, labels)` from an array of all images."""
    kind = source.elements.element_spec[0].dtype.as_numpy_dtype
    images = np.empty((source.num_examples, *source.domain.shape), kind)
    classes = np.empty(source.num_examples, np.int32)
    first = 0
    for some, some_classes in source.elements.batch(1000).as_numpy_iterator():
        images[first : first + len(some)] = some
        classes[first : first + len(some)] = some_classes
        first += len(some)
    _check_levels(source, images)
    images, classes = tf.constant(images), tf.constant(classes)

    def ordered(epoch, batch_size, first_step, drop_remainder):
        if seed is None:
            order = tf.range(source.num_examples)
        else:
            order = permutation(source.num_examples, tf.constant(seed), "order", epoch)
        index = tf.data.Dataset.from_tensor_slices(order)
        index = index.batch(batch_size, drop_remainder or _even(source, batch_size))
        return index.skip(first_step).map(
            lambda i: (i, tf.gather(images, i), tf.gather(classes, i))
        )

    return ordered


def _from_disk(source, seed):
    """Batches of `(index, images, labels)`, decoded again in each epoch."""
    index = tf.data.Dataset.range(source.num_examples, output_type=tf.int32)
    elements = tf.data.Dataset.zip(index, source.elements)
    elements = elements.map(lambda index, element: (index, *element))

    def shuffled(epoch):
        # `shuffle()` mixes the seed of the graph, here this function's, into its own.
        tf.compat.v1.set_random_seed(1)
        rows = Rows(1, tf.constant(seed), step=epoch)
        shuffle_seed = tf.cast(rows.bits((1,), "shuffle")[0, 0], tf.int64)
        return elements.shuffle(_SHUFFLE_BUFFER, shuffle_seed)

    def ordered(epoch, batch_size, first_step, drop_remainder):
        data = elements
        if seed is not None:
            data = tf.data.Dataset.from_tensors(epoch).flat_map(shuffled)
        data = data.batch(batch_size, drop_remainder or _even(source, batch_size))
        return data.skip(first_step)

    return ordered


def _even(source, batch_size):
    """Whether every batch is full, so that its size can be a part of its shape."""
    return source.num_examples % batch_size == 0


def _fits(source):
    return source.num_examples * int(np.prod(source.domain.shape)) <= _CACHED_BYTES


def _check_levels(source, images):
    if source.domain.num_levels and images.max() >= source.domain.num_levels:
        raise ValueError(
            f"The grey values of {source.name} must lie below "
            f"{source.domain.num_levels}. Received: {images.max()}"
        )


def _check_options(source, binarization, dequantize, labels):
    if source.num_examples == 0:
        raise ValueError(f"{source.name} holds no {source.domain.noun}.")
    if not isinstance(source.domain, Images) and (binarization or dequantize):
        raise ValueError(
            f"`binarization` and `dequantize` are for images. {source.name} holds "
            f"{source.domain.noun}."
        )
    if binarization not in (None, "static", "dynamic"):
        raise ValueError(
            "`binarization` must be None, 'static' or 'dynamic'. Received: "
            f"{binarization!r}"
        )
    if binarization and dequantize:
        raise ValueError(
            f"`dequantize` and `binarization`={binarization!r} exclude each other: "
            "binary pixels have no grey values to add noise to."
        )
    if labels and not source.class_names:
        raise ValueError(
            f"{source.name} has no labels{source.unlabelled}. Received: labels={labels}"
        )


def _check_pairs(image_range, shard):
    _check_pair("image_range", image_range)
    _check_pair("shard", shard)
    check_count(shard[0], "shard[0]", 0)
    check_count(shard[1], "shard[1]", 1)
    if not shard[0] < shard[1]:
        raise ValueError(f"`shard` must be (index, count). Received: {shard}")


def check_start(start):
    """Raises a ValueError unless `start` is a pair of an epoch and a step."""
    _check_pair("start", start)
    check_count(start[0], "start[0]", 0)
    check_count(start[1], "start[1]", 0)


def _check_pair(name, pair):
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError(f"`{name}` must be a pair of numbers. Received: {pair!r}")
