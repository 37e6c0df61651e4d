"""Recipes: plain Python files that say how a model is made and trained.

A recipe's docstring says in one line what it trains. It defines

- `epochs`: integer, the length of the training;
- `model(seed=0)`: the model, built and not compiled;
- `data(split="train", source="mnist", batch_size=100, **options)`: batches of a split,
  where `source` is a dataset's name or a folder of images and `options` go to
  `keras_gen.datasets.load()`; leave `batch_size` out if users may not change it. With
  `training=False` the training data of sequences are windows that do not overlap, in
  order and unchanged: n-grams and phrases are counted in them;
- `compile(model, steps, learning_rate=1e-3)`: compiles for a training of that many
  steps, without XLA unless `keras_gen.models.base.num_replicas()` is 1; leave
  `learning_rate` out if users may not change it;
- optionally `callbacks(model)`: a list of Keras callbacks for the training. With
  `keras.callbacks.EarlyStopping("val_loss", restore_best_weights=True)` the run ends
  with the model of its best epoch;
- optionally `prepare(model, batches)`, which sets initial weights that depend on the
  training data;
- optionally `training_dtype`, the dtype policy of the training, such as
  `"mixed_bfloat16"`. The layers that `model()` makes have it, unless they say another.
  The entry is float32: rounding to bfloat16 changes sampled pixels, and TFLite does not
  have bfloat16;
- optionally `validation`, a split of the recipe's dataset. Its loss is reported after
  each epoch, as `val_loss`, and the trained model is measured on it;
- optionally `extractor`, a classifier of the zoo. Samples are compared with its test
  images in its features;
- optionally `num_importance_samples`, the most draws of a bound, if 5,000 take too
  long;
- optionally `preprocessing`, how the model of a flow preprocesses images. The density
  of preprocessed images, which is no probability of images, is then measured too;
- optionally `num_classes`, if `data(labels=True)` gives pairs of examples and labels.
  The labels of nearest neighbours, or of categories, then show what the model knows of
  the classes;
- optionally `binarization`, how `data()` makes images binary. It is part of the
  protocol of a likelihood;
- optionally `paper`, published numbers: a dict from names of
  `keras_gen.zoo.evaluation.evaluate.MEASURES` to dicts of `value`, `source` and
  `protocol`. Tables show a published number only if the protocol of the measured one
  has the same items;
- optionally `compared_by`, the name of the measure that comes first and that tables of
  entries show, if it is not the first of `MEASURES` that applies;
- optionally `compression`, which is True if the card has the bits that test images
  take when the model compresses them;
- optionally `attributes`, directions in the latents by which `keras-gen edit` changes
  images: a dict from names to triples of a label of the data, its class without the
  attribute (None for all other classes) and its class with it. `data(labels=True,
  label_key=...)` then gives the label;
- optionally `counterfactuals(label_key, split="test")`, with `attributes`: two datasets
  of images and labels, whose examples belong together in pairs that differ in this
  label alone. Edited images are then compared with how they should look;
- optionally `pairs(split="test")`, if the model translates images: batches of images
  of both domains that belong together, in a fixed order and unchanged. Translations are
  compared with them, also if `data()` gives batches without pairs;
- optionally `factors`, a dict from the names of factors of variation to how many values
  each has, if the model encodes. With it `factors_of(split)`, an integer array of shape
  `(num, num_factors)` in the order of `data(split, training=False)`, and
  `examples_of(factors)`, the examples that have such factors. Scores then say whether
  each latent is one factor. `unordered_factors` are the names of those whose values
  have no order;
- optionally `photographs(quick=False)`, for a model that makes images larger: test
  images of any sizes instead of `data("test")`, uint8 arrays. With `quick=True` they
  are few and small, and come with the entry;
- optionally `first_stage`, for such a model: the entry from whose weights it was
  trained. Its enlargements are measured too;
- optionally `distilled`, if the model also learns from samples of another entry: a dict
  of `teacher` (the name of that entry), `num_samples` and `drawing_seconds`. Tables
  mark the numbers of such an entry, and count the time of the teacher;
- for an extractor `image_range`, the range of the images of `data()`;
- optionally `picture(model)`: a uint8 array to show instead of samples.
"""

import functools
import importlib.util
import inspect
from pathlib import Path

import numpy as np

from keras_gen.arguments import shown
from keras_gen.zoo.shelf.catalog import folder_of

_REQUIRED = ("epochs", "model", "data", "compile")
# What `set_data()` takes away.
_OF_OWN_DATA = (
    "attributes",
    "counterfactuals",
    "extractor",
    "factors",
    "first_stage",
    "num_classes",
    "pairs",
    "photographs",
)
_STRINGS = (
    "binarization",
    "compared_by",
    "extractor",
    "first_stage",
    "preprocessing",
    "training_dtype",
    "validation",
)


