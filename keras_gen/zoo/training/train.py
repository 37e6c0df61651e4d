"""Training by a recipe, into a run folder."""

import contextlib
import os
import sys
import time
from pathlib import Path

import keras
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
    remembers,
)
from keras_gen.datasets.loading import is_folder
from keras_gen.random import check_seed
from keras_gen.zoo.evaluation.extraction import extractor
from keras_gen.zoo.pictures import save_made
from keras_gen.zoo.shelf.recipes import load_recipe, rebuilt, set_data
from keras_gen.zoo.shelf.run_folder import RunFolder
from keras_gen.zoo.training.compilation import (
    check_rate,
    compiled_model,
    execute_whole_epochs,
    take_weights,
)
from keras_gen.zoo.training.data import TrainingData
from keras_gen.zoo.training.report import report_of
from keras_gen.zoo.training.strategies import is_chief


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
    batch_size=None,
    learning_rate=None,
    callbacks=(),
    measure="validation",
    start_from=None,
) -> Path | None:
    """Trains a model by a recipe.

    The run folder has `checkpoints/`, from which the run is resumed, `model.keras` (the
    model at the end of an epoch, replaced about once a minute), `history.csv`,
    `samples/` with a picture of each epoch, `logs/` for TensorBoard, `run.json` with
    the arguments, `recipe.py` (a copy of the recipe, which is executed when the run is
    opened), and at the end `samples.png` and `metrics.json`. Samples of other data than
    images are written as such data, for instance `samples.wav`.

    The trained model is measured on few examples, which costs about an epoch or a tenth
    of the training, whichever is more.

    Args:
        name: String, a zoo entry or the path of a recipe.
        data: Optional string or path, another dataset or a folder of images. Images
            are converted to the recipe's shape. If the data have the split
            `"validation"`, as folders have, its loss is reported as `val_loss`.
        epochs: Optional integer of at least 1. Defaults to the recipe's.
        seed: Integer in [0, 2**31). Initial weights, the order of the data and noise
            depend on it.
        out: Optional path of the run folder, which must be empty or must not exist.
            Defaults to `runs/<name>`, or the first `runs/<name>-<n>` that is free.
        resume: Boolean, whether to continue the run in `out` from its newest good
            checkpoint. The other arguments, the data and the recipe must be those of
            that run. It ends with the model of a run that was never interrupted; on
            one CPU the weights are equal to the last bit. Also a complete run goes on
            if `epochs` are more than before, unless the learning rate follows a
            schedule over all steps: see `start_from`.
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
        batch_size: Optional integer of at least 1, instead of the recipe's.
        learning_rate: Optional float above 0, instead of the recipe's: the first one of
            a schedule, and that of the generator of an adversarial model.
        callbacks: List of Keras callbacks, after those of the recipe. The state of
            those with `get_state()` and `set_state(state)`, and of `EarlyStopping`,
            `ModelCheckpoint` and `ReduceLROnPlateau`, is kept in checkpoints.
        measure: "validation", "test" or "no": what the trained model is measured on.
            Without validation data, "validation" takes training data.
        start_from: Optional string, a zoo entry, a saved model or the folder of a run.
            Training starts from the weights of this model, with a schedule of its own:
            in this way a finished run trains longer.

    Returns:
        The path of the run folder; None for a worker that does not write.

    Raises:
        ValueError: If there is no such recipe or data, an argument is not as stated or
            not taken by the recipe, `start_from` is another model, the folder cannot be
            written, another process writes into it, the run in it cannot be resumed, or
            a reported number becomes NaN or infinite.
        ConnectionError: If another worker has stopped.
        SystemExit: With code 0, after SIGTERM, once a checkpoint is written.
    """
    recipe = load_recipe(name)
    source = _source_of(data)
    set_data(recipe, source, batch_size)
    check_rate(recipe, learning_rate)
    epochs = recipe.epochs if epochs is None else epochs
    check_count(epochs, "epochs", 1)
    stop = StopAtDivergence(max_skipped or 0)
    seed = check_seed(seed)
    check_interval(checkpoint_steps, checkpoint_minutes, "checkpoint_")
    dealt = TrainingData(recipe, source, seed, download, measure)
    if hasattr(recipe, "extractor"):
        # Needed at the end, where its absence would be found too late.
        extractor(recipe.extractor)
    run = {
        "recipe": recipe.name,
        "data": source,
        "epochs": epochs,
        "seed": seed,
        "learning_rate": learning_rate,
        "start_from": start_from if start_from is None else str(start_from),
        **dealt.facts(),
    }
    _check_batch(strategy, dealt.batch_size)
    model = compiled_model(recipe, dealt, strategy, run, max_skipped)
    if start_from is not None and not resume:
        take_weights(model, start_from)
    callbacks = _callbacks(recipe, model, callbacks)
    writes = is_chief(strategy)
    folder = _folder(recipe, out, run, resume, writes)
    clock = _Clock()
    checkpoints = Checkpoints(
        folder.checkpoints,
        checkpoint_steps,
        checkpoint_minutes,
        callbacks=[clock, *filter(remembers, callbacks)],
        writes=writes,
    )
    with contextlib.closing(checkpoints):
        start = _restored(folder, checkpoints, model, run) if resume else (0, 0)
        if writes:
            folder.begin(run, recipe.__file__)
        execute_whole_epochs(model, dealt.steps, start, strategy)
        options = {"epochs": epochs, "verbose": verbose, **dealt.of_fit(start)}
        if not writes:
            _fit(model, [*callbacks, checkpoints], options)
            return None
        callbacks = [stop, clock, *callbacks, checkpoints]
        _fit_into(folder, recipe, model, callbacks, options, dealt)
    run["epochs"] = len(model.history.epoch)
    if strategy is not None or hasattr(recipe, "training_dtype"):
        model = rebuilt(recipe, model, seed=seed)
    facts = {
        "data": "the recipe's" if data is None else str(data),
        "seconds": round(clock.seconds, 1),
    }
    save_made(recipe, model, folder.picture, shown=dealt.shown)
    folder.finish(report_of(recipe, model, run | facts, dealt, verbose))
    return folder.path


