"""Reads the sets in the package without TensorFlow Datasets.

They are in TFDS form: one TFRecord file for each split, of PNG images with labels. The
images, their order and the slices are those that TFDS gives.
"""

import tensorflow as tf

from keras_gen.datasets.splits import slices_of
from keras_gen.files import read_json


def packaged_set(folder, split):
    """The examples of a split.

    Args:
        folder: Path of a version of a set, such as `mnist/3.0.1`.
        split: String, splits or slices of them joined by `+`: `"train[:50000]"`,
            `"train[:90%]"`, `"train+test"`.

    Returns:
        A `tf.data.Dataset` of dicts with `image` (uint8) and `label` (int64), the
        number of images, their shape and the number of classes.

    Raises:
        ValueError: If the set has no such split, or the slice is not in this form.
    """
    features = read_json(folder / "features.json")["featuresDict"]["features"]
    shape = features["image"]["image"]["shape"]["dimensions"]
    shape = tuple(int(size) for size in shape)
    kinds = {
        "image": tf.io.FixedLenFeature((), tf.string),
        "label": tf.io.FixedLenFeature((), tf.int64),
    }

    def example(record):
        parsed = tf.io.parse_single_example(record, kinds)
        image = tf.io.decode_png(parsed["image"], channels=shape[-1])
        return {"image": tf.ensure_shape(image, shape), "label": parsed["label"]}

    num_images, elements = 0, None
    for name, first, last in slices_of(split, packaged_splits(folder)):
        file = next(folder.glob(f"*-{name}.tfrecord-*"))
        records = tf.data.TFRecordDataset(str(file)).skip(first).take(last - first)
        elements = records if elements is None else elements.concatenate(records)
        num_images += last - first
    num_classes = int(features["label"]["classLabel"]["numClasses"])
    return elements.map(example, num_parallel_calls=2), num_images, shape, num_classes


def packaged_splits(folder):
    """The splits of a set in the package: a dict from names to numbers of images."""
    splits = read_json(folder / "dataset_info.json")["splits"]
    return {split["name"]: int(split["shardLengths"][0]) for split in splits}