def load_recipe(name_or_path):
    """A recipe as a module.

    Args:
        name_or_path: String, a zoo entry or the path of a `.py` file.

    Raises:
        ValueError: If there is no such entry or file, or the file is no recipe.
    """
    if not str(name_or_path).endswith(".py"):
        return run_recipe(folder_of(name_or_path) / "recipe.py", name_or_path)
    path = Path(name_or_path).resolve()
    if not path.is_file():
        raise ValueError(f"There is no recipe {str(name_or_path)!r}.")
    return run_recipe(path, path.parent.name if path.name == "recipe.py" else path.stem)


def run_recipe(path, name):
    """Runs the file of a recipe; returns it as a module with `name`."""
    spec = importlib.util.spec_from_file_location(f"keras_gen_recipe_{name}", path)
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    missing = [attribute for attribute in _REQUIRED if not hasattr(recipe, attribute)]
    if missing:
        raise ValueError(f"The recipe {str(path)!r} defines no {', '.join(missing)}.")
    for attribute in _STRINGS:
        value = getattr(recipe, attribute, "")
        if not isinstance(value, str):
            raise ValueError(
                f"`{attribute}` of the recipe {str(path)!r} must be a string. "
                f"Received: {shown(value)}"
            )
    if not callable(getattr(recipe, "pairs", run_recipe)):
        raise ValueError(
            f"`pairs` of the recipe {str(path)!r} must be a function of a split. "
            f"Received: {shown(recipe.pairs)}"
        )
    _check_attributes(recipe, path)
    _check_factors(recipe, path)
    recipe.name = name
    return recipe


def _check_attributes(recipe, path):
    attributes = getattr(recipe, "attributes", None)
    if hasattr(recipe, "counterfactuals") and attributes is None:
        raise ValueError(
            f"The recipe {str(path)!r} defines counterfactuals() and no attributes."
        )
    if attributes is None:
        return
    is_dict = isinstance(attributes, dict) and attributes
    if not is_dict or any(np.shape(value) != (3,) for value in attributes.values()):
        raise ValueError(
            f"`attributes` of the recipe {str(path)!r} must be a dict of triples. "
            f"Received: {shown(attributes)}"
        )


def _check_factors(recipe, path):
    if not hasattr(recipe, "factors"):
        return
    factors = recipe.factors
    if not isinstance(factors, dict) or not factors:
        raise ValueError(
            f"`factors` of the recipe {str(path)!r} must be a dict of numbers of "
            f"values. Received: {shown(factors)}"
        )
    for name in ("factors_of", "examples_of"):
        if not callable(getattr(recipe, name, None)):
            raise ValueError(f"The recipe {str(path)!r} has factors and no {name}().")
    unordered = getattr(recipe, "unordered_factors", ())
    if not set(unordered) < set(factors):
        raise ValueError(
            f"`unordered_factors` of the recipe {str(path)!r} must be some of "
            f"{', '.join(factors)}, not all. Received: {shown(unordered)}"
        )


def defined_in(recipe):
    """The classes and functions of a recipe, a dict by name."""
    return {
        name: value
        for name, value in vars(recipe).items()
        if getattr(value, "__module__", None) == recipe.__name__ and callable(value)
    }


def set_data(recipe, source=None, batch_size=None):
    """Gives a recipe other data, or batches of another size.

    With other data the recipe loses what belongs to its own: the extractor, the number
    of classes, attributes, factors, pairs and photographs.

    Args:
        recipe: A recipe, from `load_recipe()`; it is changed.
        source: Optional string, the name of a dataset or a folder of images.
        batch_size: Optional integer of at least 1.

    Raises:
        ValueError: If the recipe's `data()` does not take what is given.
    """
    given = {"source": source, "batch_size": batch_size}
    given = {name: value for name, value in given.items() if value is not None}
    for name, value in given.items():
        check_takes(recipe, "data", name, value)
    if given:
        recipe.data = functools.partial(recipe.data, **given)
    if source is not None:
        for name in _OF_OWN_DATA:
            vars(recipe).pop(name, None)


def check_takes(recipe, function, name, value):
    """Raises a ValueError unless a function of a recipe takes an argument."""
    if name not in inspect.signature(getattr(recipe, function)).parameters:
        raise ValueError(
            f"`{name}` must be left out: {function}() of the recipe {recipe.name} "
            f"does not take it. Received: {value!r}"
        )


def rebuilt(recipe, model, **options):
    """A new model of a recipe, as an entry has it, with the weights of another one.

    Args:
        recipe: A recipe, from `load_recipe()`.
        model: A model of the recipe, perhaps of another dtype or on several devices.
        **options: Arguments of the recipe's `model()`.
    """
    new = recipe.model(**options)
    new.set_weights(model.get_weights())
    return new


def first_examples(data, num_examples):
    """The first examples of a dataset: a list of arrays, images and labels if any.

    Args:
        data: `tf.data.Dataset` of batches of images or of `(images, labels)`.
        num_examples: Integer, the largest number of examples to return.
    """
    parts, count = [], 0
    for batch in data:
        batch = batch if isinstance(batch, tuple) else (batch,)
        parts.append([part.numpy()[: num_examples - count] for part in batch])
        count += len(parts[-1][0])
        if count == num_examples:
            break
    return [np.concatenate(part) for part in zip(*parts, strict=True)]
