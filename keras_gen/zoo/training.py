"""Training by a recipe, into a run folder."""

import contextlib
import json
import math
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.callbacks import (
    Checkpoints,
    DiscriminatorCollapse,
    KeepSaved,
    PictureEveryEpoch,
    StopAtDivergence,
    WarnOfDivergence,
    check_interval,
    is_watched,
)
from keras_gen.images import save_png
from keras_gen.models.base import GenerativeModel
from keras_gen.random import check_seed, seed_initializers
from keras_gen.zoo.evaluation import QUICK, measure
from keras_gen.zoo.extraction import extractor
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
    checkpoint_steps=None,
    checkpoint_minutes=None,
    max_skipped=None,
    verbose="auto",
):
    """Trains a model by a recipe.

    The run folder holds `checkpoints/`, from which the run is resumed, `model.keras`
    (the model at the end of an epoch, replaced as a whole about once a minute),
    `history.csv`, `samples/` with a picture an epoch, `logs/` for TensorBoard,
    `run.json` with the arguments, and at the end `samples.png` and `metrics.json`.

    Args:
        name: String, a zoo entry or the path of a recipe.
        data: Optional string, another dataset's name or a folder of images; images are
            brought to the recipe's shape. A folder has no test split, so the measure at
            the end is then one of the training images.
        epochs: Optional integer of at least 1. Defaults to the recipe's.
        seed: Integer in [0, 2**31): initial weights, order and noise follow from it.
        out: Optional path of the run folder, which must be empty or not there.
            Defaults to `runs/<name>`, or the first `runs/<name>-<n>` that is free.
        resume: Boolean, whether to go on with the run in `out` from its newest good
            checkpoint. The other arguments, the data and the recipe must be those of
            that run; it then ends with the model of a run that was never interrupted,
            on one CPU to the last bit.
        download: Boolean, whether TFDS may download data that are not there.
        strategy: Optional `tf.distribute.Strategy` to train under, such as
            `keras_gen.zoo.mirrored()`. The recipe's batch is then the global one. It
            may be another one, or none, when a run is resumed. Of several workers the
            first one writes, and `out` must be a folder that all of them see.
        checkpoint_steps: Optional integer of at least 1, the steps between two
            checkpoints; see `keras_gen.callbacks.Checkpoints`.
        checkpoint_minutes: Optional float above 0, the minutes between two checkpoints.
            Without both there is one a minute.
        max_skipped: Optional integer of at least 0, the updates of an epoch that may be
            skipped because a loss or a gradient is not finite; see `skip_nonfinite` of
            `GenerativeModel.compile()`. Without it none is looked at before it is made.
        verbose: As in `keras.Model.fit()`.

    Returns:
        The path of the run folder; None for a worker that does not write.

    Raises:
        ValueError: If there is no such recipe or data, an argument is not as stated,
            the folder cannot be written, another process writes into it, the run in it
            cannot go on, or a reported number becomes NaN or infinite.
        ConnectionError: If another worker is gone.
        SystemExit: With code 0, once SIGTERM has arrived and a checkpoint is written.
    """
    recipe = load_recipe(name)
    epochs = recipe.epochs if epochs is None else epochs
    check_count(epochs, "epochs", 1)
    stop = StopAtDivergence(max_skipped or 0)
    seed = check_seed(seed)
    check_interval(checkpoint_steps, checkpoint_minutes, "checkpoint_")
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
    run |= _marks(batches)
    replicas = 1 if strategy is None else strategy.num_replicas_in_sync
    if run["batch_size"] % replicas:
        raise ValueError(
            f"`strategy` has {replicas} replicas, to which the recipe's batches of "
            f"{run['batch_size']} images cannot be dealt."
        )
    writes = is_chief(strategy)
    if resume:
        folder = _interrupted(out, run)
    elif writes:
        folder = _new_folder(recipe.name, out)
    elif out is None:
        raise ValueError("`out` must name a folder that all workers see.")
    else:
        folder = Path(out)
    dtype = getattr(recipe, "training_dtype", None)
    with contextlib.nullcontext() if strategy is None else strategy.scope():
        seed_initializers(seed)
        model = recipe.model(seed=seed, **({"dtype": dtype} if dtype else {}))
        if hasattr(recipe, "prepare"):
            recipe.prepare(model, batches)
        recipe.compile(model, steps=epochs * steps)
        if max_skipped is not None:
            _skip_nonfinite(model)
    clock = _Clock()
    checkpoints = Checkpoints(
        folder / "checkpoints",
        checkpoint_steps,
        checkpoint_minutes,
        callbacks=[clock],
        writes=writes,
    )
    with contextlib.closing(checkpoints):
        if writes and not resume:
            write_json(folder / "run.json", run)
        start = checkpoints.restore(model) if resume else (0, 0)
        # Of an endless stream Keras takes whole executions, more than an epoch's steps.
        # On several replicas it has no more than one step.
        at_once = model.steps_per_execution if replicas == 1 else 1
        model.steps_per_execution = math.gcd(steps, start[1], at_once)
        # One stream over all epochs, which never waits for an epoch to begin.
        options = {"start": start, "repeat": True, **source}
        stream = recipe.data("train", seed=seed, **options)
        fit = {
            "steps_per_epoch": steps,
            "initial_epoch": start[0],
            "epochs": epochs,
            "verbose": verbose,
        }
        if data is None and hasattr(recipe, "validation"):
            options = {"training": False, **source}
            fit["validation_data"] = recipe.data(recipe.validation, **options)
        if not writes:
            _fit(model, stream, [checkpoints], fit)
            return None
        _fit_into(folder, recipe, model, stream, [stop, clock, checkpoints], fit)
    seconds = round(clock.seconds, 1)
    if strategy is not None or dtype is not None:
        # What is left needs no other worker, and the dtype of the entry.
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


