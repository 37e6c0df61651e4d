"""Stops trainings whose numbers are not finite, and warns of losses that grow."""

import math
import warnings

import keras
import numpy as np

from keras_gen.arguments import check_count

_REMEDIES = (
    "A lower learning rate or clipped gradients (`clipnorm` of the optimizer) may help."
)


class StopAtDivergence(keras.callbacks.Callback):
    """Stops training with an error if a reported number or a weight is not finite.

    It checks all reported numbers after every execution and all weights after every
    epoch. (`keras.callbacks.TerminateOnNaN` checks `"loss"` only, and lets the other
    callbacks run.) For a model that is compiled with `skip_nonfinite=True`, it limits
    the number of skipped updates. Put it before callbacks that save, so that they never
    save a diverged model.

    Args:
        max_skipped: Integer of at least 0, how many updates may be skipped in an epoch.

    Raises:
        ValueError: If `max_skipped` is wrong; from `fit()`, if training diverges. The
            error names the number.

    Example:
    >>> import keras
    >>> import numpy as np
    >>> from keras_gen.callbacks import StopAtDivergence
    >>> from keras_gen.models import Autoencoder
    >>> from keras_gen.networks import mlp
    >>> model = Autoencoder(mlp((4, 4, 1), [], (2,)), mlp((2,), [], (4, 4, 1)))
    >>> model.compile(keras.optimizers.SGD(1e30))
    >>> model.fit(
    ...     np.ones((8, 4, 4, 1)), epochs=9, callbacks=[StopAtDivergence()], verbose=0
    ... )
    Traceback (most recent call last):
    ValueError: Training diverged: `loss` became ...
    """

    def __init__(self, max_skipped=0):
        super().__init__()
        check_count(max_skipped, "max_skipped", 0)
        self.max_skipped = max_skipped

    def on_train_batch_end(self, batch, logs=None) -> None:
        for name, value in (logs or {}).items():
            if not math.isfinite(value):
                raise ValueError(
                    f"Training diverged: `{name}` became {value} within "
                    f"{self._steps()} steps. {_REMEDIES} What was saved before stays."
                )
        skipped = int((logs or {}).get("skipped_updates", 0))
        if skipped > self.max_skipped:
            raise ValueError(
                f"Training diverged: of {skipped} updates of this epoch, within "
                f"{self._steps()} steps, a loss or gradient was not finite. They were "
                f"skipped, but more than {self.max_skipped} are too many. {_REMEDIES} "
                "What was saved before stays."
            )

    def on_epoch_end(self, epoch, logs=None) -> None:
        # Numbers are reported before the update that follows from them.
        for weight in self.model.weights:
            if not np.isfinite(np.asarray(weight, np.float32)).all():
                raise ValueError(
                    f"Training diverged: {weight.path!r} is not finite after "
                    f"{self._steps()} steps. {_REMEDIES} What was saved before stays."
                )

    def _steps(self):
        return int(self.model.optimizer.iterations.numpy())


class WarnOfDivergence(keras.callbacks.Callback):
    """Warns once for each loss whose mean over an epoch grows beyond a bound.

    The bound is `factor` times the size of its mean over the first epoch, or `factor`
    if this size is less than 1.

    Args:
        factor: Float above 1.

    Raises:
        ValueError: If `factor` is not above 1.
    """

    def __init__(self, factor=1000.0):
        super().__init__()
        if not factor > 1:
            raise ValueError(f"`factor` must be above 1. Received: {factor}")
        self.factor = factor
        self._bounds = {}

    def on_epoch_end(self, epoch, logs=None) -> None:
        for name, value in (logs or {}).items():
            if not name.endswith("loss"):
                continue
            bound = self._bounds.setdefault(name, self.factor * max(1.0, abs(value)))
            if abs(value) > bound:
                self._bounds[name] = math.inf
                warnings.warn(
                    f"Training diverges: `{name}` has come to {value:.4g} in epoch "
                    f"{epoch + 1}, {self.factor:g} times where it began or more. "
                    f"{_REMEDIES} For a Wasserstein critic, so may a larger "
                    "`penalty_weight` or a smaller `clip`.",
                    UserWarning,
                    stacklevel=2,
                )
