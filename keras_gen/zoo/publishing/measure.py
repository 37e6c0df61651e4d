"""Measures an entry of the zoo again and replaces its results.

Run `python -m keras_gen.zoo.publishing.measure NAME [METRIC ...]`. It writes the full
and the quick results into `zoo/NAME/metrics.json`, for the metrics that you name or for
all that apply. Then run `python -m keras_gen.zoo.publishing.table` to update the pages.
"""

import sys

from keras_gen.files import write_json
from keras_gen.zoo.evaluation.evaluate import LONG, TIMES, measure, metrics_for
from keras_gen.zoo.evaluation.protocol import QUICK
from keras_gen.zoo.evaluation.report import describe
from keras_gen.zoo.publishing.plots import save_plots
from keras_gen.zoo.shelf.entry import Entry


def remeasure(name, metrics=None) -> dict:
    """Measures an entry by the full and the quick protocol and writes the results.

    Args:
        name: String, one of `keras_gen.zoo.names()`.
        metrics: Optional list of strings; see `keras_gen.zoo.evaluate()`.

    Returns:
        Dict from names of measures to the full results.

    Raises:
        ValueError: If there is no such entry, it has no weights, or a metric does not
            apply.
    """
    entry = Entry(name)
    model, report = entry.load(), entry.report
    full, quick = measured(model, entry.recipe, metrics)
    applying = metrics_for(model, entry.recipe)
    for kind, results in (("results", full), ("quick", quick)):
        found = {**report.get(kind, {}), **results}
        # The first result is used to compare models.
        report[kind] = {key: found[key] for key in applying if key in found}
    write_json(entry.folder / "metrics.json", report)
    save_plots(entry.folder, report["results"])
    return full


def measured(model, recipe, metrics=None) -> tuple:
    """Results by the full and by the quick protocol, two dicts."""
    full = measure(model, recipe, metrics)
    quick = [name for name in full if name not in (*TIMES, *LONG)]
    return full, measure(model, recipe, quick, QUICK)


if __name__ == "__main__":
    for found in remeasure(sys.argv[1], sys.argv[2:] or None).values():
        print(describe(found))
