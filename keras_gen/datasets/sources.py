"""Sources of examples, and those in TFDS form."""

import difflib
import functools
import operator
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_sizes, shown
from keras_gen.datasets.packaged import packaged_set, packaged_splits
from keras_gen.datasets.splits import MissingSetError, MissingSplitError, slices_of
from keras_gen.domains import Domain, Images, Labels, Vectors, Waveforms
from keras_gen.lazy import optional_import

PACKAGED = Path(__file__).parent

# Sets whose bytes are not grey values of 256 levels.
_LEVELS = {"binarized_mnist": 2}


@dataclass
class Source:
    """Examples in a fixed order.

    Attributes:
        name: String, for messages.
        num_examples: Integer.
        domain: `keras_gen.domains.Domain` of the examples as they are kept; of images
            `Images`, whose values are the bytes from 0 to `num_levels - 1`.
        elements: `tf.data.Dataset` of pairs, an example and an int32 label, which is -1
            where there is none.
        class_names: List of strings, empty where there are no labels.
        unlabelled: String, why there are no labels, after a colon; may be empty.
    """

    name: str
    num_examples: int
    domain: Domain
    elements: tf.data.Dataset
    class_names: list
    unlabelled: str = ""

    @property
    def y_domain(self):
        """`keras_gen.domains.Labels`; None without labels or with a single class."""
        num_classes = len(self.class_names)
        return Labels(num_classes) if num_classes > 1 else None


def bytes_domain(image_shape, levels=256):
    """The domain of images as they are kept: bytes from 0 to `levels - 1`."""
    return Images(image_shape, 0, levels - 1, levels)


def tfds_source(
    name,
    split,
    image_shape=None,
    data_dir=None,
    download=False,
    key=None,
    label_key=None,
):
    """Examples of a dataset in TFDS form. See `keras_gen.datasets.source()`."""
    check_image_shape(image_shape)
    place = find_set(name, data_dir)
    if place is not None and place.parent.parent == PACKAGED:
        _check_key(name, "key", key, ["image"])
        _check_key(name, "label_key", label_key, ["label"])
        return _packaged_source(name, split, image_shape, place)
    tfds, builder = tfds_builder(name, data_dir, download)
    try:
        subsplit = builder.info.splits[split]
    except (KeyError, ValueError) as error:
        raise split_error(name, split, builder.info.splits) from error
    features = builder.info.features
    classes = _class_labels(tfds.features, features)
    _check_key(name, "key", key, list(features))
    _check_key(name, "label_key", label_key, list(classes))
    chosen = features if key is None else {key: features[key]}
    key, domain = _domain_of(tfds.features, chosen, name, image_shape)
    label_key = label_key or _key_of(features, tfds.features.ClassLabel, "label")
    config = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
    options = {"shuffle_files": False, "read_config": config}
    if getattr(features[key], "encoding_format", None) == "jpeg":
        options["decoders"] = {key: _jpeg_decoder(tfds)}
    return _source_of(
        name,
        split,
        builder.as_dataset(split=split, **options),
        subsplit.num_examples,
        (key, label_key),
        features[key].shape,
        domain,
        list(classes[label_key].names or []) if label_key else [],
    )


def _jpeg_decoder(tfds):
    """A decoder of JPEG files without the rounding of TensorFlow's default one."""

    @tfds.decode.make_decoder()
    def accurate(file, feature):
        channels = feature.shape[-1]
        image = tf.io.decode_jpeg(file, channels, dct_method="INTEGER_ACCURATE")
        return tf.ensure_shape(image, feature.shape)

    return accurate()


def _check_key(name, argument, key, known):
    if key is not None and key not in known:
        # TFDS gives them in another order each time.
        names = ", ".join(sorted(known)) or "none"
        raise ValueError(
            f"`{argument}` of {name} must be one of {names}. Received: {shown(key)}"
        )


def _class_labels(kinds, features):
    """The features of a set that are labels, by their keys joined by slashes."""
    found = {}
    for key, feature in features.items():
        if isinstance(feature, kinds.ClassLabel):
            found[key] = feature
        elif isinstance(feature, kinds.FeaturesDict):
            inner = _class_labels(kinds, feature)
            found |= {f"{key}/{name}": label for name, label in inner.items()}
    return found


