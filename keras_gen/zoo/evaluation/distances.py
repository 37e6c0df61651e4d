"""Distances between samples and test images.

Samples, test images, training images and noise go through one extractor, as bytes. Each
measure is also taken of training images and of uniform noise in place of samples. Read
the number of a model beside these two.
"""

from typing import NamedTuple

import numpy as np

from keras_gen.images import to_uint8
from keras_gen.metrics import (
    Features,
    class_histogram,
    class_score,
    frechet_distance,
    kernel_distance,
    nearest_neighbours,
    precision_recall_density_coverage,
)
from keras_gen.metrics.memorization import win_rate
from keras_gen.models.base import ONE_BY_DEFAULT
from keras_gen.random import Rows, permutation
from keras_gen.zoo.evaluation.extraction import extractor, extractor_of
from keras_gen.zoo.evaluation.measures import share
from keras_gen.zoo.shards.files import read_index, read_shards
from keras_gen.zoo.shelf.entry import Entry
from keras_gen.zoo.shelf.recipes import first_examples

#: Numbers of samples for which the Fréchet distance is computed, to show its bias.
CURVE = (500, 1000, 2000, 5000, 10_000)
_NEIGHBOURS = {"k_precision_recall": 3, "k_density_coverage": 5, "kernel_block": 1000}
# The images are left out in this many parts, one after the other.
_PARTS = 10
# A near copy is nearer to a training image than all but this share of test images.
_NEAREST_SHARE = 0.01


def distances(model, recipe, data, protocol) -> dict:
    """Distances between samples and test images, in the features of an extractor.

    The recipe names the extractor.

    Returns:
        A result whose value is the Fréchet distance. `columns` holds this and the other
        measures, each with the mean over the sampling seeds (`model`), the
        `standard_error` over the samples of one seed and the test images, and the
        numbers of `training_images` and of `noise`. `classes` holds how many samples of
        the first seed are in each class, and how many are expected. `curve` holds the
        Fréchet distance over the number of samples.
    """
    entry = Entry(recipe.extractor)
    extract = extractor_of(entry)
    real = _Real(extract, entry.recipe, protocol)
    features, stated = _sampled(model, extract, protocol)
    sampled = [real.compared(some) for some in features]
    noise = Rows(protocol.num_samples, protocol.seed).bits(extract.image_shape, "noise")
    noise = real.compared(extract((noise.numpy() & 255).astype(np.uint8)))
    rows = [_row(real.test, some) for some in sampled]
    errors = _standard_errors(real.test, sampled[0])
    references = {
        "training_images": _row(real.test, real.training_images),
        "noise": _row(real.test, noise),
    }
    columns = {
        name: {
            "model": float(np.mean([row[name] for row in rows])),
            "standard_error": error,
            **{reference: row[name] for reference, row in references.items()},
        }
        for name, error in errors.items()
    }
    histogram = _histogram(real.test, sampled[0])
    return {
        "metric": f"FD[{extract.name}]",
        "value": columns["FD"]["model"],
        "unit": "squared units of the features",
        "standard_error": columns["FD"]["standard_error"],
        "columns": columns,
        "classes": {
            "counts": histogram.counts.tolist(),
            "expected": histogram.expected.tolist(),
            # That of images like the test images, which are themselves a sample.
            "expected_chi_square": histogram.degrees_of_freedom
            * (1 + protocol.num_samples / len(real.test.features)),
        },
        "curve": _curve(real, sampled),
        "protocol": {
            "extractor": extract.name,
            "num_samples": protocol.num_samples,
            "num_images": len(real.test.features),
            "num_training_images": len(real.training),
            **({} if real.split == "test" else {"split": real.split}),
            **stated,
            **_NEIGHBOURS,
        },
    }


def _sampled(model, extract, protocol):
    """Features of the sets of samples, and a dict of what they were drawn with."""
    if protocol.samples is not None:
        stated = _drawn_with(protocol)
        features, _ = _in_shards(extract, protocol)
        return [features], {"seeds": [stated.pop("seed")], **stated}
    seeds = list(range(protocol.seed, protocol.seed + protocol.num_seeds))
    samples = (model.sample(protocol.num_samples, seed) for seed in seeds)
    return [extract(model.x_domain.to_bytes(some)) for some in samples], {
        "seeds": seeds
    }


def label_accuracy(model, recipe, data, protocol) -> dict:
    """The percentage of samples that the extractor classifies as their label.

    By default, row `i` has the label `i` modulo the number of classes.
    """
    extract = extractor(recipe.extractor)
    if protocol.samples is None:
        samples = model.sample(protocol.num_samples, protocol.seed)
        features = extract(model.x_domain.to_bytes(samples))
        labels = model.y_domain.in_turn(protocol.num_samples)
        stated = {"seed": protocol.seed}
    else:
        features, labels = _in_shards(extract, protocol)
        stated = _drawn_with(protocol)
    return {
        "metric": f"label accuracy[{extract.name}]",
        **share(features.probabilities.argmax(axis=1) == labels),
        "protocol": {
            "extractor": extract.name,
            "num_samples": protocol.num_samples,
            **stated,
        },
    }


