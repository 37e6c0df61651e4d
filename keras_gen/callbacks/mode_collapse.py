"""A warning when the samples of a generator are all alike."""

import warnings

import keras
import numpy as np

from keras_gen.arguments import check_count
from keras_gen.random import check_seed

_REMEDIES = (
    "Remedies: a lower learning rate or `instance_noise` for the discriminator, "
    "`label_smoothing`, a `MinibatchStandardDeviation` layer in it, or `WGANGP`."
)


class ModeCollapse(keras.callbacks.Callback):
    """Measures the variety of samples after each epoch, and warns if it is lost.

    With an extractor it reports `smallest_class`, the fraction of samples in the rarest
    class, and warns of classes that have less than a fifth of an equal fraction. The
    classes should be about equally frequent in the data. Without an extractor it
    reports `relative_distance`, the mean distance between samples divided by the mean
    distance between images, and warns if it is below one half. It is 0 if all samples
    are the same.

    Args:
        images: Array of at least two examples of the data. The first `num_samples` are
            compared. None if you pass `extractor`.
        extractor: Optional function from uint8 images to an object with
            `probabilities` of shape `(num, num_classes)`, such as a
            `keras_gen.metrics.FeatureExtractor`.
        num_samples: Integer of at least 2.
        epochs: Integer of at least 1. Samples are measured after epoch `epochs`,
            `2 * epochs` and so on; NaN is reported after the others.
        seed: Integer in [0, 2**31), the seed of the samples.

    Raises:
        ValueError: If you pass neither or both of `images` and `extractor`, or an
            argument is wrong.
    """

    def __init__(self, images=None, extractor=None, num_samples=1000, epochs=1, seed=0):
        super().__init__()
        if (images is None) == (extractor is None):
            raise ValueError(
                "Give either `images`, to compare distances, or `extractor`, to count "
                "classes."
            )
        check_count(num_samples, "num_samples", 2)
        check_count(epochs, "epochs", 1)
        if images is not None and len(images) < 2:
            raise ValueError(
                f"`images` must hold at least two images. Received: {len(images)}"
            )
        self.spread = None if images is None else mean_distance(images[:num_samples])
        if self.spread == 0:
            raise ValueError("`images` are all the same, so they show no variety.")
        self.extractor = extractor
        self.num_samples = num_samples
        self.epochs = epochs
        self.seed = check_seed(seed)

    def on_epoch_end(self, epoch, logs=None) -> None:
        name = "relative_distance" if self.extractor is None else "smallest_class"
        logs = {} if logs is None else logs
        # `CSVLogger` fixes its columns in the first epoch.
        logs[name] = float("nan")
        if (epoch + 1) % self.epochs:
            return
        samples = self.model.sample(self.num_samples, self.seed)
        if self.extractor is None:
            logs[name] = self._distance(samples)
        else:
            logs[name] = self._rarest(samples)

    def _rarest(self, samples):
        found = self.extractor(self.model.x_domain.to_bytes(samples)).probabilities
        num_classes = found.shape[1]
        counts = np.bincount(found.argmax(axis=1), minlength=num_classes)
        shares = counts / len(samples)
        rare = np.flatnonzero(shares < 0.2 / num_classes)
        if rare.size:
            listed = ", ".join(f"class {i}: {shares[i]:.2%}" for i in rare)
            warnings.warn(
                f"Mode collapse: {rare.size} of {num_classes} classes are almost "
                f"missing from the samples ({listed}). {_REMEDIES}",
                UserWarning,
                stacklevel=2,
            )
        return float(shares.min())

    def _distance(self, samples):
        relative = mean_distance(samples) / self.spread
        if relative < 0.5:
            warnings.warn(
                "Mode collapse: samples are on average only "
                f"{relative:.2f} times as far from each other as images are. "
                f"{_REMEDIES}",
                UserWarning,
                stacklevel=2,
            )
        return relative


def mean_distance(images) -> float:
    """The mean Euclidean distance between two different images, a float.

    Args:
        images: Array of shape `(num, ...)`, `num` at least 2.
    """
    flat = np.asarray(images, np.float64).reshape(len(images), -1)
    flat = flat - flat.mean(axis=0)
    squares = np.square(flat).sum(axis=1)
    squared = squares[:, None] + squares - 2.0 * flat @ flat.T
    total = np.sqrt(np.maximum(squared, 0.0)[~np.eye(len(flat), dtype=bool)]).sum()
    return float(total / (len(flat) * (len(flat) - 1)))
