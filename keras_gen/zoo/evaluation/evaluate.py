"""Measures a model by all measures that apply to it."""

import math
from collections.abc import Callable
from typing import NamedTuple

from keras_gen.domains import Images, Labels
from keras_gen.lazy import is_installed
from keras_gen.models.base import marks_of
from keras_gen.zoo.attributes import edits
from keras_gen.zoo.evaluation import (
    chains,
    compression,
    counterfactuals,
    disentanglement,
    distances,
    imputation,
    latents,
    measures,
    sequences,
    translations,
    upscaling,
)
from keras_gen.zoo.evaluation.protocol import full_protocol
from keras_gen.zoo.shards.files import read_index, read_shards
from keras_gen.zoo.shelf.loading import find


class Measure(NamedTuple):
    """A measure, and the models that it applies to.

    Attributes:
        name: String, the name of the measure.
        applies: Function of the model, the recipe and the data (None for the data of
            the recipe). It returns whether the measure applies to the model.
        function: Function of the model, the recipe, the data and the protocol. It
            returns a result; see `measure()`.
    """

    name: str
    applies: Callable
    function: Callable


def evaluate(name, metrics=None, protocol=None) -> dict:
    """Measures a pretrained model on the test data of its recipe.

    Args:
        name: String, one of `keras_gen.zoo.names()`, or the folder of a run, whose
            recipe is then executed.
        metrics: Optional list of strings; see `measure()`. Defaults to all that apply.
        protocol: Optional `Protocol`. Defaults to the protocol of the entry's card.
            `QUICK` takes seconds.

    Returns:
        Dict from names of measures to results; see `measure()`.

    Raises:
        ValueError: If there is no such entry, a metric does not apply, or the protocol
            is not as stated.
    """
    return evaluate_entry(find(name), metrics, protocol)


def evaluate_entry(entry, metrics=None, protocol=None) -> dict:
    """`evaluate()` of an `Entry` or a `Run`."""
    if protocol is not None and protocol.samples is not None:
        drawn = read_index(protocol.samples).get("weights_sha256")
        if drawn != entry.weights_sha256:
            raise ValueError(
                f"The samples in {str(protocol.samples)!r} are not those of "
                f"{entry.name}: they were drawn by weights of sha256 {drawn}."
            )
        # Too few samples are found before anything is measured.
        read_shards(protocol.samples, num_samples=protocol.num_samples)
    recipe = entry.recipe
    return measure(entry.load(), recipe, metrics, protocol)


def measure(
    model, recipe, metrics=None, protocol=None, data=None, progress=lambda name: None
) -> dict:
    """Measures a model. Each result has its protocol.

    Args:
        model: A model of the recipe.
        recipe: A recipe, from `load_recipe()`.
        metrics: Optional list of strings, names of `MEASURES` that apply to the model.
            Defaults to all of them, without those in `LONG` if the protocol has fewer
            than 5,000 images.
        protocol: Optional `Protocol`. Defaults to the protocol of the card.
        data: Optional `tf.data.Dataset`, test images instead of the recipe's. Measures
            in the features of the recipe's extractor then do not apply.
        progress: Function that is called with the name of each metric before it is
            measured.

    Returns:
        Dict from names of measures to results. A result is a dict of `metric`, `value`,
        `unit`, `protocol`, `standard_error` if there is one, and further items of the
        measure.

    Raises:
        ValueError: If a metric does not apply or the protocol is not as stated.
    """
    protocol = full_protocol(recipe) if protocol is None else protocol
    protocol.check()
    known = {m.name: m for m in _applying(model, recipe, data)}
    if metrics is None:
        left_out = LONG if protocol.is_quick else ()
        metrics = [name for name in known if name not in left_out]
    metrics = list(metrics)
    unknown = [name for name in metrics if name not in known]
    if unknown:
        raise ValueError(
            f"`metrics` holds {', '.join(map(repr, unknown))}, which "
            f"{recipe.name} does not have. It has: {', '.join(known)}"
        )
    found = {}
    for name in metrics:
        progress(name)
        found[name] = known[name].function(model, recipe, data, protocol)
    return found


def metrics_for(model, recipe, data=None) -> list:
    """Names of the measures that apply to a model, a list in their order."""
    return [m.name for m in _applying(model, recipe, data)]


def _applying(model, recipe, data):
    first = getattr(recipe, "compared_by", None)
    _check_names("compared_by", [] if first is None else [first])
    _check_names("paper", getattr(recipe, "paper", {}))
    # The sort is stable: the others keep their order.
    found = [m for m in MEASURES if m.applies(model, recipe, data)]
    return sorted(found, key=lambda m: m.name != first)


def _check_names(attribute, names):
    known = sorted(m.name for m in MEASURES)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"`{attribute}` of the recipe must name measures: {', '.join(known)}. "
            f"Received: {', '.join(map(repr, unknown))}"
        )


def _writes(model, recipe, data):
    # Sequences are counted in the training data of the recipe.
    counted = data is None and "log_prob" in marks_of(model)
    return counted and bool(model.x_domain.phrase_lengths)


def _has_likelihood(model, recipe, data):
    # That of a sequence is measured by the symbol.
    has_one = not {"log_prob", "log_likelihood"}.isdisjoint(marks_of(model))
    return has_one and not _writes(model, recipe, data)


