"""Images in a NumPy file, such as USPS."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_gen.datasets.sources import (
    Source,
    bytes_domain,
    check_image_shape,
    fitted,
    places_of,
    split_error,
)
from keras_gen.datasets.splits import MissingSplitError, slices_of

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
    sizes = {name: len(arrays[name + _IMAGES]) for name in names}
    try:
        slices = slices_of(split, sizes)
    except MissingSplitError as error:
        raise split_error(str(path), split, sizes) from error
    has_labels = all(name + _LABELS in arrays for name in names)
    images, labels = [], []
    for name, first, last in slices:
        images.append(_as_bytes(arrays[name + _IMAGES][first:last], name, path))
        given = arrays[name + _LABELS][first:last] if has_labels else None
        labels.append(_checked_labels(given, last - first, name, path))
    images, labels = np.concatenate(images), np.concatenate(labels)
    if not len(images):
        raise MissingSplitError(
            f"`split` of {path} holds no images. Received: {split!r}"
        )
    shape = tuple(images.shape[1:])
    domain = bytes_domain(image_shape or shape)
    most = max((arrays[n + _LABELS].max() for n in names if has_labels), default=-1)
    elements = tf.data.Dataset.from_tensor_slices((images, labels))
    return Source(
        f"{path.stem}/{split}",
        len(images),
        domain,
        elements.map(lambda image, label: (fitted(image, shape, domain.shape), label)),
        [str(label) for label in range(most + 1)],
    )


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


def _as_bytes(images, name, path):
    """Uint8 images of shape `(num, height, width, channels)`."""
    images = images[..., None] if images.ndim == 3 else images
    where = f"{name + _IMAGES!r} of {str(path)!r}"
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(
            f"{where} must have shape (num, height, width) or (num, height, width, 1 "
            f"or 3). Received: {images.shape}"
        )
    if images.dtype == np.uint8:
        return images
    if images.dtype != np.int16 or images.size and np.abs(images).max() > 1000:
        raise ValueError(
            f"{where} must be of type uint8, or of type int16 from -1000 to 1000. "
            f"Received: {images.dtype}, from {images.min()} to {images.max()}"
        )
    return np.rint((images.astype(np.float64) + 1000) * (255 / 2000)).astype(np.uint8)


def _checked_labels(labels, num, name, path):
    """Int32 labels, -1 where there are none."""
    if labels is None:
        return np.full(num, -1, np.int32)
    is_wrong = labels.dtype.kind not in "iu" or labels.shape != (num,)
    if is_wrong or num and labels.min() < 0:
        raise ValueError(
            f"{name + _LABELS!r} of {str(path)!r} must be an integer of at least 0 for "
            f"each image. Received: {labels.dtype} of shape {labels.shape}"
        )
    return labels.astype(np.int32)
