"""Training by a recipe, into a run folder."""

import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

import keras

from keras_gen.callbacks import KeepSaved, PictureEveryEpoch
from keras_gen.images import save_png
from keras_gen.random import check_seed, seed_initializers
from keras_gen.zoo.evaluation import QUICK, measure
from keras_gen.zoo.pictures import picture_of
from keras_gen.zoo.recipes import load_recipe

_VERSIONS = ("tensorflow", "keras", "tensorflow-probability", "numpy")


def train(name, data=None, epochs=None, seed=0, out=None, verbose="auto"):
    """Trains a model from scratch by a recipe.

    The run folder holds `model.keras` (replaced as a whole at least once a minute, so
    that an interrupted run can be loaded), `history.csv`, `samples/` with a picture an
    epoch, `logs/` for TensorBoard, and at the end `samples.png` and `metrics.json`.

    Args:
        name: String, a zoo entry or the path of a recipe.
        data: Optional string, another dataset's name or a folder of images; images are
            brought to the recipe's shape.
        epochs: Optional integer of at least 1. Defaults to the recipe's.
        seed: Integer in [0, 2**31): initial weights, order and noise follow from it.
        out: Optional path of the run folder, which must be empty or not there.
            Defaults to `runs/<name>`, or the first `runs/<name>-<n>` that is free.
        verbose: As in `keras.Model.fit()`.

    Returns:
        The path of the run folder.

    Raises:
        ValueError: If there is no such recipe or data, an argument is not as stated,
            or the folder cannot be written.
    """
    recipe = load_recipe(name)
    epochs = recipe.epochs if epochs is None else epochs
    if not isinstance(epochs, int) or epochs < 1:
        raise ValueError(
            f"`epochs` must be an integer of at least 1. Received: {epochs}"
        )
    seed = check_seed(seed)
    source = {} if data is None else {"source": data}
    batches = recipe.data("train", seed=seed, **source)
    folder = _run_folder(recipe.name, out)

    seed_initializers(seed)
    model = recipe.model(seed=seed)
    if hasattr(recipe, "prepare"):
        recipe.prepare(model, batches)
    recipe.compile(model, steps=epochs * int(batches.cardinality()))
    keep = KeepSaved(folder / "model.keras")
    callbacks = [
        keep,
        keras.callbacks.CSVLogger(folder / "history.csv"),
        PictureEveryEpoch(folder / "samples", lambda m: picture_of(recipe, m)),
        keras.callbacks.TensorBoard(folder / "logs"),
    ]
    start = time.monotonic()
    try:
        model.fit(batches, epochs=epochs, callbacks=callbacks, verbose=verbose)
    except KeyboardInterrupt:
        keep.save()
        raise
    seconds = time.monotonic() - start

    save_png(folder / "samples.png", picture_of(recipe, model))
    report = {
        "name": recipe.name,
        "model": type(model).__name__,
        "parameters": sum(int(w.shape.num_elements()) for w in model.trainable_weights),
        "training": {
            "epochs": epochs,
            "seed": seed,
            "data": data or "the recipe's",
            "seconds": round(seconds, 1),
            "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores",
            "versions": {name: version(name) for name in _VERSIONS},
        },
        "quick": measure(model, _test_data(recipe, source), **QUICK),
    }
    write_json(folder / "metrics.json", report)
    return folder


def write_json(path, contents):
    """Writes a JSON file, whole or not at all."""
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(contents, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, path)


def _test_data(recipe, source):
    """Test data of the recipe's or of another source, which may have no test split."""
    if source and os.path.isdir(source["source"]):
        return recipe.data("train", training=False, **source)
    return recipe.data("test", **source)


def _run_folder(name, out):
    if out is None:
        candidates = ["", *(f"-{number}" for number in range(2, 10_000))]
        paths = (Path("runs") / f"{name}{suffix}" for suffix in candidates)
        folder = next(path for path in paths if not path.exists())
    else:
        folder = Path(out)
        if folder.is_dir() and any(folder.iterdir()):
            raise ValueError(f"The folder {str(folder)!r} is not empty: name another.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ValueError(
            f"Cannot write to the folder {str(folder)!r}: {error}"
        ) from error
    return folder