def _has_stated_preprocessing(model, recipe, data):
    stated = hasattr(recipe, "preprocessing")
    return stated and "preprocessed_log_prob" in marks_of(model)


def _predicts_words(model, recipe, data):
    return "word_probabilities" in marks_of(model)


def _repeats(model, recipe, data):
    return _writes(model, recipe, data) and _samples(model, recipe, data)


def _completes(model, recipe, data):
    fills_in = {"impute", "log_prob"} <= marks_of(model).keys()
    return fills_in and isinstance(model.x_domain, Images)


def _imputes(model, recipe, data):
    is_binary = hasattr(recipe, "binarization") and isinstance(model.x_domain, Images)
    # The baselines learn from the training images of the recipe.
    return is_binary and data is None and "impute" in marks_of(model)


def _only_reconstructs(model, recipe, data):
    marks = marks_of(model)
    return "reconstruct" in marks and "log_likelihood" not in marks


def _classifies(model, recipe, data):
    # A network without marks is a classifier of the zoo.
    marks = marks_of(model)
    return not marks or "classify" in marks


def _has_active_units(model, recipe, data):
    # The latents of a flow, which does not reconstruct, all vary. Codes have no mean.
    marks = {"encode", "reconstruct", "log_likelihood"}
    has_all = marks <= marks_of(model).keys()
    return has_all and model.domain_of("latents").dtype == "float32"


def _compresses(model, recipe, data):
    compresses = "compress" in marks_of(model) and is_installed("constriction")
    return compresses and getattr(recipe, "compression", False)


def _has_classes(recipe, data):
    # The labels are those of the recipe's data.
    return hasattr(recipe, "num_classes") and data is None


def _has_neighbours(model, recipe, data):
    return _has_classes(recipe, data) and "encode" in marks_of(model)


def _has_categories(model, recipe, data):
    return _has_classes(recipe, data) and "codes" in marks_of(model)


def _has_counterfactuals(model, recipe, data):
    known = hasattr(recipe, "counterfactuals") and data is None
    return known and edits(model)


def _has_factors(model, recipe, data):
    known = hasattr(recipe, "factors") and data is None
    # A gap is between two latents.
    latents = model.domain_of("latents") if "encode" in marks_of(model) else None
    return known and latents is not None and math.prod(latents.shape) > 1


def _upscales(model, recipe, data):
    return "upscale" in marks_of(model)


def _has_chains(model, recipe, data):
    return "chain" in marks_of(model) and _has_distances(model, recipe, data)


def _has_translations(model, recipe, data):
    known = hasattr(recipe, "pairs") and data is None
    if not known or "to_y" not in marks_of(model):
        return False
    domains = model.x_domain, model.y_domain
    are_images = all(isinstance(domain, Images) for domain in domains)
    least = translations.LEAST_SIDE
    return are_images and all(min(domain.shape[:2]) >= least for domain in domains)


def _samples(model, recipe, data):
    return "sample" in marks_of(model)


def _has_distances(model, recipe, data):
    # The extractor was trained on the data of the recipe.
    extracts = hasattr(recipe, "extractor") and data is None
    return extracts and _samples(model, recipe, data)


def _has_label_accuracy(model, recipe, data):
    distances = _has_distances(model, recipe, data)
    return distances and isinstance(model.y_domain, Labels)


#: All measures. The first one that applies to a model is used to compare it, unless its
#: recipe names another.
MEASURES = (
    Measure("disentanglement", _has_factors, disentanglement.disentanglement),
    Measure("perplexity", _predicts_words, measures.perplexity),
    Measure(
        "preprocessed_log_likelihood",
        _has_stated_preprocessing,
        measures.preprocessed_log_likelihood,
    ),
    Measure("nats_a_symbol", _writes, sequences.nats_a_symbol),
    Measure(
        "negative_log_likelihood", _has_likelihood, measures.negative_log_likelihood
    ),
    Measure("completion", _completes, measures.completion),
    Measure("imputation", _imputes, imputation.imputation),
    Measure("squared_error", _only_reconstructs, measures.squared_error),
    Measure("accuracy", _classifies, measures.accuracy),
    Measure("upscaling", _upscales, upscaling.upscaling),
    Measure("neighbours", _has_neighbours, latents.neighbours),
    Measure("categories", _has_categories, latents.categories),
    Measure("counterfactuals", _has_counterfactuals, counterfactuals.counterfactuals),
    Measure("translation", _has_translations, translations.translation),
    Measure("distances", _has_distances, distances.distances),
    Measure("label_accuracy", _has_label_accuracy, distances.label_accuracy),
    Measure("mixing", _has_chains, chains.mixing),
    Measure("repeats", _repeats, sequences.repeats),
    Measure("active_units", _has_active_units, measures.active_units),
    Measure("compression", _compresses, compression.compression),
    Measure("sampling", _samples, measures.sampling),
)
#: Names of the measures that depend on the machine. Quick results leave them out.
TIMES = ("sampling",)
#: Names of the measures that take long on few images too. Quick results leave them out.
LONG = ("imputation", "repeats", "compression")
