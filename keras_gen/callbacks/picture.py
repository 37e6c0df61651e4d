"""A picture of samples after each epoch."""

from pathlib import Path

import keras

from keras_gen.images import save_png


class PictureEveryEpoch(keras.callbacks.Callback):
    """Writes a picture as PNG after each epoch: `epoch_0001.png`, `epoch_0002.png`, ...

    Args:
        folder: Path, created if it does not exist.
        picture: Optional function from the model to a uint8 array of shape
            `(height, width, 1 or 3)`. Defaults to 64 samples of one seed, so that the
            pictures show one set of noise through training; a model of other data than
            images then writes files that hold those, such as `epoch_0001.wav`.
    """

    def __init__(self, folder, picture=None):
        super().__init__()
        self.folder = Path(folder)
        self.picture = picture
        self.folder.mkdir(parents=True, exist_ok=True)

    def on_epoch_end(self, epoch, logs=None) -> None:
        path = self.folder / f"epoch_{epoch + 1:04d}"
        if self.picture is None:
            domain = self.model.x_domain
            domain.save(path.with_suffix(domain.suffix), self.model.sample(64, seed=0))
        else:
            save_png(path.with_suffix(".png"), self.picture(self.model))
