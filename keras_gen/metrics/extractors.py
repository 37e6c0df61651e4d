"""Feature extractors: networks that turn images into features for distances.

A common silent error is to give a network images in another range than the one it was
trained on. An extractor therefore takes bytes, whose range is known, or floats together
with their range.
"""

import hashlib
import os
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, check_sizes

_BATCH_SIZE = 250
_INCEPTION_FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels.h5"
_INCEPTION_URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/"
    + _INCEPTION_FILE
)
_INCEPTION_MD5 = "9a0d58056eeedaa3f26cb7ebd46da564"
_INCEPTION_SIDE = 299


class Features(NamedTuple):
    """What an extractor computes from images.

    Attributes:
        features: Float32 array of shape `(num_images, num_features)`.
        probabilities: Float32 array of shape `(num_images, num_classes)`.
    """

    features: np.ndarray
    probabilities: np.ndarray


class FeatureExtractor:
    """A network whose features are used to compare images, with a name for reports.

    Distances in the features of different extractors do not compare. The name should
    tell extractors apart, for instance by a part of the checksum of the weights.

    Args:
        name: String, for reports: `f"FD[{extractor.name}]"`.
        network: Built `keras.Model` from images to two outputs: features of shape
            `(batch, num_features)` and class probabilities of shape
            `(batch, num_classes)`.
        image_shape: Tuple `(height, width, channels)`, the shape of an image that the
            network takes.
        image_range: Pair of floats, the values of black and of white in the images that
            the network was trained on.

    Raises:
        ValueError: If an argument is not as stated.

    Example:
    >>> import keras
    >>> import numpy as np
    >>> from keras_gen.metrics import FeatureExtractor
    >>> images = keras.Input((4, 4, 1))
    >>> pixels = keras.layers.Flatten()(images)
    >>> classes = keras.layers.Dense(3, "softmax")(pixels)
    >>> network = keras.Model(images, [pixels, classes])
    >>> extractor = FeatureExtractor("pixels", network, (4, 4, 1), (0.0, 1.0))
    >>> seen = extractor(np.full((5, 4, 4, 1), 255, np.uint8))
    >>> seen.features.shape, seen.features.max(), seen.probabilities.shape
    ((5, 16), np.float32(1.0), (5, 3))
    """

    def __init__(self, name, network, image_shape, image_range):
        check_sizes("image_shape", image_shape)
        low, high = image_range
        if not low < high:
            raise ValueError(
                "`image_range` must be the values of black and white, the lower first. "
                f"Received: {image_range}"
            )
        self.name = name
        self.network = network
        self.image_shape = tuple(image_shape)
        self.image_range = (float(low), float(high))
        _check_network(network, self.image_shape)
        self._extract = tf.function(
            lambda images: network(images, training=False),
            input_signature=[tf.TensorSpec((None, *self.image_shape), tf.float32)],
        )

    def __call__(self, images, image_range=None, batch_size=_BATCH_SIZE) -> Features:
        """Computes features and class probabilities of images.

        Args:
            images: Array of shape `(num_images, *image_shape)`, uint8 or floats.
            image_range: Pair of floats, the range of `images`. Required for floats, and
                then it must be the range of the extractor; not allowed for uint8.
            batch_size: Integer of at least 1.

        Returns:
            `Features`.

        Raises:
            ValueError: If there are no images, their shape, dtype or range is wrong, or
                a value is NaN.
        """
        check_count(batch_size, "batch_size", 1)
        images = np.asarray(images)
        self._check_shape(images)
        if images.dtype == np.uint8:
            self._check_bytes(image_range)
        else:
            self._check_numbers(images, image_range)
        parts = [
            self._extract(self._scaled(images[first : first + batch_size]))
            for first in range(0, len(images), batch_size)
        ]
        return Features(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def _scaled(self, images):
        """Images in the range of the network, float32."""
        if images.dtype != np.uint8:
            return images.astype(np.float32)
        low, high = self.image_range
        return images.astype(np.float32) * np.float32((high - low) / 255) + low

    def _check_shape(self, images):
        if images.ndim == 0 or len(images) == 0:
            raise ValueError(
                f"`images` holds no images for {self.name}. Received shape: "
                f"{images.shape}"
            )
        if images.shape[1:] != self.image_shape:
            raise ValueError(
                f"`images` must have shape (num_images, "
                f"{', '.join(map(str, self.image_shape))}) for {self.name}. Received "
                f"shape: {images.shape}"
            )

    def _check_bytes(self, image_range):
        if image_range is not None:
            raise ValueError(
                f"`image_range` must be left out with uint8 images: {self.name} scales "
                f"them to its own range {self.image_range}. Received: {image_range}"
            )

    def _check_numbers(self, images, image_range):
        if images.dtype.kind != "f":
            raise ValueError(
                f"`images` must be uint8, or floats in {self.image_range}, for "
                f"{self.name}. Received dtype: {images.dtype}"
            )
        if image_range is None or tuple(image_range) != self.image_range:
            raise ValueError(
                f"{self.name} takes floats in {self.image_range}: pass this range as "
                f"`image_range`, or pass uint8 images. Received: "
                f"image_range={image_range}"
            )
        least, most = images.min(), images.max()
        if np.isnan(least):
            raise ValueError(
                f"`images` holds NaN: {np.isnan(images).sum()} of {images.size} values "
                f"for {self.name}."
            )
        low, high = self.image_range
        if least < low or most > high:
            raise ValueError(
                f"`images` must lie in {self.image_range}, the range of {self.name}. "
                f"Received values from {least} to {most}"
            )


def inception_v3(image_shape, weights=None) -> FeatureExtractor:
    """Inception-v3 on ImageNet, the extractor that papers use for colour images.

    Its features are the 2048 outputs of the last pooling; its classes are the 1000 of
    ImageNet. Images are resized to 299 x 299 by bicubic interpolation with
    antialiasing, as Parmar et al. recommend: without antialiasing a distance measures
    the resizing.

    NOTE: The weights are those of `keras.applications`, not those of the TensorFlow
    graph of 2015 that defines FID. Distances compare with others under the same
    extractor name, not with the FID of a paper.

    Args:
        image_shape: Tuple `(height, width, 3)`, the shape of an image before resizing.
        weights: Optional path of a file with the weights of
            `keras.applications.InceptionV3`, including its last layer. By default Keras
            downloads them.

    Returns:
        `FeatureExtractor` for uint8 images, named by the sha256 of the weights.

    Raises:
        ValueError: If `image_shape` has not three channels, the weights cannot be
            downloaded, or the file is missing or belongs to another network.

    Reference:
        Szegedy et al., "Rethinking the Inception Architecture for Computer Vision",
        2015, arXiv:1512.00567; Heusel et al., "GANs Trained by a Two Time-Scale Update
        Rule Converge to a Local Nash Equilibrium", 2017, arXiv:1706.08500; Parmar,
        Zhang and Zhu, "On Aliased Resizing and Surprising Subtleties in GAN
        Evaluation", 2022, arXiv:2104.11222.
    """
    check_sizes("image_shape", image_shape)
    if len(image_shape) != 3 or image_shape[-1] != 3:
        raise ValueError(
            f"`image_shape` must be (height, width, 3). Received: {image_shape}"
        )
    path = _fetched_inception() if weights is None else weights
    if not os.path.isfile(path):
        raise ValueError(f"`weights` names no file. Received: {str(path)!r}")
    inception = keras.applications.InceptionV3(weights=None)
    try:
        inception.load_weights(path)
    except (ValueError, KeyError, OSError) as error:
        raise ValueError(
            f"`weights` must be those of keras.applications.InceptionV3 with its "
            f"classes. Received {str(path)!r}: {error}"
        ) from error
    both = keras.Model(
        inception.input, [inception.get_layer("avg_pool").output, inception.output]
    )
    images = keras.Input(tuple(image_shape), name="images")
    network = keras.Model(images, both(_resized(images)), name="inception_v3")
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FeatureExtractor(
        f"inception_v3@{digest[:8]}", network, image_shape, (-1.0, 1.0)
    )


def _resized(images):
    return keras.ops.image.resize(
        images,
        (_INCEPTION_SIDE, _INCEPTION_SIDE),
        interpolation="bicubic",
        antialias=True,
        data_format="channels_last",
    )


def _fetched_inception():
    """The path of the weights of `keras.applications`, which Keras downloads once."""
    try:
        return keras.utils.get_file(
            _INCEPTION_FILE,
            _INCEPTION_URL,
            cache_subdir="models",
            file_hash=_INCEPTION_MD5,
        )
    except Exception as error:  # Keras raises a bare Exception where there is no net.
        raise ValueError(
            f"The weights of Inception-v3 cannot be downloaded from {_INCEPTION_URL} "
            f"({error}). Download that file elsewhere and pass its path: "
            f"inception_v3(image_shape, weights='{_INCEPTION_FILE}')."
        ) from error


def _check_network(network, image_shape):
    if not isinstance(network, keras.Model) or not network.built:
        raise ValueError(f"`network` must be a built keras.Model. Received: {network}")
    taken = getattr(network, "input_shape", None)
    if taken is None or tuple(taken)[1:] != image_shape:
        raise ValueError(
            f"`network` must take images of shape {image_shape}, the `image_shape`. "
            f"Received one that takes: {taken}"
        )
    given = network.output_shape
    if not (isinstance(given, list) and [len(shape) for shape in given] == [2, 2]):
        raise ValueError(
            "`network` must have two outputs, features (batch, num_features) and "
            f"probabilities (batch, num_classes). Received shapes: {given}"
        )
