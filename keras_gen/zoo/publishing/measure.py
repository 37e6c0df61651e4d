"""Measures an entry of the zoo again, from its weights, in place.

Run as `python -m keras_gen.zoo.publishing.measure NAME [METRIC ...]`. It writes the
full and the quick results into `zoo/NAME/metrics.json`, of all metrics that apply or of
those named; `python -m keras_gen.zoo.publishing.table` then updates the pages.
"""

import sys

from keras_gen.files import write_json
from keras_gen.zoo.evaluation.evaluate import measure, metrics_for
from keras_gen.zoo.evaluation.protocol import QUICK
from keras_gen.zoo.evaluation.report import describe
from keras_gen.zoo.publishing.plots import save_plots
from keras_gen.zoo.shelf.entry import Entry

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
    entry = Entry(name)
    model, report = entry.load(), entry.report
    full, quick = measured(model, entry.recipe, metrics)
    applying = metrics_for(model, entry.recipe)
    for kind, results in (("results", full), ("quick", quick)):
        found = {**report.get(kind, {}), **results}
        # The one that the model is compared by comes first.
        report[kind] = {key: found[key] for key in applying if key in found}
    write_json(entry.folder / "metrics.json", report)
    save_plots(entry.folder, report["results"])
    return full


def measured(model, recipe, metrics=None):
    """Results by the full and by the quick protocol, two dicts."""
    full = measure(model, recipe, metrics)
    quick = [name for name in full if name not in _TIMES]
    return full, measure(model, recipe, quick, QUICK)


if __name__ == "__main__":
    for found in remeasure(sys.argv[1], sys.argv[2:] or None).values():
        print(describe(found))
