"""Turns the folder of a finished run into an entry of the zoo.

Run as `python -m keras_gen.zoo.publish NAME RUN`: measures the run's model by the full
protocol and writes `model.weights.h5`, `metrics.json`, `history.csv`, `samples.png` and
`training.png` into `zoo/NAME`, beside its recipe.
"""

import json
import os
import shutil
import sys
from pathlib import Path

from keras_gen.zoo.catalog import folder_of
from keras_gen.zoo.loading import open_model, sha256_of
from keras_gen.zoo.measure import measured
from keras_gen.zoo.plots import save_plots, thin
from keras_gen.zoo.recipes import load_recipe
from keras_gen.zoo.report import describe
from keras_gen.zoo.training import write_json


def publish(name, run):
    """Measures a run and makes it the entry `name`.

    Args:
        name: String, an entry whose folder holds a recipe.
        run: Path of a run folder of `keras_gen.zoo.train()`.

    Returns:
        The contents of the new `metrics.json`, a dict.

    Raises:
        ValueError: If there is no such entry or run.
    """
    folder, run, recipe = folder_of(name), Path(run), load_recipe(name)
    trained = open_model(run)
    # Built by the recipe and never compiled: without the moments of the optimizer.
    model = recipe.model()
    model.set_weights(trained.get_weights())
    partial = folder / "partial.weights.h5"
    model.save_weights(partial)
    report = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    report["weights_sha256"] = sha256_of(partial)
    report["results"], report["quick"] = measured(model, recipe)
    shutil.copy(run / "samples.png", folder / "samples.png")
    history = (run / "history.csv").read_text(encoding="utf-8")
    (folder / "history.csv").write_text(thin(history), encoding="utf-8")
    os.replace(partial, folder / "model.weights.h5")
    write_json(folder / "metrics.json", report)
    save_plots(folder, report["results"])
    return report


if __name__ == "__main__":
    for result in publish(*sys.argv[1:])["results"].values():
        print(describe(result))
