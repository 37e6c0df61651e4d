"""Which numbers a model has, and their protocols."""

from typing import NamedTuple

from keras_gen.arguments import check_count
from keras_gen.models.base import (
    AutoregressiveModel,
    GenerativeModel,
    LatentVariableModel,
)
from keras_gen.random import check_seed
from keras_gen.zoo import distances, measures
from keras_gen.zoo.loading import load, weights_sha256
from keras_gen.zoo.recipes import load_recipe
from keras_gen.zoo.shards import read_index, read_shards


class Protocol(NamedTuple):
    """How much is measured; the full protocol by default.

    Attributes:
        num_images: Integer of at least 2, at most so many test images.
        num_samples: Integer of at least 2, samples compared with them.
        num_training_images: Integer of at least 1, images among which the nearest to a
            sample is looked for.
        num_seeds: Integer of at least 1, sets of samples, of seeds `seed`, `seed + 1`
            and so on.
        num_importance_samples: Integer of at least 1, for a bound on the likelihood.
        seed: Integer in [0, 2**31), of everything random.
        samples: Optional path of a folder of shards of the model, whose first
            `num_samples` are measured in place of samples that are drawn.
    """

    num_images: int = 10_000
    num_samples: int = 10_000
    num_training_images: int = 60_000
    num_seeds: int = 3
    num_importance_samples: int = 5000
    seed: int = 0
    samples: str | None = None

    def check(self):
        """Raises a ValueError that names a field which is not as stated."""
        for name, least in zip(self._fields[:5], (2, 2, 1, 1, 1), strict=True):
            check_count(getattr(self, name), name, least)
        check_seed(self.seed)


#: A protocol of seconds, whose numbers the tests find again.
QUICK = Protocol(1000, 1000, 1000, num_seeds=1, num_importance_samples=100)


def full_protocol(recipe):
    """The protocol of an entry's card; a recipe may lower the importance samples."""
    samples = getattr(recipe, "num_importance_samples", 5000)
    return Protocol(num_importance_samples=samples)


def evaluate(name, metrics=None, protocol=None):
    """Measures a pretrained model on the test data of its recipe.

    Args:
        name: String, one of `keras_gen.zoo.names()`.
        metrics: Optional list of strings; see `measure()`. Defaults to all that apply.
        protocol: Optional `Protocol`. Defaults to that of the entry's card; `QUICK`
            takes seconds.

    Returns:
        Dict from metrics to results; see `measure()`.

    Raises:
        ValueError: If there is no such entry, a metric does not apply, or the protocol
            is not as stated.
    """
    recipe = load_recipe(name)
    if protocol is not None and protocol.samples is not None:
        drawn = read_index(protocol.samples).get("weights_sha256")
        if drawn != weights_sha256(name):
            raise ValueError(
                f"The samples in {str(protocol.samples)!r} are not those of {name}: "
                f"they were drawn by weights of sha256 {drawn}."
            )
        # Whether there are enough is known before anything is measured.
        read_shards(protocol.samples, num_samples=protocol.num_samples)
    return measure(load(name), recipe, metrics, protocol)


def measure(model, recipe, metrics=None, protocol=None, data=None):
    """Numbers of a model, each with its protocol.

    Args:
        model: A model of the recipe.
        recipe: A recipe, from `load_recipe()`.
        metrics: Optional list of strings, names of `METRICS` that apply to the model.
            Defaults to all of them.
        protocol: Optional `Protocol`. Defaults to that of the card.
        data: Optional `tf.data.Dataset`, test images in place of the recipe's. What
            compares with the images of the recipe's extractor does then not apply.

    Returns:
        Dict from metrics to results: dicts of `metric`, `value`, `unit`,
        `standard_error` or `standard_deviation` if it has one, what else the measure
        found, and `protocol`.

    Raises:
        ValueError: If a metric does not apply or the protocol is not as stated.
    """
    protocol = full_protocol(recipe) if protocol is None else protocol
    protocol.check()
    known = metrics_for(model, recipe, data)
    metrics = known if metrics is None else list(metrics)
    unknown = [name for name in metrics if name not in known]
    if unknown:
        raise ValueError(
            f"`metrics` holds {', '.join(map(repr, unknown))}, which "
            f"{recipe.name} does not have. It has: {', '.join(known)}"
        )
    return {name: METRICS[name](model, recipe, data, protocol) for name in metrics}


#: All measures; the first that applies to a model is the one it is compared by.
METRICS = {
    "negative_log_likelihood": measures.negative_log_likelihood,
    "completion": measures.completion,
    "squared_error": measures.squared_error,
    "accuracy": measures.accuracy,
    "distances": distances.distances,
    "label_accuracy": distances.label_accuracy,
    "active_units": measures.active_units,
    "sampling": measures.sampling,
}


def metrics_for(model, recipe, data=None):
    """Names of the measures that apply to a model, a list in the order of `METRICS`."""
    has_latents = isinstance(model, LatentVariableModel)
    exact = isinstance(model, AutoregressiveModel)
    samples = hasattr(model, "sample")
    extracts = samples and hasattr(recipe, "extractor") and data is None
    has_labels = getattr(model, "num_classes", None) is not None
    applies = {
        "negative_log_likelihood": has_latents or exact,
        "completion": exact and model.orderings is None,
        "squared_error": hasattr(model, "reconstruct") and not has_latents,
        "accuracy": not isinstance(model, GenerativeModel) or (exact and has_labels),
        "distances": extracts,
        "label_accuracy": extracts and has_labels,
        "active_units": has_latents,
        "sampling": samples,
    }
    return [name for name in METRICS if applies[name]]
