"""The base of models that encode an image and decode it again."""

import tensorflow as tf

from keras_gen.latents import linear_path
from keras_gen.models.base.generative_model import GenerativeModel


class ReconstructionModel(GenerativeModel):
    """Abstract: images to latents and back.

    A subclass implements `encode()` and `decode()`; `call()` is the reconstruction.
    """

    def encode(self, images):
        """Latents of images, float32 of shape `(batch, latent_dim)`."""
        raise NotImplementedError

    def decode(self, latents):
        """Images of latents, float32 of shape `(batch, *image_shape)`."""
        raise NotImplementedError

    def reconstruct(self, images):
        """Images after encoding and decoding, of the same shape.

        Args:
            images: Array or tensor of shape `(batch, *image_shape)`. Corrupted images
                may lie outside `image_range`.

        Raises:
            ValueError: If `images` have another shape or hold NaN.
        """
        self.check_shape(images)
        return self(tf.cast(images, tf.float32))

    def interpolate(self, start, end, num_steps=10):
        """Images between pairs of images, decoded from a straight line of latents.

        Args:
            start: Array or tensor of shape `(batch, *image_shape)`.
            end: Array or tensor of the same shape.
            num_steps: Integer of at least 2, both ends included.

        Returns:
            Float32 tensor of shape `(batch, num_steps, *image_shape)`; the first and
            the last of each row are the reconstructions of the two images.

        Raises:
            ValueError: If the images or `num_steps` are not as stated.
        """
        self.check_images(start)
        self.check_images(end)
        if start.shape != end.shape:
            raise ValueError(
                "`start` and `end` must have one shape. Received: "
                f"{tuple(start.shape)} and {tuple(end.shape)}"
            )
        first = self.encode(tf.cast(start, tf.float32))
        last = self.encode(tf.cast(end, tf.float32))
        latents = linear_path(first, last, num_steps)
        images = self.decode(tf.reshape(latents, (-1, latents.shape[-1])))
        return tf.reshape(images, (-1, num_steps, *self.image_shape))

    def call(self, images):
        return self.decode(self.encode(images))
