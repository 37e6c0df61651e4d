"""Makes an entry of the zoo from the folder of a finished run.

Run `python -m keras_gen.zoo.publishing.publish NAME RUN [RUN ...]`. It measures the
model of the first run by the full protocol and writes `model.weights.h5`,
`metrics.json`, `history.csv`, `samples.png` and `training.png` into `zoo/NAME`, which
holds the recipe; if the recipe has attributes, also their directions, and where
`save_examples()` says so, `examples.png`. Further runs must have the same recipe and
other seeds. Their numbers show how much the entry depends on the seed of the training.
Those of later runs are added by `python -m keras_gen.zoo.publishing.seeds`.
"""

import shutil
import sys

import numpy as np

from keras_gen.files import read_json, sha256_of, write_json, write_text, written_whole
from keras_gen.images import grid, save_png
from keras_gen.zoo.attributes import (
    DIRECTIONS,
    EXAMPLES,
    directions,
    save_directions,
)
from keras_gen.zoo.evaluation.report import describe
from keras_gen.zoo.publishing.measure import measured
from keras_gen.zoo.publishing.plots import save_plots, thin
from keras_gen.zoo.publishing.seeds import check_seeds, model_of, with_seeds
from keras_gen.zoo.shelf.entry import Entry
from keras_gen.zoo.shelf.recipes import first_examples
from keras_gen.zoo.shelf.run_folder import RunFolder

_NUM_EXAMPLES = 8


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
    report, model = read_json(run.report), model_of(entry.recipe, run)
    check_seeds(report, others)
    # Quick numbers may be of the examples.
    save_examples(entry, model)
    report["results"], report["quick"] = measured(model, entry.recipe)
    if others:
        report = with_seeds(report, entry.recipe, others)
    with written_whole(entry.weights) as partial:
        model.save_weights(partial)
        report["weights_sha256"] = sha256_of(partial)
    if hasattr(entry.recipe, "attributes"):
        found = directions(model, entry.recipe)
        path = entry.folder / DIRECTIONS
        save_directions(path, found, report["weights_sha256"])
    for picture in run.path.glob(f"{run.picture.name}.*"):
        with written_whole(entry.folder / picture.name) as partial:
            shutil.copy(picture, partial)
    history = run.history.read_text(encoding="utf-8")
    write_text(entry.folder / "history.csv", thin(history))
    write_json(entry.folder / "metrics.json", report)
    save_plots(entry.folder, report["results"])
    return report


def save_examples(entry, model) -> None:
    """Writes example images into an entry, for commands without the data.

    For attributes and pairs they are the first test images. For photographs they are
    the middles of these, of which quick numbers are; a first stage has them already.
    """
    recipe = entry.recipe
    if hasattr(recipe, "attributes") or hasattr(recipe, "pairs"):
        (x, *_) = first_examples(recipe.data("test"), _NUM_EXAMPLES)
        model.x_domain.save(entry.folder / EXAMPLES, x)
    elif hasattr(recipe, "photographs") and not hasattr(recipe, "first_stage"):
        middles = np.stack(list(_middles(recipe.photographs(), model.x_domain.shape)))
        save_png(entry.folder / EXAMPLES, grid(middles), len(middles))


def _middles(images, shape):
    height, width, _ = shape
    for image in images:
        top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
        yield image[top : top + height, left : left + width]


if __name__ == "__main__":
    for result in publish(*sys.argv[1:])["results"].values():
        print(describe(result))