def _in_shards(extract, protocol):
    """Features and labels of the samples in a folder of shards, a shard at a time."""
    batches = read_shards(protocol.samples, num_samples=protocol.num_samples)
    parts, labels = zip(*((extract(i), label) for i, label in batches), strict=True)
    features = Features(*(np.concatenate(part) for part in zip(*parts, strict=True)))
    return features, None if labels[0] is None else np.concatenate(labels)


def _drawn_with(protocol):
    """What the samples in a folder of shards were drawn with."""
    index = read_index(protocol.samples)
    keys = ("seed", "labels", *ONE_BY_DEFAULT)
    return {key: index[key] for key in keys if index.get(key) is not None}


class _Images(NamedTuple):
    """What is compared of a set of images: three arrays with a row for each.

    Attributes:
        features: Array of shape `(num_images, num_features)`.
        probabilities: Array of shape `(num_images, num_classes)`.
        nearest: Array of shape `(num_images,)`, distances to the nearest training
            image; None for training images, whose distance from themselves is 0.
    """

    features: np.ndarray
    probabilities: np.ndarray
    nearest: np.ndarray | None

    def without(self, part):
        """The images without one of the parts."""
        # At random: the order of images may mean something, such as labels in turn.
        order = permutation(len(self.features), 0, "part").numpy()
        return _Images(*(values[order % _PARTS != part] for values in self))


class _Real:
    """Test images and training images, as seen by an extractor."""

    def __init__(self, extract, recipe, protocol):
        def features_of(split, num):
            data = recipe.data(split, training=False)
            return extract(to_uint8(first_examples(data, num)[0], recipe.image_range))

        self.split = protocol.split
        if self.split != "test":
            # Other images than `training_images`.
            self.split = f"train[-{protocol.num_images}:]"
        num_training = max(protocol.num_samples, protocol.num_training_images)
        training = features_of(f"train[:{num_training}]", num_training)
        self.training = training.features[: protocol.num_training_images]
        self.training_images = _Images(
            *(part[: protocol.num_samples] for part in training), nearest=None
        )
        self.test = self.compared(features_of(self.split, protocol.num_images))

    def compared(self, features):
        """`_Images` of the `Features` of some images."""
        nearest = nearest_neighbours(features.features, self.training).distances[:, 0]
        return _Images(*features, nearest)


def _row(test, images):
    """All measures of one set of images, a dict of floats."""
    real, fake = test.features, images.features
    precision, density = precision_recall_density_coverage(
        real, fake, _NEIGHBOURS["k_precision_recall"], _NEIGHBOURS["k_density_coverage"]
    )
    return {
        "FD": frechet_distance(real, fake),
        "KD": kernel_distance(real, fake, _NEIGHBOURS["kernel_block"]).value,
        "precision": precision.precision,
        "recall": precision.recall,
        "density": density.density,
        "coverage": density.coverage,
        "class_score": class_score(images.probabilities).value,
        "chi_square": _histogram(test, images).chi_square,
        **_memorization(test.nearest, images.nearest),
    }


def _memorization(of_test, of_images):
    """Whether images are nearer to training images than test images are."""
    if of_images is None:
        return {"memorization": None, "near_copies": None}
    near = np.quantile(of_test, _NEAREST_SHARE)
    return {
        "memorization": win_rate(of_images, of_test),
        "near_copies": float(np.mean(of_images < near)),
    }


def _standard_errors(test, images):
    """Standard errors over the images and the test images, a dict of floats.

    Reference:
        Efron and Stein, "The Jackknife Estimate of Variance", 1981, Annals of
        Statistics 9, here with a tenth of both sets left out at a time.
    """
    rows = [_row(test.without(part), images.without(part)) for part in range(_PARTS)]
    return {
        name: float(np.sqrt(_PARTS - 1) * np.std([row[name] for row in rows]))
        for name in rows[0]
    }


def _histogram(test, images):
    """Predicted classes of images, compared with those of the test images."""
    num_classes = test.probabilities.shape[1]
    seen = np.bincount(test.probabilities.argmax(axis=1), minlength=num_classes)
    return class_histogram(
        images.probabilities.argmax(axis=1), num_classes, seen / seen.sum()
    )


def _curve(real, sampled):
    """Fréchet distances between equal numbers of samples and test images."""
    # A test set can be sorted: the first half of MNIST's is easier than the second.
    order = permutation(len(real.test.features), 0, "curve").numpy()
    most = min(len(order), len(sampled[0].features))
    sizes = [size for size in CURVE if size <= most]

    def distance(images, size):
        return frechet_distance(
            real.test.features[order[:size]], images.features[:size]
        )

    return {
        "num_samples": sizes,
        "model": [
            float(np.mean([distance(some, size) for some in sampled])) for size in sizes
        ],
        "training_images": [distance(real.training_images, size) for size in sizes],
    }
