"""Turns the folder of a finished run into an entry of the zoo.

Run as `python -m keras_gen.zoo.publish NAME RUN [RUN ...]`: measures the run's model by
the full protocol and writes `model.weights.h5`, `metrics.json`, `history.csv`,
`samples.png` and `training.png` into `zoo/NAME`, beside its recipe. Further runs are of
the same recipe with other seeds: the distances of their samples show how much of a
number is the luck of one training.
"""

import json
import os
import shutil
import sys
from pathlib import Path

from keras_gen.zoo.catalog import folder_of
from keras_gen.zoo.evaluation import measure
from keras_gen.zoo.loading import open_model, sha256_of
from keras_gen.zoo.measure import measured
from keras_gen.zoo.plots import save_plots, thin
from keras_gen.zoo.recipes import load_recipe
from keras_gen.zoo.report import describe
from keras_gen.zoo.training import write_json


def publish(name, run, *others):
    """Measures a run and makes it the entry `name`.

    Args:
        name: String, an entry whose folder holds a recipe.
        run: Path of a run folder of `keras_gen.zoo.train()`.
        *others: Paths of runs of the same recipe with other seeds.

    Returns:
        The contents of the new `metrics.json`, a dict.

    Raises:
        ValueError: If there is no such entry or run, or two runs have one seed.
    """
    folder, run, recipe = folder_of(name), Path(run), load_recipe(name)
    runs = [run, *others]
    seeds = [_seed_of(one) for one in runs]
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"Runs must have different seeds. Received: {seeds}")
    model = _model_of(recipe, run)
    partial = folder / "partial.weights.h5"
    model.save_weights(partial)
    report = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    report["weights_sha256"] = sha256_of(partial)
    report["results"], report["quick"] = measured(model, recipe)
    if others:
        again = [measure(_model_of(recipe, o), recipe, ["distances"]) for o in others]
        found = [
            result["distances"]["columns"] for result in (report["results"], *again)
        ]
        report["training_seeds"] = {
            seed: {name: column["model"] for name, column in columns.items()}
            for seed, columns in zip(seeds, found, strict=True)
        }
    shutil.copy(run / "samples.png", folder / "samples.png")
    history = (run / "history.csv").read_text(encoding="utf-8")
    (folder / "history.csv").write_text(thin(history), encoding="utf-8")
    os.replace(partial, folder / "model.weights.h5")
    write_json(folder / "metrics.json", report)
    save_plots(folder, report["results"])
    return report


def _model_of(recipe, run):
    """A run's model as the recipe builds it: without the moments of the optimizer."""
    model = recipe.model()
    model.set_weights(open_model(run).get_weights())
    return model


def _seed_of(run):
    """The seed of a run, as a string, which is what JSON makes of a key."""
    arguments = json.loads((Path(run) / "run.json").read_text(encoding="utf-8"))
    return str(arguments["seed"])


if __name__ == "__main__":
    for result in publish(*sys.argv[1:])["results"].values():
        print(describe(result))
