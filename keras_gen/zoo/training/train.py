"""Training by a recipe, into a run folder."""

import contextlib
import math
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
    StopAtDivergence,
    WarnOfDivergence,
    check_interval,
    is_watched,
)
from keras_gen.models.base import marks_of
from keras_gen.random import check_seed, seed_initializers
from keras_gen.zoo.evaluation.evaluate import measure
from keras_gen.zoo.evaluation.extraction import extractor
from keras_gen.zoo.evaluation.measures import machine
from keras_gen.zoo.evaluation.protocol import QUICK
from keras_gen.zoo.pictures import save_made
from keras_gen.zoo.shelf.recipes import load_recipe
from keras_gen.zoo.training.run_folder import RunFolder
from keras_gen.zoo.training.strategies import is_chief

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
) -> Path | None:
    """Trains a model by a recipe.

    The run folder has `checkpoints/`, from which the run is resumed, `model.keras` (the
    model at the end of an epoch, replaced about once a minute), `history.csv`,
    `samples/` with a picture of each epoch, `logs/` for TensorBoard, `run.json` with
    the arguments, and at the end `samples.png` and `metrics.json`. Samples of other
    data than images are written as such data, for instance `samples.wav`.

    Args:
        name: String, a zoo entry or the path of a recipe.
        data: Optional string, the name of another dataset or a folder of images.
            Images are converted to the recipe's shape. A folder has no test split: the
            model is then measured on training images.
        epochs: Optional integer of at least 1. Defaults to the recipe's.
        seed: Integer in [0, 2**31). Initial weights, the order of the data and noise
            depend on it.
        out: Optional path of the run folder, which must be empty or must not exist.
            Defaults to `runs/<name>`, or the first `runs/<name>-<n>` that is free.
        resume: Boolean, whether to continue the run in `out` from its newest good
            checkpoint. The other arguments, the data and the recipe must be those of
            that run. It ends with the model of a run that was never interrupted; on
            one CPU the weights are equal to the last bit.
        download: Boolean, whether TFDS may download missing data.
        strategy: Optional `tf.distribute.Strategy` to train under, such as
            `keras_gen.zoo.mirrored()`. The recipe's batch size is the global one. A run
            may be resumed under another strategy, or without one. With several workers,
            only the first one writes, and all of them must see the folder `out`.
        checkpoint_steps: Optional integer of at least 1, the steps between two
            checkpoints; see `keras_gen.callbacks.Checkpoints`.
        checkpoint_minutes: Optional float above 0, the minutes between two checkpoints.
            Without both, a checkpoint is written each minute.
        max_skipped: Optional integer of at least 0. Updates whose loss or gradients are
            not finite are skipped, at most this many in an epoch; see `skip_nonfinite`
            of `GenerativeModel.compile()`. By default updates are not checked.
        verbose: As in `keras.Model.fit()`.

    Returns:
        The path of the run folder; None for a worker that does not write.

    Raises:
        ValueError: If there is no such recipe or data, an argument is not as stated,
            the folder cannot be written, another process writes into it, the run in it
            cannot be resumed, or a reported number becomes NaN or infinite.
        ConnectionError: If another worker has stopped.
        SystemExit: With code 0, after SIGTERM, once a checkpoint is written.
    """
    recipe = load_recipe(name)
    epochs = recipe.epochs if epochs is None else epochs
    check_count(epochs, "epochs", 1)
    stop = StopAtDivergence(max_skipped or 0)
    seed = check_seed(seed)
    check_interval(checkpoint_steps, checkpoint_minutes, "checkpoint_")
    dealt = _Data(recipe, data, seed, download)
    if hasattr(recipe, "extractor") and data is None:
        # Needed at the end, where its absence would be found too late.
        extractor(recipe.extractor)
    run = {"recipe": recipe.name, "data": data, "epochs": epochs, "seed": seed}
    run |= dealt.facts()
    _check_batch(strategy, run["batch_size"])
    writes = is_chief(strategy)
    folder = _folder(recipe, out, run, resume, writes)
    model = _compiled(recipe, dealt.batches, strategy, seed, epochs, max_skipped)
    clock = _Clock()
    checkpoints = Checkpoints(
        folder.checkpoints,
        checkpoint_steps,
        checkpoint_minutes,
        callbacks=[clock],
        writes=writes,
    )
    with contextlib.closing(checkpoints):
        if writes and not resume:
            folder.begin(run)
        start = checkpoints.restore(model) if resume else (0, 0)
        _execute_whole_epochs(model, dealt.steps, start, strategy)
        options = {"epochs": epochs, "verbose": verbose, **dealt.of_fit(start)}
        if not writes:
            _fit(model, [checkpoints], options)
            return None
        _fit_into(folder, recipe, model, [stop, clock, checkpoints], options)
    if strategy is not None or hasattr(recipe, "training_dtype"):
        model = _of_the_entry(recipe, model, seed)
    _finish(folder, recipe, model, run, clock, dealt)
    return folder.path


