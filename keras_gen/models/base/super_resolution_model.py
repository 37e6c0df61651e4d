"""The base of models that make images larger and sharper."""

import math

import keras
import tensorflow as tf
from keras import ops

from keras_gen.domains import AnySizeImages, Domain, Images
from keras_gen.layers import BicubicResizing
from keras_gen.models.base.generative_model import GenerativeModel
from keras_gen.models.base.marks import marked
from keras_gen.models.base.output_range import check_reaches
from keras_gen.networks import check_network


class SuperResolutionModel(GenerativeModel):
    """Abstract: a network from small images to large ones.

    It learns from large images alone, and makes the small ones by bicubic
    interpolation. Images lie in [0, 1]. In training they have one size, that of the
    network. If the weights of the network fit images of any size, as those of
    `keras_gen.networks.sr_res_net` do, so does `upscale()`.

    A subclass implements `loss_terms()` or `phases()`.

    Args:
        generator: Network from small images to images whose height and width are
            larger by one whole factor. Values beyond [0, 1] are clipped.

    Raises:
        ValueError: If the network is no such network.
    """

    default_method = "upscale"
    call_takes = ("small",)

    def __init__(self, generator, **kwargs):
        super().__init__(**kwargs)
        check_network("generator", generator, 1)
        small, large = generator.input_shape[1:], generator.output_shape[1:]
        self.scale = _scale_of(tuple(small), tuple(large))
        check_reaches("generator", generator, (0.0, 1.0), "images")
        self.generator = generator
        any_size = _fits_any_size(generator)
        self.small_domain = (AnySizeImages if any_size else Images)(small, 0.0, 1.0)
        self.x_domain = Images(large, 0.0, 1.0)
        self._shrink = BicubicResizing(down=self.scale, name="shrink")

    @marked(("small",), ("x",))
    def upscale(self, small) -> tf.Tensor:
        """Makes images larger.

        Args:
            small: Array or tensor of shape `(batch, *small_domain.shape)` in [0, 1]. If
                the network is convolutional, height and width can be others, outside a
                `tf.function`. Memory grows with the size of one image.

        Returns:
            Float32 tensor of shape `(batch, *x_domain.shape)` in [0, 1]; of small
            images of another size, `scale` times their height and width.
        """
        if tuple(small.shape[1:]) == self.small_domain.shape:
            large = self.generator(small, training=False)
        else:
            network = _of_size(self.generator, small.shape[1:])
            large = ops.concatenate(
                [network(image[None], training=False) for image in small]
            )
        return ops.clip(ops.cast(large, "float32"), 0.0, 1.0)

    def shrink(self, x) -> tf.Tensor:
        """The small images from which the model learns to make `x`.

        NOTE: They are not rounded to bytes, as those in files are.

        Args:
            x: Array or tensor of shape `(batch, height, width, channels)` in [0, 1],
                whose sides can be divided by `scale`.

        Returns:
            Float32 tensor of shape `(batch, height / scale, width / scale, channels)`
            in [0, 1].
        """
        small = self._shrink(ops.cast(x, "float32"))
        return ops.clip(ops.cast(small, "float32"), 0.0, 1.0)

    def bicubic(self, small) -> tf.Tensor:
        """Bicubic interpolation of small images, which needs no model.

        Args:
            small: Array or tensor of shape `(batch, height, width, channels)`.

        Returns:
            Float32 tensor of shape `(batch, scale * height, scale * width, channels)`
            in [0, 1].
        """
        large = BicubicResizing(up=self.scale)(ops.cast(small, "float32"))
        return ops.clip(ops.cast(large, "float32"), 0.0, 1.0)

    def generate(self, x, training) -> tf.Tensor:
        """What the network makes of the small versions of images, not clipped."""
        large = self.generator(self.shrink(x), training=training)
        return ops.cast(large, "float32")

    def call(self, small) -> tf.Tensor:
        """The same as `upscale()`."""
        return self.upscale(small)

    def comparison(self, batch) -> tuple:
        return batch.x, self.upscale(self.shrink(batch.x))

    def domain_of(self, name) -> Domain | None:
        return self.small_domain if name == "small" else super().domain_of(name)


def mean_psnr(x, fakes) -> tf.Tensor:
    """The mean over images of the peak signal-to-noise ratio of all values, in dB.

    That of an image is at most 100.
    """
    errors = ops.mean(ops.square(x - ops.clip(fakes, 0.0, 1.0)), axis=(1, 2, 3))
    return -10.0 / math.log(10.0) * ops.mean(ops.log(ops.maximum(errors, 1e-10)))


def _of_size(network, shape):
    """A network with the same weights for images of another size."""
    resized = keras.models.clone_model(network, input_tensors=keras.Input(shape))
    resized.set_weights(network.get_weights())
    return resized


def _fits_any_size(network):
    """Whether a network also takes images of twice the size, by the same weights."""
    height, width, channels = network.input_shape[1:]
    inputs = keras.Input((2 * height, 2 * width, channels))
    try:
        larger = keras.models.clone_model(network, input_tensors=inputs)
    except (TypeError, ValueError):
        # A layer, such as one that reshapes, has a size of its own.
        return False
    shapes = ([w.shape for w in some.weights] for some in (network, larger))
    _, *expected, channels = network.output_shape
    return all(a == b for a, b in zip(*shapes, strict=True)) and (
        larger.output_shape == (None, *(2 * side for side in expected), channels)
    )


def _scale_of(small, large):
    """By which whole factor the sides of images grow."""
    fits = len(small) == len(large) == 3 and small[2] == large[2]
    scale = large[0] // small[0] if fits else 0
    if scale < 2 or large[:2] != (scale * small[0], scale * small[1]):
        raise ValueError(
            "`generator` must take images and end in images with as many channels, "
            "whose height and width are larger by one whole factor. Received shapes: "
            f"{small} and {large}"
        )
    return scale