def _domain_of(kinds, features, name, image_shape):
    """What the examples of a set are, by the first feature that says so: its key too.

    Args:
        kinds: `tensorflow_datasets.features`.
        features: Dict of features by key.
        name: String, the set.
        image_shape: What `load()` was given.
    """
    image_key = _key_of(features, kinds.Image, "image")
    if image_key is not None:
        feature = features[image_key]
        if feature.np_dtype != np.uint8:
            raise ValueError(
                f"{name} must hold images of uint8. Received: {feature.np_dtype} in "
                f"{image_key!r}"
            )
        if image_shape is None and None in feature.shape:
            raise ValueError(
                f"The images of {name} differ in size: pass `image_shape`, for "
                "instance (64, 64, 3)."
            )
        shape = image_shape or feature.shape
        return image_key, bytes_domain(shape, _LEVELS.get(name, 256))
    if image_shape is not None:
        raise ValueError(
            f"`image_shape` must be left out: {name} holds no images. Received: "
            f"{image_shape}"
        )
    for key, feature in features.items():
        if None in feature.shape or feature.np_dtype != np.float32:
            continue
        if isinstance(feature, kinds.Audio) and len(feature.shape) == 1:
            return key, Waveforms(feature.shape[0], feature.sample_rate)
        if isinstance(feature, kinds.Tensor) and feature.shape:
            return key, Vectors(feature.shape)
    raise ValueError(
        f"{name} holds no images, and neither sound nor vectors of one size in float32."
        f" Its features: {list(features)}. Pass `domain` for text and melodies."
    )


def _packaged_source(name, split, image_shape, place):
    try:
        examples, num_images, shape, num_classes = packaged_set(place, split)
    except ValueError as error:
        raise split_error(name, split, packaged_splits(place)) from error
    class_names = [str(label) for label in range(num_classes)]
    keys = ("image", "label")
    domain = bytes_domain(image_shape or shape, _LEVELS.get(name, 256))
    return _source_of(
        name, split, examples, num_images, keys, shape, domain, class_names
    )


def _source_of(name, split, dicts, num_examples, keys, shape, domain, class_names):
    """A source of dicts that hold an example and perhaps a label."""
    if num_examples < 1:
        raise MissingSplitError(
            f"`split` of {name} holds no {domain.noun}. Received: {split!r}"
        )
    key, label_key = keys

    def element(example):
        label = -1
        if label_key:
            label = functools.reduce(operator.getitem, label_key.split("/"), example)
        value = example[key]
        if isinstance(domain, Images):
            value = fitted(value, shape, domain.shape)
        return value, tf.cast(label, tf.int32)

    return Source(
        name=f"{name}/{split}",
        num_examples=num_examples,
        domain=domain,
        elements=dicts.map(element, num_parallel_calls=2),
        class_names=class_names,
    )


def split_error(name, split, splits):
    """The error that a set has no such split."""
    return MissingSplitError(
        f"`split` of {name} must be one of {sorted(splits)} or a slice such as "
        f"'train[:90%]'. Received: {split!r}"
    )


def slices_of_set(name, split, sizes, clip=False):
    """`slices_of()`, with an error that names the set."""
    try:
        return slices_of(split, sizes, clip)
    except MissingSplitError as error:
        raise split_error(name, split, sizes) from error


def images_source(name, images, labels, class_names, image_shape=None):
    """A source of images that are held in memory.

    Args:
        name: String, for messages.
        images: Uint8 array of shape `(num, height, width, channels)`.
        labels: Int32 array of shape `(num,)`, -1 where there is none.
        class_names: List of strings.
        image_shape: As in `keras_gen.datasets.load()`.
    """
    shape = images.shape[1:]
    domain = bytes_domain(image_shape or shape)
    elements = tf.data.Dataset.from_tensor_slices((images, labels)).map(
        lambda image, label: (fitted(image, shape, domain.shape), label)
    )
    return Source(name, len(images), domain, elements, class_names)


def find_set(name, data_dir=None):
    """The folder of the newest version of a set in TFDS form, or None."""
    for place in places_of(data_dir):
        versions = sorted((place / name).glob("*/dataset_info.json"), key=_version)
        if versions:
            return versions[-1].parent
    return None


def find_folder(name, is_right, data_dir=None):
    """The folder of a path, or of a name among the sets, that is as wanted, or None.

    Args:
        name: String.
        is_right: Function from a path to a boolean.
        data_dir: As in `keras_gen.datasets.load()`.
    """
    places = [Path(name).expanduser(), *(place / name for place in places_of(data_dir))]
    return next((place for place in places if is_right(place)), None)


