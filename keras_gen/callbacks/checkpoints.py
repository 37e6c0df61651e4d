"""Checkpoints from which a training goes on as if it had never stopped."""

import concurrent.futures
import re
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import keras

from keras_gen.arguments import check_count
from keras_gen.callbacks import checkpoint_file, training_state
from keras_gen.callbacks.folder_lock import lock, unlock
from keras_gen.callbacks.termination import Termination
from keras_gen.files import remove_partials

_NAME = re.compile(r"epoch_(\d+)_step_(\d+)\.npz")
_PACKAGES = ("tensorflow", "keras", "numpy")
# The value of `stop_training` when a resumed epoch is over but training is not.
_END_OF_EPOCH = "the end of this epoch"


class Checkpoints(keras.callbacks.Callback):
    """Writes checkpoints from which a training can go on, also within an epoch.

    A checkpoint holds the variables of the model, its optimizers and its running means,
    the epoch and the step, the history, the state of other callbacks, and the versions
    of the libraries. A thread writes the file; training waits only until the variables
    are copied. A training that is resumed on the same data ends as if it had never
    stopped, on one CPU with equal bits.

    Pass `fit()` an endless dataset, such as those of `keras_gen.datasets` with `start`
    and `repeat=True`; pass `steps_per_epoch`; and put this callback last in the list.
    The same code then starts a training and resumes it. Checkpoints are written at the
    end of an execution, which with `steps_per_execution` may be several steps.

    At SIGTERM a checkpoint is written and the process ends with exit code 0. If you
    create an empty file `stop` in the folder, the same happens.

    Args:
        folder: Path, created if it does not exist. One process at a time can use it.
        steps: Optional integer of at least 1, the steps between two checkpoints.
        minutes: Optional float above 0, the minutes between two checkpoints. If you
            pass neither, a checkpoint is written every minute. If the one before is
            still being written, the next one is written after it; training goes on.
        keep: Integer of at least 1, how many checkpoints are kept, the newest ones.
        callbacks: List of the other callbacks of `fit()` that have a state: Keras'
            `EarlyStopping`, `ModelCheckpoint` and `ReduceLROnPlateau`, or callbacks
            with methods `get_state()` and `set_state(state)`. A state is a dict of
            values that JSON can represent and of lists of arrays.
        writes: Boolean, whether to write. If several workers share a folder, only the
            first one writes; the others use the callback to resume.

    Raises:
        ValueError: If an argument is wrong, the folder cannot be written to, or another
            process uses it; from `fit()`, if `steps_per_epoch` is missing, or if it or
            `initial_epoch` does not match the restored checkpoint.

    Example:
    >>> import tempfile
    >>> from keras_gen import datasets
    >>> from keras_gen.callbacks import Checkpoints
    >>> from keras_gen.models import Autoencoder
    >>> from keras_gen.networks import mlp
    >>> model = Autoencoder(mlp((28, 28, 1), [], (2,)), mlp((2,), [], (28, 28, 1)))
    >>> model.compile()
    >>> checkpoints = Checkpoints(tempfile.mkdtemp(), steps=2)
    >>> epoch, step = checkpoints.restore(model)  # (0, 0) the first time
    >>> history = model.fit(
    ...     datasets.load("mnist", "train[:400]", start=(epoch, step), repeat=True),
    ...     steps_per_epoch=4,
    ...     initial_epoch=epoch,
    ...     epochs=2,
    ...     callbacks=[checkpoints],
    ...     verbose=0,
    ... )
    >>> checkpoints.close()
    """

    def __init__(
        self, folder, steps=None, minutes=None, keep=3, callbacks=(), writes=True
    ):
        super().__init__()
        check_interval(steps, minutes)
        check_count(keep, "keep", 1)
        for callback in callbacks:
            training_state.check_remembers(callback)
        self.folder = Path(folder)
        self.steps = steps
        self.minutes = 1.0 if steps is None and minutes is None else minutes
        self.keep = keep
        self.callbacks = list(callbacks)
        self.writes = writes
        self.termination = Termination()
        self._executor = concurrent.futures.ThreadPoolExecutor(1)
        self._writing = None
        # Position and time of the newest checkpoint, and what must still be restored.
        self._last = self._restored = self._identity = None
        if writes:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                lock(self.folder)
                remove_partials(self.folder)
            except OSError as error:
                raise ValueError(
                    f"Cannot write to the folder {str(folder)!r}: {error}"
                ) from error

    def close(self) -> None:
        """Waits for the file that is being written, and releases the folder.

        The end of the process has the same effect.
        """
        self.termination.stop()
        self._executor.shutdown()
        if self.writes:
            unlock(self.folder)

    # Going on

    def restore(self, model) -> tuple[int, int]:
        """Restores a model from the newest good checkpoint of the folder.

        A damaged checkpoint is renamed, with a warning, and the one before is used. The
        running means and the state of callbacks are restored when `fit()` begins.

        Args:
            model: Keras model, compiled as before.

        Returns:
            Pair of integers, the epoch and the step to go on from. Pass the epoch to
            `fit()` as `initial_epoch`, and the pair to the data as `start`. If the
            folder has no checkpoint, the pair is `(0, 0)` and the model does not
            change.

        Raises:
            ValueError: If all checkpoints are damaged, or the checkpoint belongs to
                another model or optimizer; the error names the difference.
        """
        if not self._files():
            return 0, 0
        path, arrays, facts = self._newest_good()
        variables = training_state.variables_of(model, metrics=False)
        identity = self._identity_with(model)
        differences = training_state.differences(facts["identity"], identity)
        if differences:
            raise ValueError(
                f"Training cannot go on from the checkpoint {str(path)!r}, which was "
                f"written with {'; '.join(differences[:3])}."
            )
        lasting = {n: a for n, a in arrays.items() if n.startswith(("model/", "optim"))}
        training_state.check_fits(lasting, variables, path)
        training_state.assign(lasting, variables)
        for package, there in facts["versions"].items():
            if there != version(package):
                warnings.warn(
                    f"The checkpoint was written with {package} {there}, not "
                    f"{version(package)}: training may go on with other last digits.",
                    stacklevel=2,
                )
        self._identity = identity
        self._restored = path, arrays, facts
        return facts["epoch"], facts["step"]

    def _identity_with(self, model):
        kinds = [type(callback).__name__ for callback in self.callbacks]
        return {**training_state.identity_of(model), "callbacks": kinds}

    def _files(self):
        """Paths of the checkpoints, the newest first."""
        named = {path: _NAME.fullmatch(path.name) for path in self.folder.glob("*.npz")}
        order = {path: tuple(map(int, m.groups())) for path, m in named.items() if m}
        return sorted(order, key=order.get, reverse=True)

    def _newest_good(self):
        files = self._files()
        for path in files:
            try:
                return path, *checkpoint_file.read(path)
            except FileNotFoundError:
                # The first worker has already found it damaged.
                continue
            except ValueError as error:
                warnings.warn(f"{error} The one before is taken.", stacklevel=3)
                if self.writes:
                    path.rename(path.with_suffix(".damaged"))
        raise ValueError(
            f"There is no good checkpoint in {str(self.folder)!r}: all {len(files)} "
            "are damaged."
        )

    def on_train_begin(self, logs=None) -> None:
        if self.params.get("steps") is None:
            raise ValueError(
                "`steps_per_epoch` must be given to `fit()`, with data that go on "
                "without end, for checkpoints to be exact."
            )
        if self._restored is None:
            self._last = None
        if self._identity is None:
            self._identity = self._identity_with(self.model)
        if self.writes:
            self._stop_file.unlink(missing_ok=True)
        self.termination.start()

    def on_epoch_begin(self, epoch, logs=None) -> None:
        self._epoch, self._first_step = epoch, 0
        if self._restored is not None:
            # Other callbacks have begun this epoch once more than they should.
            self._go_on(epoch, *self._restored)
            self._restored = None
        self._pause(self._first_step)

    def _go_on(self, epoch, path, arrays, facts):
        steps = self.params["steps"]
        for name, there, here in (
            ("initial_epoch", facts["epoch"], epoch),
            ("steps_per_epoch", facts["steps_per_epoch"], steps),
        ):
            if there != here:
                raise ValueError(
                    f"`{name}` must be {there} to go on from {str(path)!r}. Received: "
                    f"{here}"
                )
        at_once = self.model.steps_per_execution
        if (steps - facts["step"]) % at_once:
            raise ValueError(
                f"`steps_per_execution` must divide the {steps - facts['step']} steps "
                f"that are left of the epoch. Received: {at_once}"
            )
        variables = training_state.variables_of(self.model, metrics=facts["step"] > 0)
        # The means of metrics that Keras builds in the first step start again.
        known = {name: v for name, v in variables.items() if name in arrays}
        training_state.assign(arrays, known)
        training_state.set_states(self.callbacks, facts["callbacks"], arrays)
        self.model.history.epoch = facts["epochs"]
        self.model.history.history = facts["history"]
        self._first_step = facts["step"]
        self._last = epoch * steps + self._first_step, time.monotonic()

    # Writing

    def on_train_batch_end(self, batch, logs=None) -> None:
        step = self._first_step + batch + 1
        if step < self.params["steps"]:
            self._pause(step)
        elif self._first_step and not self.model.stop_training:
            # `fit()` would take as many steps in this epoch as in others.
            self.model.stop_training = _END_OF_EPOCH

    def on_epoch_end(self, epoch, logs=None) -> None:
        if self.model.stop_training == _END_OF_EPOCH:
            self.model.stop_training = False

    def on_train_end(self, logs=None) -> None:
        self.wait()
        self.termination.pass_on()

    def _pause(self, step):
        """Called after an execution: writes a checkpoint if due, ends if asked to."""
        if not self.writes:
            if self.termination.requested:
                # The first worker notices and ends all of them.
                self._stop_file.touch()
            return
        if self.termination.requested or self._stop_file.exists():
            self._end(step)
        elif self._is_due(step) and (self._writing is None or self._writing.done()):
            self.wait()
            self._save(step)

    @property
    def _stop_file(self):
        return self.folder / "stop"

    def _is_due(self, step):
        if self._last is None:
            return True
        position, moment = self._last
        steps = self._epoch * self.params["steps"] + step - position
        seconds = time.monotonic() - moment
        return (self.steps is not None and steps >= self.steps) or (
            self.minutes is not None and seconds >= 60 * self.minutes
        )

    def _save(self, step):
        variables = training_state.variables_of(self.model, metrics=step > 0)
        states, remembered = training_state.states_of(self.callbacks)
        arrays = training_state.copy_of(variables) | remembered
        facts = {
            "epoch": self._epoch,
            "step": step,
            "steps_per_epoch": self.params["steps"],
            "identity": self._identity,
            "callbacks": states,
            "epochs": list(self.model.history.epoch),
            "history": {k: list(v) for k, v in self.model.history.history.items()},
            "versions": {package: version(package) for package in _PACKAGES},
        }
        path = self.folder / f"epoch_{self._epoch:04d}_step_{step:06d}.npz"
        self._last = self._epoch * self.params["steps"] + step, time.monotonic()
        self._writing = self._executor.submit(self._write, path, arrays, facts)
        return path

    def _write(self, path, arrays, facts):
        checkpoint_file.write(path, arrays, facts)
        for old in self._files()[self.keep :]:
            old.unlink()

    def wait(self) -> None:
        """Waits for the file that is being written, and warns if that failed."""
        if self._writing is None:
            return
        error = self._writing.exception()
        self._writing = None
        if isinstance(error, OSError):
            warnings.warn(
                f"A checkpoint could not be written: {error}. Those before stay, and "
                "training goes on.",
                stacklevel=2,
            )
        elif error is not None:
            raise error

    def _end(self, step):
        self.wait()
        path = self._save(step)
        self._writing.result()
        self._stop_file.unlink(missing_ok=True)
        print(
            f"\nStopped as asked, {step} steps into epoch {self._epoch + 1}. Resume "
            f"from {path}.",
            file=sys.stderr,
        )
        sys.exit(0)


def check_interval(steps, minutes, prefix="") -> None:
    """Raises a ValueError if the interval between two checkpoints is wrong."""
    if steps is not None:
        check_count(steps, f"{prefix}steps", 1)
    if minutes is not None and not minutes > 0:
        raise ValueError(f"`{prefix}minutes` must be above 0. Received: {minutes!r}")
