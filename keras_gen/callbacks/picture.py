"""A picture of samples after each epoch."""

from pathlib import Path

import keras

from keras_gen.images import grid, save_png


class PictureEveryEpoch(keras.callbacks.Callback):
    """Writes a picture as PNG after each epoch: `epoch_0001.png`, `epoch_0002.png`, ...

    Args:
        folder: Path, created if it does not exist.
        picture: Optional function from the model to a uint8 array of shape
            `(height, width, 1 or 3)`. Defaults to a grid of 64 samples of one seed, so
            that the pictures show one set of noise through training.
    """

    def __init__(self, folder, picture=None):
        super().__init__()
        self.folder = Path(folder)
        self.picture = _samples if picture is None else picture
        self.folder.mkdir(parents=True, exist_ok=True)

    def on_epoch_end(self, epoch, logs=None):
        path = self.folder / f"epoch_{epoch + 1:04d}.png"
        save_png(path, self.picture(self.model))


def _samples(model):
    return grid(model.to_uint8(model.sample(64, seed=0)))
