"""Folders of images: their splits, their classes and their pictures."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps

from keras_gen.datasets.sources import (
    Source,
    bytes_domain,
    check_image_shape,
    find_folder,
    places_of,
    slices_of_set,
)
from keras_gen.datasets.splits import MissingSetError, MissingSplitError
from keras_gen.media import PICTURES, picture_files, read_picture

# Other names of sub-folders that are splits.
_SPLITS = {"val": "validation", "valid": "validation"}


def folder_source(path, image_shape=None, skip_unreadable=False, split=None):
    """Images of a folder.

    Args:
        path: See `keras_gen.datasets.folder()`.
        image_shape: The same.
        skip_unreadable: The same.
        split: Optional string, as in `keras_gen.datasets.load()`. Defaults to all
            images, in the order of their names.
    """
    check_image_shape(image_shape)
    path = Path(path).expanduser()
    files = _picture_files(path)
    name, class_of = str(path), _classes(files, path)
    if split is not None:
        name = f"{path}/{split}"
        files, class_of = _of_split(path, files, split)
    sizes = _sizes(files, skip_unreadable)
    files = list(sizes)
    if image_shape is None:
        image_shape = _one_size(sizes)
    class_names = sorted(set(class_of.values()) - {None})
    beside = [file for file in class_of if class_of[file] is None]
    unlabelled = f": {str(beside[0])!r} lies in no sub-folder" if beside else ""
    if beside:
        class_names = []
    labels = [class_names.index(class_of[f]) if class_names else -1 for f in files]
    paths = tf.data.Dataset.from_tensor_slices(
        ([str(file) for file in files], np.array(labels, np.int32))
    )

    def element(file, label):
        def read(name):
            return _read(name.decode(), image_shape)

        image = tf.numpy_function(read, [file], tf.uint8, stateful=False)
        return tf.ensure_shape(image, image_shape), label

    return Source(
        name,
        len(files),
        bytes_domain(image_shape),
        paths.map(element),
        class_names,
        unlabelled,
    )


def pictures(path, image_shape, batch_size=256) -> Iterator:
    """Reads the pictures of a folder and its sub-folders, in the order of their names.

    Args:
        path: String or path.
        image_shape: Tuple `(height, width, channels)`. Others than of this size are
            cropped and resized.
        batch_size: Integer of at least 1, the pictures in memory at a time.

    Yields:
        Pairs of a list of paths and a uint8 array of shape `(num, *image_shape)`.

    Raises:
        ValueError: If there is no such folder, it holds no picture, or one cannot be
            read.
    """
    check_image_shape(image_shape)
    files = _picture_files(Path(path).expanduser())
    for first in range(0, len(files), batch_size):
        some = files[first : first + batch_size]
        yield some, np.stack([_read(file, image_shape) for file in some])


def photographs(name, data_dir=None) -> Iterator:
    """Reads the pictures of a folder in colour and in their own sizes.

    Args:
        name: String or path, a folder of pictures, or the name of one in the
            directories in which `load()` looks for sets, such as `"kodak"`.
        data_dir: Optional path; no other directory is then searched.

    Returns:
        Iterator of uint8 arrays of shape `(height, width, 3)`, in the order of the
        names of the files.

    Raises:
        ValueError: If the folder is not found (a `MissingSetError`), or a picture
            cannot be read.
    """

    def holds_pictures(place):
        return place.is_dir() and bool(picture_files(place))

    folder = find_folder(name, holds_pictures, data_dir)
    if folder is None:
        raise MissingSetError(
            f"There is no folder of pictures {str(name)!r}: it is no path, and not in "
            f"{', '.join(map(str, places_of(data_dir)))}. Point `data_dir` or the "
            "environment variable TFDS_DATA_DIR at the folder that holds it."
        )
    return (np.asarray(read_picture(f).convert("RGB")) for f in _picture_files(folder))


def _picture_files(path):
    if not path.is_dir():
        raise ValueError(f"There is no folder {str(path)!r}.")
    files = picture_files(path)
    if not files:
        raise ValueError(
            f"The folder {str(path)!r} and its sub-folders hold no image, that is no "
            f"file that ends in {', '.join(PICTURES)}."
        )
    return files


def _classes(files, root):
    """The class of each file: its sub-folder of the first level, or None."""
    return {
        file: None if file.parent == root else file.relative_to(root).parts[0]
        for file in files
    }


def _of_split(path, files, split):
    """The files of a split, and the class of each file of the folder."""
    splits, class_of = _sub_folders(path, files)
    if not splits:
        splits, class_of = _shuffled_parts(path, files), _classes(files, path)
    sizes = {name: len(some) for name, some in splits.items()}
    slices = slices_of_set(str(path), split, sizes, clip=True)
    chosen = [f for name, first, last in slices for f in splits[name][first:last]]
    if not chosen:
        raise MissingSplitError(
            f"`split` of {path} holds no images. Received: {split!r}"
        )
    return chosen, class_of


def _sub_folders(path, files):
    """Splits and classes of a folder with the sub-folder `train`, else `{}, {}`."""
    splits, class_of = {}, {}
    for file, folder in _classes(files, path).items():
        name = _SPLITS.get(folder, folder)
        splits.setdefault(name, []).append(file)
        if folder is not None:
            class_of |= _classes([file], path / folder)
    if "train" not in splits:
        return {}, {}
    if None in splits:
        raise ValueError(
            f"{str(splits[None][0])!r} must be in a split: {str(path)!r} has the "
            "sub-folder 'train'."
        )
    return {name: _shuffled(some, path) for name, some in splits.items()}, class_of


def _shuffled_parts(path, files):
    """The splits of a folder that has none of its own."""
    files = _shuffled(files, path)
    held = max(1, len(files) // 10) if len(files) > 2 else 0
    train = len(files) - 2 * held
    return {
        "train": files[:train],
        "validation": files[train : train + held],
        "test": files[train + held :],
        "all": files,
    }


def _shuffled(files, root):
    """Files in an order that depends on their names alone."""

    def key(file):
        name = file.relative_to(root).as_posix()
        return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()

    return sorted(files, key=key)


def _sizes(files, skip_unreadable):
    """The shapes of those files that can be read, a dict."""
    sizes, unreadable = {}, []
    for file in files:
        try:
            sizes[file] = np.atleast_3d(read_picture(file)).shape
        except ValueError as error:
            unreadable.append(error)
    if unreadable and not (skip_unreadable and sizes):
        raise ValueError(
            f"{len(unreadable)} of {len(files)} images cannot be read. "
            f"{_first(unreadable, '; ')}. Repair or remove them, or pass "
            "`skip_unreadable=True`."
        )
    return sizes


def _one_size(sizes):
    files = list(sizes)
    image_shape = sizes[files[0]]
    others = [file for file in files if sizes[file] != image_shape]
    if others:
        raise ValueError(
            f"{len(others)} of {len(files)} images differ from the first, which is "
            f"{image_shape}: {_first(others)}. Pass `image_shape` to crop and "
            "resize all of them."
        )
    return image_shape


def _read(name, image_shape):
    height, width, channels = image_shape
    image = read_picture(name).convert("L" if channels == 1 else "RGB")
    if (image.height, image.width) != (height, width):
        image = ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
    return np.asarray(image).reshape(image_shape)


def _first(items, between=", ", most=3):
    texts = [str(item) for item in items[:most]]
    return between.join(texts + ["..."] * (len(items) > most))