def find_documents(name, data_dir=None):
    """The folder of documents of a path or a name, or None.

    It holds a `vocab.txt` and `.dat` files.
    """

    def holds_documents(place):
        return (place / "vocab.txt").is_file() and any(place.glob("*.dat"))

    return find_folder(name, holds_documents, data_dir)


def places_of(data_dir):
    """The folders in which data sets are looked for, a list of paths."""
    if data_dir is not None:
        return [Path(data_dir)]
    environment = os.environ.get("TFDS_DATA_DIR")
    places = [Path(environment)] if environment else []
    return [PACKAGED, *places, Path.home() / "tensorflow_datasets"]


def tfds_builder(name, data_dir=None, download=False):
    """TensorFlow Datasets and its builder of a set, which is downloaded if allowed.

    Raises:
        ValueError: If the set is not found and must not or cannot be downloaded.
        ImportError: If TensorFlow Datasets is not installed.
    """
    place = find_set(name, data_dir)
    if place is None and not download:
        raise _unknown_set_error(name, data_dir)
    tfds = optional_import("tensorflow_datasets", "datasets", f"The dataset {name!r}")
    return tfds, _builder(tfds, name, place, data_dir)


def _builder(tfds, name, place, data_dir):
    """A TFDS builder of the set at `place`; where there is none it is downloaded."""
    if place is not None:
        try:
            return tfds.builder_from_directory(place)
        except Exception as error:
            raise ValueError(f"{str(place)!r} cannot be read: {error}") from error
    try:
        builder = tfds.builder(name, data_dir=data_dir)
        builder.download_and_prepare()
    except Exception as error:
        raise ValueError(f"{name!r} could not be downloaded: {error}") from error
    return builder


def _unknown_set_error(name, data_dir):
    places = places_of(data_dir)
    found = sorted(
        {
            info.parent.parent.relative_to(place).as_posix()
            for place in places
            for depth in ("*/*", "*/*/*")
            for info in place.glob(f"{depth}/dataset_info.json")
        }
    )
    near = difflib.get_close_matches(name, found)
    return MissingSetError(
        f"There is no dataset {name!r}: looked for {name}/<version>/dataset_info.json "
        f"in {', '.join(map(str, places))}. "
        + (f"Did you mean {' or '.join(near)}? " if near else "")
        + f"Found there: {', '.join(found) or 'none'}. Point `data_dir` or the "
        "environment variable TFDS_DATA_DIR at a TFDS directory that holds it, or pass "
        "`download=True`, on the command line --download."
    )


def _version(info):
    return [int(part) if part.isdigit() else -1 for part in info.parent.name.split(".")]


def _key_of(features, kind, preferred):
    keys = [key for key, feature in features.items() if isinstance(feature, kind)]
    return preferred if preferred in keys else (keys or [None])[0]


def fitted(image, from_shape, to_shape):
    """Crops, resizes with antialiasing and converts the channels, if needed."""
    if tuple(from_shape) == tuple(to_shape):
        return image
    height, width, channels = to_shape
    if from_shape[-1] == 3 and channels == 1:
        image = tf.image.rgb_to_grayscale(image)
    elif from_shape[-1] == 1 and channels == 3:
        image = tf.image.grayscale_to_rgb(image)
    if tuple(from_shape[:2]) != (height, width):
        shape = tf.cast(tf.shape(image)[:2], tf.float32)
        scale = tf.reduce_min(shape / tf.constant([height, width], tf.float32))
        size = tf.cast(
            tf.round(scale * tf.constant([height, width], tf.float32)), "int32"
        )
        image = tf.image.resize_with_crop_or_pad(image, size[0], size[1])
        image = tf.image.resize(image, (height, width), "lanczos3", antialias=True)
        image = tf.cast(tf.clip_by_value(tf.round(image), 0, 255), tf.uint8)
    return tf.ensure_shape(image, to_shape)


def check_image_shape(image_shape):
    """Raises a ValueError unless this is a shape of grey or colour images, or None."""
    if image_shape is None:
        return
    check_sizes("image_shape", image_shape)
    if len(image_shape) != 3 or image_shape[2] not in (1, 3):
        raise ValueError(
            "`image_shape` must be (height, width, 1 or 3). Received: "
            f"{tuple(image_shape)}"
        )
