"""Saves the newest model during training."""

import time
from pathlib import Path

import keras

from keras_gen.files import written_whole


class KeepSaved(keras.callbacks.Callback):
    """Saves the model during training to one file, which is always complete.

    Args:
        path: Path that ends in `.keras`.
        every_seconds: Float, the least time between two saves. The first epoch and the
            end of training are always saved.
    """

    def __init__(self, path, every_seconds=60.0):
        super().__init__()
        self.path = Path(path)
        self.every_seconds = every_seconds
        self._saved_at = -float("inf")

    def on_epoch_end(self, epoch, logs=None) -> None:
        if time.monotonic() - self._saved_at >= self.every_seconds:
            self.save()

    def on_train_end(self, logs=None) -> None:
        self.save()

    def save(self) -> None:
        """Saves the model now."""
        with written_whole(self.path) as partial:
            self.model.save(partial)
        self._saved_at = time.monotonic()
