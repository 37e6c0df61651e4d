"""Measures an entry of the zoo again, from its weights, in place.

Run as `python -m keras_gen.zoo.measure NAME [METRIC ...]`: the full results and the
quick ones go into `zoo/NAME/metrics.json`, for all metrics that apply or for those
named; `python -m keras_gen.zoo.table` then brings them into the pages.
"""

import sys
from pathlib import Path

from keras_gen.zoo.catalog import folder_of, metrics_of
from keras_gen.zoo.evaluation import QUICK, measure, metrics_for
from keras_gen.zoo.loading import load
from keras_gen.zoo.plots import save_plots
from keras_gen.zoo.recipes import load_recipe
from keras_gen.zoo.report import describe
from keras_gen.zoo.training import write_json

#: What depends on the machine and is not found again by the quick protocol.
_TIMES = ("sampling",)


def remeasure(name, metrics=None):
    """Measures an entry by the full and the quick protocol and keeps the results.

    Args:
        name: String, one of `keras_gen.zoo.names()`.
        metrics: Optional list of strings; see `keras_gen.zoo.evaluate()`.

    Returns:
        Dict from metrics to the full results.

    Raises:
        ValueError: If there is no such entry, it has no weights, or a metric does not
            apply.
    """
    model, recipe, report = load(name), load_recipe(name), metrics_of(name)
    full, quick = measured(model, recipe, metrics)
    for kind, results in (("results", full), ("quick", quick)):
        report[kind] = ordered({**report.get(kind, {}), **results}, model, recipe)
    folder = Path(folder_of(name))
    write_json(folder / "metrics.json", report)
    save_plots(folder, report["results"])
    return full


def measured(model, recipe, metrics=None):
    """Results by the full and by the quick protocol, two dicts."""
    full = measure(model, recipe, metrics)
    quick = [name for name in full if name not in _TIMES]
    return full, measure(model, recipe, quick, QUICK)


def ordered(results, model, recipe):
    """Results that still apply, the one that the model is compared by first."""
    return {key: results[key] for key in metrics_for(model, recipe) if key in results}


if __name__ == "__main__":
    for found in remeasure(sys.argv[1], sys.argv[2:] or None).values():
        print(describe(found))
