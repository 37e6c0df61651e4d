"""Images of which only the number of channels is fixed."""

import keras
import numpy as np

from keras_gen import media
from keras_gen.arguments import shown
from keras_gen.domains.images import Images


@keras.saving.register_keras_serializable(package="keras_gen")
class AnySizeImages(Images):
    """Images of any height and width; those of one batch have the same.

    `shape` is the size that exports, the server and tests use. The arguments are those
    of `Images`.

    Example:
    >>> import numpy as np
    >>> from keras_gen.domains import AnySizeImages
    >>> AnySizeImages((8, 8, 1)).check(np.zeros((2, 5, 7, 1)))
    """

    def check_shape(self, values, name="x"):
        shape = tuple(getattr(values, "shape", ()))
        if len(shape) == 4 and shape[0] != 0 and shape[3] == self.shape[2]:
            return
        if len(shape) > 1 and shape[0] != 0:
            raise ValueError(
                f"`{name}` must have shape (batch, height, width, {self.shape[2]}). "
                f"Received shape: {shape}"
            )
        super().check_shape(values, name)

    def load(self, path):
        """Reads images of one size from a `.npy` file, a picture or a folder of them.

        A picture is one image. Values of type uint8 are scaled from [0, 255] to
        [low, high].
        """
        values = media.load_whole_images(path, self.shape[2])
        if values.dtype == np.uint8:
            return self.from_bytes(values)
        if values.ndim == 3:
            values = values[None]
        if values.ndim != 4 or values.shape[3] != self.shape[2] or not values.size:
            raise ValueError(
                f"{str(path)!r} must hold images of {self.shape[2]} channels. Received "
                f"shape: {shown(values.shape)}"
            )
        return self._on_levels(values).astype(self.dtype)