class _Data:
    """The data of a training: the recipe's, or another source in the recipe's shape."""

    def __init__(self, recipe, source, seed, download):
        self.source = source
        self._recipe, self._seed = recipe, seed
        self._options = {} if source is None else {"source": source}
        if download:
            self._options["download"] = True
        # Loaded before anything is written: a set may have no test split.
        self.test = recipe.data("test", **self._options)
        self.batches = recipe.data("train", seed=seed, **self._options)
        self.steps = int(self.batches.cardinality())

    def facts(self):
        """Facts that identify the data: the batches, and the means of some images."""
        first = next(iter(self.batches))
        images = first[0] if isinstance(first, tuple) else first
        return {
            "steps_per_epoch": self.steps,
            "batch_size": len(images),
            "first_images": [round(float(np.mean(image)), 3) for image in images[:4]],
        }

    def of_fit(self, start):
        """Arguments of `fit()`, for a training that begins at an epoch and a step."""
        # One stream over all epochs, which never waits for an epoch to begin.
        options = {"start": start, "repeat": True, **self._options}
        arguments = {
            "x": self._recipe.data("train", seed=self._seed, **options),
            "steps_per_epoch": self.steps,
            "initial_epoch": start[0],
        }
        if self.source is None and hasattr(self._recipe, "validation"):
            arguments["validation_data"] = self._recipe.data(
                self._recipe.validation, training=False, **self._options
            )
        return arguments


def _check_batch(strategy, batch_size):
    replicas = 1 if strategy is None else strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise ValueError(
            f"`strategy` has {replicas} replicas, to which the recipe's batches of "
            f"{batch_size} images cannot be dealt."
        )


def _folder(recipe, out, run, resume, writes):
    if resume:
        return RunFolder.interrupted(out, run)
    if writes:
        return RunFolder.new(recipe.name, out)
    if out is None:
        raise ValueError("`out` must name a folder that all workers see.")
    return RunFolder(out)


def _compiled(recipe, batches, strategy, seed, epochs, max_skipped):
    """The recipe's model, with initial weights and compiled."""
    dtype = getattr(recipe, "training_dtype", None)
    with contextlib.nullcontext() if strategy is None else strategy.scope():
        seed_initializers(seed)
        model = recipe.model(seed=seed, **({"dtype": dtype} if dtype else {}))
        if hasattr(recipe, "prepare"):
            recipe.prepare(model, batches)
        recipe.compile(model, steps=epochs * int(batches.cardinality()))
        if max_skipped is not None:
            _skip_nonfinite(model)
    return model


def _skip_nonfinite(model):
    """Compiles a model again, so that it skips updates that are not finite."""
    if not marks_of(model):
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


def _execute_whole_epochs(model, steps, start, strategy):
    """Lowers `steps_per_execution` until it divides what is left of each epoch."""
    # Keras takes whole executions from an endless stream, even beyond the end of an
    # epoch. On several replicas an execution has one step.
    several = strategy is not None and strategy.num_replicas_in_sync > 1
    at_once = 1 if several else model.steps_per_execution
    model.steps_per_execution = math.gcd(steps, start[1], at_once)


def _fit_into(folder, recipe, model, callbacks, options):
    """Fits into a run folder."""
    stop, clock, checkpoints = callbacks
    done = options["initial_epoch"]
    folder.rewind(done)
    keep = KeepSaved(folder.model)
    keep.set_model(model)
    callbacks = [
        stop,
        WarnOfDivergence(),
        *_watches(model),
        clock,
        keras.callbacks.CSVLogger(folder.history, append=done > 0),
        keep,
        keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: save_made(
                recipe, model, folder.picture_of(epoch)
            )
        ),
        keras.callbacks.TensorBoard(folder.logs),
        checkpoints,
    ]
    try:
        _fit(model, callbacks, options)
    except KeyboardInterrupt:
        if not keep.path.exists():
            keep.save()
        raise


def _watches(model):
    return [DiscriminatorCollapse()] if is_watched(model) else []


def _fit(model, callbacks, options):
    try:
        model.fit(callbacks=callbacks, **options)
    except tf.errors.UnavailableError as error:
        if callbacks[-1].termination.requested:
            print("Stopped as asked, with the first worker.", file=sys.stderr)
            sys.exit(0)
        raise ConnectionError(
            "Another worker has stopped, and training cannot continue without it. "
            "Start all workers again and resume the run from its newest checkpoint."
        ) from error


def _of_the_entry(recipe, model, seed):
    """A trained model on one device and in the dtype of the entry."""
    weights, model = model.get_weights(), recipe.model(seed=seed)
    model.set_weights(weights)
    return model


def _finish(folder, recipe, model, run, clock, dealt):
    """Writes the picture and the report of a trained model."""
    seconds = round(clock.seconds, 1)
    save_made(recipe, model, folder.picture)
    folder.finish(
        {
            "name": recipe.name,
            "model": type(model).__name__,
            "parameters": sum(
                int(weight.shape.num_elements()) for weight in model.trainable_weights
            ),
            "training": {
                "epochs": run["epochs"],
                "seed": run["seed"],
                "data": dealt.source or "the recipe's",
                "seconds": seconds,
                "machine": machine(),
                "versions": {package: version(package) for package in _VERSIONS},
            },
            "quick": measure(
                model,
                recipe,
                protocol=QUICK,
                data=None if dealt.source is None else dealt.test,
            ),
        }
    )


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