def _source_of(data):
    """The data as a run keeps them, with the absolute path of a folder."""
    if data is None or not is_folder(data):
        return data
    return os.path.abspath(os.path.expanduser(data))


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


def _callbacks(recipe, model, callbacks):
    """The callbacks of the recipe and of the caller."""
    found = [*getattr(recipe, "callbacks", lambda model: [])(model), *callbacks]
    for callback in found:
        if not isinstance(callback, keras.callbacks.Callback):
            raise ValueError(
                f"`callbacks` must be Keras callbacks. Received: {callback!r:.80}"
            )
    return found


def _restored(folder, checkpoints, model, run):
    """Restores the newest checkpoint; returns the epoch and the step to go on from."""
    try:
        return checkpoints.restore(model)
    except ValueError as error:
        if not folder.is_lengthened(run):
            raise
        raise ValueError(
            f"{error} A learning rate that falls over all steps of a training is "
            "another one for more epochs: start a new run from the weights of this one "
            f"with `start_from`, --start_from={folder.path}."
        ) from error


def _fit_into(folder, recipe, model, callbacks, options, dealt):
    """Fits into a run folder."""
    stop, clock, *others, checkpoints = callbacks
    done = options["initial_epoch"]
    folder.rewind(done)
    keep = KeepSaved(folder.model)
    keep.set_model(model)
    callbacks = [
        stop,
        WarnOfDivergence(),
        *_watches(model),
        clock,
        *others,
        keras.callbacks.CSVLogger(folder.history, append=done > 0),
        keep,
        keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: save_made(
                recipe, model, folder.picture_of(epoch), shown=dealt.shown
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
