"""Training by a recipe, into a run folder."""

import contextlib
import json
import math
import os
import time
from importlib.metadata import version
from pathlib import Path

import keras
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.callbacks import KeepSaved, PictureEveryEpoch, StopAtDivergence
from keras_gen.images import save_png
from keras_gen.random import check_seed, seed_initializers
from keras_gen.zoo.evaluation import QUICK, measure
from keras_gen.zoo.extraction import extractor
from keras_gen.zoo.loading import open_model
from keras_gen.zoo.measures import machine
from keras_gen.zoo.pictures import picture_of
from keras_gen.zoo.recipes import load_recipe
from keras_gen.zoo.strategies import is_chief

_VERSIONS = ("tensorflow", "keras", "tensorflow-probability", "numpy")


def train(
    name,
    data=None,
    epochs=None,
    seed=0,
    out=None,
    resume=False,
    download=False,
    strategy=None,
    verbose="auto",
):
    """Trains a model by a recipe.

    The run folder holds `model.keras` (the state at the end of an epoch, replaced as a
    whole about once a minute), `history.csv`, `samples/` with a picture an epoch,
    `logs/` for TensorBoard, `run.json` with the arguments, and at the end `samples.png`
    and `metrics.json`.

    Args:
        name: String, a zoo entry or the path of a recipe.
        data: Optional string, another dataset's name or a folder of images; images are
            brought to the recipe's shape. A folder has no test split, so the measure at
            the end is then one of the training images.
        epochs: Optional integer of at least 1. Defaults to the recipe's.
        seed: Integer in [0, 2**31): initial weights, order and noise follow from it.
        out: Optional path of the run folder, which must be empty or not there.
            Defaults to `runs/<name>`, or the first `runs/<name>-<n>` that is free.
        resume: Boolean, whether to go on with the run in `out` from its `model.keras`.
            The other arguments must be those of that run; the model is then that of
            a run that was never interrupted.
        download: Boolean, whether TFDS may download data that are not there.
        strategy: Optional `tf.distribute.Strategy` to train under, such as
            `keras_gen.zoo.mirrored()`. The recipe's batch is then the global one. It
            may be another one, or none, when a run is resumed. Of several workers the
            first one writes, and `out` must be a folder that all of them see.
        verbose: As in `keras.Model.fit()`.

    Returns:
        The path of the run folder; None for a worker that does not write.

    Raises:
        ValueError: If there is no such recipe or data, an argument is not as stated,
            the folder cannot be written, the run in it cannot go on, or a reported
            number becomes NaN or infinite.
        ConnectionError: If another worker is gone.
    """
    recipe = load_recipe(name)
    epochs = recipe.epochs if epochs is None else epochs
    check_count(epochs, "epochs", 1)
    seed = check_seed(seed)
    source = {} if data is None else {"source": data}
    if download:
        source["download"] = True
    # Loaded before anything is written: a set may have no test split.
    test = recipe.data("test", **source)
    batches = recipe.data("train", seed=seed, **source)
    steps = int(batches.cardinality())
    if hasattr(recipe, "extractor") and data is None:
        # Needed at the end, where its absence would be found too late.
        extractor(recipe.extractor)
    run = {"recipe": recipe.name, "data": data, "epochs": epochs, "seed": seed}
    writes = is_chief(strategy)
    with contextlib.nullcontext() if strategy is None else strategy.scope():
        if resume:
            folder, model, done = _interrupted(out, run, steps)
        else:
            folder, done = _new_folder(recipe.name, out) if writes else None, 0
            if writes:
                write_json(folder / "run.json", run)
            seed_initializers(seed)
            model = recipe.model(seed=seed)
            if hasattr(recipe, "prepare"):
                recipe.prepare(model, batches)
            recipe.compile(model, steps=epochs * steps)
    # Of an endless stream Keras takes whole executions, more than the epoch's steps.
    model.steps_per_execution = math.gcd(steps, model.steps_per_execution)
    # One stream over all epochs, which never waits for an epoch to begin.
    options = {"start": (done, 0), "repeat": True, **source}
    stream = recipe.data("train", seed=seed, **options)
    fit = {
        "steps_per_epoch": steps,
        "initial_epoch": done,
        "epochs": epochs,
        "verbose": verbose,
    }
    if data is None and hasattr(recipe, "validation"):
        options = {"training": False, **source}
        fit["validation_data"] = recipe.data(recipe.validation, **options)
    if not writes:
        _fit(model, stream, [], fit)
        return None
    seconds = _fit_into(folder, recipe, model, stream, fit)
    if strategy is not None:
        # What is left needs no other worker.
        weights, model = model.get_weights(), recipe.model(seed=seed)
        model.set_weights(weights)
    save_png(folder / "samples.png", picture_of(recipe, model))
    report = {
        "name": recipe.name,
        "model": type(model).__name__,
        "parameters": sum(int(w.shape.num_elements()) for w in model.trainable_weights),
        "training": {
            "epochs": epochs,
            "seed": seed,
            "data": data or "the recipe's",
            "seconds": seconds,
            "machine": machine(),
            "versions": {package: version(package) for package in _VERSIONS},
        },
        "quick": measure(
            model, recipe, protocol=QUICK, data=None if data is None else test
        ),
    }
    write_json(folder / "metrics.json", report)
    return folder


