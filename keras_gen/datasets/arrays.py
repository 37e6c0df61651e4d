"""Images in a NumPy file, such as USPS."""

from pathlib import Path

import numpy as np

from keras_gen.datasets.sources import (
    Source,
    check_image_shape,
    images_source,
    places_of,
    slices_of_set,
)
from keras_gen.datasets.splits import MissingSplitError

_IMAGES, _LABELS = "_images", "_labels"


def find_arrays(name, data_dir=None) -> Path | None:
    """The `.npz` file of a path or a name, or None.

    The file of the name `usps` is `usps/usps.npz` in one of the places of data sets.
    """
    if Path(name).suffix == ".npz":
        return Path(name).expanduser()
    files = (place / name / f"{name}.npz" for place in places_of(data_dir))
    return next((file for file in files if file.is_file()), None)


def arrays_source(path, split, image_shape=None) -> Source:
    """The images of a split of a `.npz` file.

    Its arrays are `<split>_images` of shape `(num, height, width)` or `(num, height,
    width, channels)`, and perhaps integers `<split>_labels`. Values are bytes, or of
    type int16 and thousandths of values from -1 to 1, as USPS is kept; these become the
    nearest bytes.

    Args:
        path: Path of the file.
        split: String, splits or slices of them in TFDS form.
        image_shape: As in `keras_gen.datasets.load()`.

    Raises:
        ValueError: If the file cannot be read or holds other arrays, or there is no
            such split.
    """
    check_image_shape(image_shape)
    arrays = _read(path)
    names = [n.removesuffix(_IMAGES) for n in arrays if n.endswith(_IMAGES)]
    for name in names:
        _check_images(arrays[name + _IMAGES], name, path)
    sizes = {name: len(arrays[name + _IMAGES]) for name in names}
    slices = slices_of_set(str(path), split, sizes)
    labels_of = {name: np.full(size, -1, np.int32) for name, size in sizes.items()}
    if all(name + _LABELS in arrays for name in names):
        for name, size in sizes.items():
            labels_of[name] = _checked_labels(arrays[name + _LABELS], size, name, path)
    images = np.concatenate([_as_bytes(arrays[n + _IMAGES][a:b]) for n, a, b in slices])
    labels = np.concatenate([labels_of[n][a:b] for n, a, b in slices])
    if not len(images):
        raise MissingSplitError(
            f"`split` of {path} holds no images. Received: {split!r}"
        )
    most = max(of_split.max(initial=-1) for of_split in labels_of.values())
    classes = [str(label) for label in range(most + 1)]
    name = f"{path.stem}/{split}"
    return images_source(name, images, labels, classes, image_shape)


def _read(path):
    """The arrays of a file, a dict. Nothing is unpickled."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
    except (OSError, ValueError, AttributeError) as error:
        raise ValueError(f"{str(path)!r} is no .npz file of arrays: {error}") from None
    if not any(name.endswith(_IMAGES) for name in arrays):
        raise ValueError(
            f"{str(path)!r} must hold arrays such as 'train_images'. It holds: "
            f"{', '.join(arrays) or 'nothing'}"
        )
    return arrays


def _check_images(images, name, path):
    where = f"{name + _IMAGES!r} of {str(path)!r}"
    if images.ndim not in (3, 4) or images.ndim == 4 and images.shape[-1] not in (1, 3):
        raise ValueError(
            f"{where} must have shape (num, height, width) or (num, height, width, 1 "
            f"or 3). Received: {images.shape}"
        )
    bounds = (images.min(), images.max()) if images.size else (0, 0)
    is_far = images.dtype == np.int16 and (bounds[0] < -1000 or bounds[1] > 1000)
    if images.dtype not in (np.uint8, np.int16) or is_far:
        raise ValueError(
            f"{where} must be of type uint8, or of type int16 from -1000 to 1000. "
            f"Received: {images.dtype}, from {bounds[0]} to {bounds[1]}"
        )


def _as_bytes(images):
    """Uint8 images of shape `(num, height, width, channels)`."""
    images = images[..., None] if images.ndim == 3 else images
    if images.dtype == np.uint8:
        return images
    return np.rint((images.astype(np.float64) + 1000) * (255 / 2000)).astype(np.uint8)


def _checked_labels(labels, num, name, path):
    """Int32 labels of all images of a split."""
    is_wrong = labels.dtype.kind not in "iu" or labels.shape != (num,)
    if is_wrong or num and labels.min() < 0:
        raise ValueError(
            f"{name + _LABELS!r} of {str(path)!r} must be an integer of at least 0 for "
            f"each image. Received: {labels.dtype} of shape {labels.shape}"
        )
    return labels.astype(np.int32)
