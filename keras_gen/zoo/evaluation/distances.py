"""Distances between samples and test images, beside their floor and their ceiling.

Everything that is compared goes through one extractor as bytes. The floor is what
training images get in place of samples, the ceiling what uniform noise gets: a number
means something between the two.
"""

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
CURVE = (1000, 2000, 5000, 10_000)
_NEIGHBOURS = {"k_precision_recall": 3, "k_density_coverage": 5, "kernel_block": 1000}


def distances(model, recipe, data, protocol):
    """How far samples are from test images in the features of the recipe's extractor.

    Returns:
        A result whose value is the Fréchet distance. Its `columns` hold that and the
        others, each with the mean over the sampling seeds (`model`), their
        `standard_deviation`, the `floor` and the `ceiling`; `classes` the counts of
        the first seed's classes beside those expected; `curve` the Fréchet distance
        over the number of samples.
    """
    entry = Entry(recipe.extractor)
    extract = extractor_of(entry)
    real = _Real(extract, entry.recipe, protocol)
    sampled, stated = _sampled(model, extract, protocol)
    noise = Rows(protocol.num_samples, protocol.seed).bits(extract.image_shape, "noise")
    ceiling = extract((noise.numpy() & 255).astype(np.uint8))
    rows = [real.row(features) for features in sampled]
    references = {"floor": real.row(real.floor), "ceiling": real.row(ceiling)}
    columns = {
        name: {
            "model": float(np.mean([row[name] for row in rows])),
            "standard_deviation": deviation([row[name] for row in rows]),
            **{reference: row[name] for reference, row in references.items()},
        }
        for name in rows[0]
    }
    histogram = real.histogram(sampled[0])
    return {
        "metric": f"FD[{extract.name}]",
        "value": columns["FD"]["model"],
        "unit": "squared units of the features",
        "standard_deviation": columns["FD"]["standard_deviation"],
        "columns": columns,
        "classes": {
            "counts": histogram.counts.tolist(),
            "expected": histogram.expected.tolist(),
        },
        "curve": real.curve(sampled),
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


def deviation(values):
    """The standard deviation of repeated measurements; None of a single one."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


class _Real:
    """Features of real images, and the comparison with them."""

    def __init__(self, extract, recipe, protocol):
        def features_of(split, num):
            data = recipe.data(split, training=False)
            return extract(to_uint8(first_examples(data, num)[0], recipe.image_range))

        self.split = protocol.split
        if self.split != "test":
            # Others than those of the floor.
            self.split = f"train[-{protocol.num_images}:]"
        self.test = features_of(self.split, protocol.num_images)
        num_training = max(protocol.num_samples, protocol.num_training_images)
        training = features_of(f"train[:{num_training}]", num_training)
        self.training = training.features[: protocol.num_training_images]
        self.floor = type(training)(
            *(part[: protocol.num_samples] for part in training)
        )
        self._test_distances = self._nearest_training(self.test.features)

    def row(self, sampled):
        """All columns of one set of samples: a dict of floats."""
        real, fake = self.test.features, sampled.features
        settings = _NEIGHBOURS
        kernel = kernel_distance(real, fake, settings["kernel_block"])
        precision, density = precision_recall_density_coverage(
            real, fake, settings["k_precision_recall"], settings["k_density_coverage"]
        )
        return {
            "FD": frechet_distance(real, fake),
            "KD": kernel.value,
            "precision": precision.precision,
            "recall": precision.recall,
            "density": density.density,
            "coverage": density.coverage,
            "class_score": class_score(sampled.probabilities).value,
            "chi_square": self.histogram(sampled).chi_square,
            "memorization": self._memorization(fake),
        }

    def histogram(self, sampled):
        """Classes of samples, against those that the extractor sees in test images."""
        probabilities = self.test.probabilities
        num_classes = probabilities.shape[1]
        seen = np.bincount(probabilities.argmax(axis=1), minlength=num_classes)
        return class_histogram(
            sampled.probabilities.argmax(axis=1), num_classes, seen / seen.sum()
        )

    def curve(self, sampled):
        """Fréchet distances of equally many samples and test images."""
        # The order of a test set may mean something: the first half of that of MNIST
        # is easier than the second.
        order = permutation(len(self.test.features), 0, "curve").numpy()
        most = min(len(order), len(sampled[0].features))
        sizes = [size for size in CURVE if size <= most]

        def distance(features, size):
            return frechet_distance(
                self.test.features[order[:size]], features.features[:size]
            )

        return {
            "num_samples": sizes,
            "model": [
                float(np.mean([distance(some, size) for some in sampled]))
                for size in sizes
            ],
            "floor": [distance(self.floor, size) for size in sizes],
        }

    def _memorization(self, features):
        # Training images are at no distance from themselves.
        if features is self.floor.features:
            return None
        return win_rate(self._nearest_training(features), self._test_distances)

    def _nearest_training(self, features):
        return nearest_neighbours(features, self.training).distances[:, 0]