def _fit_into(folder, recipe, model, stream, options):
    """Fits into a run folder; returns the seconds of the run."""
    done = options["initial_epoch"]
    clock = _Clock(_rewind(folder / "history.csv", done))
    keep = KeepSaved(folder / "model.keras")
    keep.set_model(model)
    callbacks = [
        StopAtDivergence(),
        clock,
        keras.callbacks.CSVLogger(folder / "history.csv", append=done > 0),
        keep,
        PictureEveryEpoch(folder / "samples", lambda m: picture_of(recipe, m)),
        keras.callbacks.TensorBoard(folder / "logs"),
    ]
    try:
        _fit(model, stream, callbacks, options)
    except KeyboardInterrupt:
        if not keep.path.exists():
            keep.save()
        raise
    return round(clock.seconds, 1)


def _fit(model, stream, callbacks, options):
    try:
        model.fit(stream, callbacks=callbacks, **options)
    except tf.errors.UnavailableError as error:
        raise ConnectionError(
            "Another worker is gone, and training cannot go on without it. Start all "
            "of them again, to resume from what is saved."
        ) from error


class _Clock(keras.callbacks.Callback):
    """Adds the seconds since the start of the run to the reported numbers."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds
        self._last = None

    def on_train_begin(self, logs=None):
        self._last = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        now = time.monotonic()
        self.seconds, self._last = self.seconds + now - self._last, now
        logs["seconds"] = round(self.seconds, 1)


def write_json(path, contents):
    """Writes a JSON file, whole or not at all."""
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(contents, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, path)


def _new_folder(name, out):
    if out is None:
        candidates = ["", *(f"-{number}" for number in range(2, 10_000))]
        paths = (Path("runs") / f"{name}{suffix}" for suffix in candidates)
        folder = next(path for path in paths if not path.exists())
    else:
        folder = Path(out)
        if folder.is_dir() and any(folder.iterdir()):
            raise ValueError(
                f"The folder {str(folder)!r} is not empty: name another, or resume the "
                "run that it holds."
            )
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


def _interrupted(out, run, steps):
    """Folder, model and finished epochs of a run that was interrupted."""
    if out is None:
        raise ValueError("`out` must name the folder of the run to resume.")
    folder = Path(out)
    if not (folder / "run.json").is_file():
        raise ValueError(f"There is no run in {str(out)!r}: it holds no run.json.")
    before = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    differences = [
        f"{key} {before.get(key)!r}, not {value!r}"
        for key, value in run.items()
        if before.get(key) != value
    ]
    if differences:
        raise ValueError(
            f"The run in {str(out)!r} cannot go on like this. It was started with "
            f"{'; '.join(differences)}."
        )
    if (folder / "metrics.json").exists():
        raise ValueError(f"The run in {str(out)!r} is complete.")
    model = open_model(folder / "model.keras")
    done, surplus = divmod(int(model.optimizer.iterations.numpy()), steps)
    if surplus:
        raise ValueError(
            f"The run in {str(out)!r} stopped {surplus} steps into its first epoch of "
            f"{steps}: there is no whole epoch to go on from."
        )
    return folder, model, done


def _rewind(history, done):
    """Cuts a history to the epochs that the saved model has; returns their seconds."""
    if done == 0:
        return 0.0
    rows = history.read_text(encoding="utf-8").splitlines()[: 1 + done]
    history.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return float(rows[-1].split(",")[rows[0].split(",").index("seconds")])
