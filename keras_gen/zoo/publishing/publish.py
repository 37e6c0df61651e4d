"""Makes an entry of the zoo from the folder of a finished run.

Run `python -m keras_gen.zoo.publishing.publish NAME RUN [RUN ...]`. It measures the
model of the first run by the full protocol and writes `model.weights.h5`,
`metrics.json`, `history.csv`, `samples.png` and `training.png` into `zoo/NAME`, which
holds the recipe. Further runs must have the same recipe and other seeds. Their
distances show how much the numbers depend on the seed of the training.
"""

import shutil
import sys

from keras_gen.files import read_json, sha256_of, write_json, write_text, written_whole
from keras_gen.zoo.evaluation.evaluate import measure
from keras_gen.zoo.evaluation.report import describe
from keras_gen.zoo.publishing.measure import measured
from keras_gen.zoo.publishing.plots import save_plots, thin
from keras_gen.zoo.shelf.entry import Entry
from keras_gen.zoo.shelf.loading import open_model
from keras_gen.zoo.training.run_folder import RunFolder


def publish(name, run, *others) -> dict:
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
    entry, run, others = Entry(name), RunFolder(run), [RunFolder(o) for o in others]
    seeds = [_seed_of(one) for one in (run, *others)]
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"Runs must have different seeds. Received: {seeds}")
    model = _model_of(entry.recipe, run)
    report = read_json(run.report)
    report["results"], report["quick"] = measured(model, entry.recipe)
    if others:
        found = [report["results"], *(_distances_of(entry, o) for o in others)]
        report["training_seeds"] = {
            seed: {
                name: column["model"]
                for name, column in results["distances"]["columns"].items()
            }
            for seed, results in zip(seeds, found, strict=True)
        }
    with written_whole(entry.weights) as partial:
        model.save_weights(partial)
        report["weights_sha256"] = sha256_of(partial)
    for picture in run.path.glob(f"{run.picture.name}.*"):
        with written_whole(entry.folder / picture.name) as partial:
            shutil.copy(picture, partial)
    history = run.history.read_text(encoding="utf-8")
    write_text(entry.folder / "history.csv", thin(history))
    write_json(entry.folder / "metrics.json", report)
    save_plots(entry.folder, report["results"])
    return report


def _distances_of(entry, run):
    return measure(_model_of(entry.recipe, run), entry.recipe, ["distances"])


def _model_of(recipe, run):
    """The model of a run, built by the recipe and so without an optimizer's state."""
    model = recipe.model()
    model.set_weights(open_model(run.path).get_weights())
    return model


def _seed_of(run):
    """The seed of a run, as a string, because keys of JSON are strings."""
    return str(read_json(run.arguments)["seed"])


if __name__ == "__main__":
    for result in publish(*sys.argv[1:])["results"].values():
        print(describe(result))
