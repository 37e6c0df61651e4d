"""Distances between samples and test images.

Everything that is compared goes through one extractor as bytes. Beside each number of
samples stand two others by the same protocol: that of training images in place of
samples, and that of uniform noise. They show what a number means.
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
from keras_gen.random import Rows, permutation
from keras_gen.zoo.evaluation.extraction import extractor, extractor_of
from keras_gen.zoo.evaluation.measures import share
from keras_gen.zoo.shards.files import read_index, read_shards
from keras_gen.zoo.shelf.entry import Entry
from keras_gen.zoo.shelf.recipes import first_examples

#: Numbers of samples at which the Fréchet distance is taken to show its bias.
CURVE = (500, 1000, 2000, 5000, 10_000)
_NEIGHBOURS = {"k_precision_recall": 3, "k_density_coverage": 5, "kernel_block": 1000}
# Parts of the images that are left out in turn, to find standard errors.
_PARTS = 10
# The share of test images that are nearer to a training image than a copy may be.
_NEAREST_SHARE = 0.01


def distances(model, recipe, data, protocol):
    """How far samples are from test images in the features of the recipe's extractor.

    Returns:
        A result whose value is the Fréchet distance. Its `columns` hold that and the
        others, each with the mean over the sampling seeds (`model`), the
        `standard_error` of one seed's samples and the test images, and the numbers of
        `training_images` and of `noise`; `classes` the counts of the first seed's
        classes beside those expected; `curve` the Fréchet distance over the number of
        samples.
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
            # Of new images like the test images, whose own number adds to it.
            "chi_square": histogram.degrees_of_freedom
            * (1 + protocol.num_samples / len(real.test.features)),
        },
        "curve": _curve(real, sampled),
        "protocol": {
            "extractor": extract.name,
            "num_samples": protocol.num_samples,
            "num_images": len(real.test.features),
            "num_training_images": len(real.training),
            **stated,
            **_NEIGHBOURS,
        },
    }


def _sampled(model, extract, protocol):
    """Features of sets of samples, a list, and what these were drawn with, a dict."""
    if protocol.samples is not None:
        stated = _drawn_with(protocol)
        features, _ = _in_shards(extract, protocol)
        return [features], {"seeds": [stated.pop("seed")], **stated}
    seeds = list(range(protocol.seed, protocol.seed + protocol.num_seeds))
    samples = (model.sample(protocol.num_samples, seed) for seed in seeds)
    return [extract(model.x_domain.to_bytes(some)) for some in samples], {
        "seeds": seeds
    }


def label_accuracy(model, recipe, data, protocol):
    """The share of samples that the extractor classifies as their label.

    Sampled without labels, row `i` has the label `i` modulo the number of classes.
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
    stated = {key: index[key] for key in ("seed", "labels", "temperature")}
    return {key: value for key, value in stated.items() if value is not None}


class _Images(NamedTuple):
    """What is compared of a set of images: three arrays with a row for each.

    Attributes:
        features: Array of shape `(num_images, num_features)`.
        probabilities: Array of shape `(num_images, num_classes)`.
        nearest: Array of shape `(num_images,)`, distances to the nearest training
            image; None for training images, which are at no distance from themselves.
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

        num_training = max(protocol.num_samples, protocol.num_training_images)
        training = features_of(f"train[:{num_training}]", num_training)
        self.training = training.features[: protocol.num_training_images]
        self.training_images = _Images(
            *(part[: protocol.num_samples] for part in training), nearest=None
        )
        self.test = self.compared(features_of("test", protocol.num_images))

    def compared(self, features):
        """`_Images` of the `Features` of some images."""
        nearest = nearest_neighbours(features.features, self.training).distances[:, 0]
        return _Images(*features, nearest)


def _row(test, images):
    """All columns of one set of images: a dict of floats."""
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
    """How the columns vary with the images and the test images: a dict of floats.

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
    """Classes of images, against those that the extractor sees in test images."""
    num_classes = test.probabilities.shape[1]
    seen = np.bincount(test.probabilities.argmax(axis=1), minlength=num_classes)
    return class_histogram(
        images.probabilities.argmax(axis=1), num_classes, seen / seen.sum()
    )


def _curve(real, sampled):
    """Fréchet distances of equally many samples and test images."""
    # The order of a test set may mean something: the first half of that of MNIST is
    # easier than the second.
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
