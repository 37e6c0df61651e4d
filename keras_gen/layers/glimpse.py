"""What a recurrent network reads of an image and writes to one."""

import math

import keras
from keras import ops

from keras_gen.layers.attention_window import AttentionWindow


class _Glimpse(keras.layers.Layer):
    """Abstract: the whole image, or a window that a state places."""

    def __init__(self, image_shape, size=None, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.image_shape, self.size = tuple(image_shape), size
        #: `AttentionWindow`, or None for the whole image.
        self.window = None
        #: Tuple, the shape of what is read or written.
        self.patch_shape = self.image_shape
        if size is not None:
            self.window = AttentionWindow(self.image_shape[:2], size, name="window")
            self.patch_shape = (size, size, self.image_shape[-1])

    def get_config(self) -> dict:
        config = {"image_shape": self.image_shape, "size": self.size}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="keras_gen")
class GlimpseReader(_Glimpse):
    """Reads images: as a whole, or the patch in a window that a state places.

    Args:
        image_shape: Tuple `(height, width, channels)`.
        size: Optional integer, the side of the patch; see `AttentionWindow`.

    Raises:
        ValueError: If `size` is larger than the image.

    Reference:
        Gregor et al., DRAW: A Recurrent Neural Network For Image Generation, 2015
        (arXiv:1502.04623), sections 3.1 and 3.3.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import GlimpseReader
    >>> reader = GlimpseReader((28, 28, 1), size=4)
    >>> tuple(reader(np.zeros((2, 28, 28, 1)), np.zeros((2, 16))).shape)
    (2, 16)
    """

    def build(self, images_shape, state_shape) -> None:
        if self.window is not None:
            self.window.build(state_shape)

    def call(self, images, state):
        if self.window is not None:
            images = self.window.read(images, self.window(state))
        return ops.reshape(images, (-1, math.prod(self.patch_shape)))


@keras.saving.register_keras_serializable(package="keras_gen")
class GlimpseWriter(_Glimpse):
    """Writes a state as an image: whole, or a patch in a window that it places.

    What is written is a linear function of the state.

    Args:
        image_shape: Tuple `(height, width, channels)`.
        size: Optional integer, the side of the patch; see `AttentionWindow`.

    Raises:
        ValueError: If `size` is larger than the image.

    Reference:
        Gregor et al., DRAW: A Recurrent Neural Network For Image Generation, 2015
        (arXiv:1502.04623), sections 3.1 and 3.3.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import GlimpseWriter
    >>> writer = GlimpseWriter((28, 28, 1), size=4)
    >>> tuple(writer(np.zeros((2, 16))).shape)
    (2, 28, 28, 1)
    """

    def __init__(self, image_shape, size=None, **kwargs):
        super().__init__(image_shape, size, **kwargs)
        units = math.prod(self.patch_shape)
        self.dense = keras.layers.Dense(units, dtype=self.dtype_policy, name="patch")

    def build(self, state_shape) -> None:
        self.dense.build(state_shape)
        if self.window is not None:
            self.window.build(state_shape)

    def call(self, state):
        patches = ops.cast(self.dense(state), "float32")
        patches = ops.reshape(patches, (-1, *self.patch_shape))
        if self.window is None:
            return patches
        return self.window.write(patches, self.window(state))
