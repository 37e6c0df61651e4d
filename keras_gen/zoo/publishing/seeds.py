"""Adds trainings with other seeds to an entry.

Run `python -m keras_gen.zoo.publishing.seeds NAME RUN [RUN ...]`. The runs must have
the recipe of the entry and other seeds. It measures them as the entry, by `REPEATED`
alone, and writes the numbers into `zoo/NAME/metrics.json`. They show how much those of
the entry depend on the seed of the training.
"""

import sys

from keras_gen.files import read_json, write_json
from keras_gen.zoo.evaluation.evaluate import measure
from keras_gen.zoo.shelf.entry import Entry
from keras_gen.zoo.shelf.loading import open_model
from keras_gen.zoo.shelf.recipes import rebuilt
from keras_gen.zoo.shelf.run_folder import RunFolder

#: The measures that are repeated, where an entry has them.
REPEATED = (
    "distances",
    "label_accuracy",
    "categories",
    "accuracy",
    "disentanglement",
)


def add_seeds(name, *runs) -> dict:
    """Adds the numbers of other trainings to those of an entry.

    Args:
        name: String, an entry with a number of `REPEATED`.
        *runs: Paths of run folders of its recipe, with seeds that it does not have.

    Returns:
        The new contents of `metrics.json`, a dict.

    Raises:
        ValueError: If there is no such entry or run, the entry has none of these
            numbers, or two trainings have one seed.
    """
    entry, runs = Entry(name), [RunFolder(run) for run in runs]
    if not _repeated(entry.report.get("results", {})):
        raise ValueError(
            f"`name` must be an entry with {' or '.join(REPEATED)}. Received: {name!r}"
        )
    check_seeds(entry.report, runs)
    report = with_seeds(entry.report, entry.recipe, runs)
    write_json(entry.folder / "metrics.json", report)
    return report


def check_seeds(report, runs) -> None:
    """Raises a ValueError if two trainings of a report and of some runs have one seed.

    Args:
        report: Dict, the contents of a `metrics.json`.
        runs: List of `RunFolder`.
    """
    seeds = [*report.get("training_seeds", [_own_seed(report)]), *map(_seed_of, runs)]
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"Runs must have different seeds. Received: {seeds}")


def with_seeds(report, recipe, runs) -> dict:
    """A report with the numbers of other trainings of its recipe.

    Args:
        report: Dict, the contents of a `metrics.json` with numbers of `REPEATED`.
        recipe: A recipe, from `load_recipe()`.
        runs: List of `RunFolder`, with other seeds.
    """
    own = {_own_seed(report): values_of(report["results"])}
    repeated = _repeated(report["results"])
    others = {
        _seed_of(run): values_of(measure(model_of(recipe, run), recipe, repeated))
        for run in runs
    }
    return {
        **report,
        "training_seeds": {**report.get("training_seeds", own), **others},
    }


# Seeds are strings, because keys of JSON are.


def _own_seed(report):
    return str(report["training"]["seed"])


def _seed_of(run):
    return str(read_json(run.arguments)["seed"])


def _repeated(results):
    return [name for name in REPEATED if name in results]


def values_of(results) -> dict:
    """The numbers of a training among results: a dict from names to floats."""
    values = {}
    for name in _repeated(results):
        if "columns" in results[name]:
            columns = results[name]["columns"]
            values |= {column: cells["model"] for column, cells in columns.items()}
        elif "scores" in results[name]:
            scores = results[name]["scores"]
            values |= {score: cells["mean"]["value"] for score, cells in scores.items()}
        else:
            values[name] = results[name]["value"]
    return values


def model_of(recipe, run):
    """The model of a run, built by the recipe and so without an optimizer's state."""
    return rebuilt(recipe, open_model(run.path))


if __name__ == "__main__":
    for number, values in add_seeds(*sys.argv[1:])["training_seeds"].items():
        print(f"seed {number}:", *(f"{name} {v:.4g}" for name, v in values.items()))