def _fit_into(folder, recipe, model, stream, callbacks, options):
    """Fits into a run folder."""
    stop, clock, checkpoints = callbacks
    done = options["initial_epoch"]
    _rewind(folder / "history.csv", done)
    keep = KeepSaved(folder / "model.keras")
    keep.set_model(model)
    callbacks = [
        stop,
        WarnOfDivergence(),
        *_watches(model),
        clock,
        keras.callbacks.CSVLogger(folder / "history.csv", append=done > 0),
        keep,
        PictureEveryEpoch(folder / "samples", lambda m: picture_of(recipe, m)),
        keras.callbacks.TensorBoard(folder / "logs"),
        checkpoints,
    ]
    try:
        _fit(model, stream, callbacks, options)
    except KeyboardInterrupt:
        if not keep.path.exists():
            keep.save()
        raise


def _skip_nonfinite(model):
    """Compiles a model as it is compiled, but to skip updates that are not finite."""
    if not isinstance(model, GenerativeModel):
        raise ValueError(
            "`max_skipped` must be left out for a model that is no `GenerativeModel`. "
            f"Received a {type(model).__name__}."
        )
    model.compile(
        model.optimizer,
        jit_compile=model.jit_compile,
        steps_per_execution=model.steps_per_execution,
        skip_nonfinite=True,
    )


def _watches(model):
    return [DiscriminatorCollapse()] if is_watched(model) else []


def _fit(model, stream, callbacks, options):
    try:
        model.fit(stream, callbacks=callbacks, **options)
    except tf.errors.UnavailableError as error:
        if callbacks[-1].termination.requested:
            print("Stopped as asked, with the first worker.", file=sys.stderr)
            sys.exit(0)
        raise ConnectionError(
            "Another worker is gone, and training cannot go on without it. Start all "
            "of them again, to resume from what is saved."
        ) from error


class _Clock(keras.callbacks.Callback):
    """Adds the seconds since the start of the run to the reported numbers."""

    def __init__(self):
        super().__init__()
        self._before = 0.0
        self._began = time.monotonic()

    @property
    def seconds(self):
        return self._before + time.monotonic() - self._began

    def get_state(self):
        return {"seconds": self.seconds}

    def set_state(self, state):
        self._before, self._began = state["seconds"], time.monotonic()

    def on_train_begin(self, logs=None):
        self._began = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = round(self.seconds, 1)


def _marks(batches):
    """What tells data from others: how they are dealt, and the first images' means."""
    first = next(iter(batches))
    images = first[0] if isinstance(first, tuple) else first
    return {
        "steps_per_epoch": int(batches.cardinality()),
        "batch_size": len(images),
        "first_images": [round(float(np.mean(image)), 3) for image in images[:4]],
    }


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


def _interrupted(out, run):
    """The folder of a run that was interrupted."""
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
    return folder


def _rewind(history, done):
    """Cuts a history to the epochs that the resumed state has behind it."""
    if done:
        rows = history.read_text(encoding="utf-8").splitlines()[: 1 + done]
        history.write_text("\n".join(rows) + "\n", encoding="utf-8")
