"""The base of models that make images larger and sharper."""

import math

import tensorflow as tf
from keras import ops

from keras_gen.domains import Domain, Images
from keras_gen.layers import BicubicResizing
from keras_gen.models.base.generative_model import GenerativeModel
from keras_gen.models.base.marks import marked
from keras_gen.models.base.output_range import check_reaches
from keras_gen.networks import check_network


class SuperResolutionModel(GenerativeModel):
    """Abstract: a network from small images to large ones.

    It learns from large images alone, and makes the small ones by bicubic
    interpolation. Images lie in [0, 1] and have one size, that of the network. The
    weights of a convolutional network such as `keras_gen.networks.sr_res_net` fit
    images of any size.

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
        self.small_domain = Images(small, 0.0, 1.0)
        self.x_domain = Images(large, 0.0, 1.0)
        self._shrink = BicubicResizing(down=self.scale, name="shrink")

    @marked(("small",), ("x",))
    def upscale(self, small) -> tf.Tensor:
        """Makes images larger.

        Args:
            small: Array or tensor of shape `(batch, *small_domain.shape)` in [0, 1].

        Returns:
            Float32 tensor of shape `(batch, *x_domain.shape)` in [0, 1].
        """
        large = ops.cast(self.generator(small, training=False), "float32")
        return ops.clip(large, 0.0, 1.0)

    def shrink(self, x) -> tf.Tensor:
        """The small images from which the model learns to make `x`.

        NOTE: They are not rounded to bytes, as those in files are.

        Args:
            x: Array or tensor of shape `(batch, *x_domain.shape)` in [0, 1].

        Returns:
            Float32 tensor of shape `(batch, *small_domain.shape)` in [0, 1].
        """
        small = self._shrink(ops.cast(x, "float32"))
        return ops.clip(ops.cast(small, "float32"), 0.0, 1.0)

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
