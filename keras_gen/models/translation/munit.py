"""Multimodal unsupervised image-to-image translation (Huang et al., 2018)."""

import keras
import tensorflow as tf
from keras import ops

from keras_gen.domains import Vectors
from keras_gen.losses import mean_absolute_error
from keras_gen.models.base import TwoWayTranslation, check_reaches, marked
from keras_gen.models.translation.two_domain_game import LeastSquaresGame
from keras_gen.networks import check_maps, check_network


@keras.saving.register_keras_serializable(package="keras_gen")
class MUNIT(TwoWayTranslation, LeastSquaresGame):
    """Learns to translate one image into many styles of another domain, without pairs.

    An image is content, which both domains have in common, and a style of its domain,
    whose prior is standard normal. A translation has the content of the image and a
    style of the other domain. Images of both domains lie in [-1, 1].

    `to_y()` and `to_x()` translate into the style zero, the mode of the prior.

    Reports sums over both domains: `discriminator_loss` and `adversarial`; `distance`,
    the mean absolute error of a reconstructed value; `content` and `style`, those of
    the content and the style that are found again in a translation; and
    `generator_loss`, the sum of all but the first, each times its weight.

    NOTE: The paper has discriminators at three scales, and for large images a loss of
    features of a classifier, which is left out.

    Args:
        content_encoder_x: Network from images of the first domain to content, such as
            `keras_gen.networks.content_encoder`.
        content_encoder_y: Network from images of the second domain to such content.
        style_encoder_x: Network from images of the first domain to a style, without
            instance normalization, such as `keras_gen.networks.conv_encoder`.
        style_encoder_y: The same of the second domain, to a style of that size.
        decoder_x: Network from a list `[content, style]` to images of the first domain
            in [-1, 1], such as `keras_gen.networks.style_decoder`.
        decoder_y: The same of the second domain.
        discriminator_x: Network from images of the first domain to scores of any shape.
        discriminator_y: The same of the second domain.
        adversarial_weight: Float of at least 0, or a Keras schedule.
        distance_weight: The same.
        content_weight: The same.
        style_weight: The same.
        **kwargs: Options of every game in two domains: `buffer_size`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Multimodal Unsupervised Image-to-Image
        Translation](https://arxiv.org/abs/1804.04732), 2018, section 3.

    Example:
    >>> import numpy as np
    >>> from keras_gen import networks
    >>> from keras_gen.models import MUNIT
    >>> shape = (8, 8, 1)
    >>> model = MUNIT(
    ...     *(networks.content_encoder(shape, [2, 4], 1) for _ in range(2)),
    ...     *(networks.conv_encoder(shape, [2], 3) for _ in range(2)),
    ...     *(networks.style_decoder((4, 4, 4), 3, [2], 1, 1, 4) for _ in range(2)),
    ...     *(networks.patch_discriminator(shape, [2]) for _ in range(2)),
    ... )
    >>> model.to_y_in_style(np.zeros((5, *shape)), np.ones((5, 3))).shape
    TensorShape([5, 8, 8, 1])
    """

    term_names = LeastSquaresGame.term_names
    term_names += ("adversarial", "distance", "content", "style")

    def __init__(
        self,
        content_encoder_x,
        content_encoder_y,
        style_encoder_x,
        style_encoder_y,
        decoder_x,
        decoder_y,
        discriminator_x,
        discriminator_y,
        adversarial_weight=1.0,
        distance_weight=10.0,
        content_weight=1.0,
        style_weight=1.0,
        **kwargs,
    ):
        check_network("content_encoder_x", content_encoder_x, 1)
        check_network("content_encoder_y", content_encoder_y, 1)
        check_network("style_encoder_x", style_encoder_x, 1)
        x_shape = content_encoder_x.input_shape[1:]
        y_shape = content_encoder_y.input_shape[1:]
        content = content_encoder_x.output_shape[1:]
        style = style_encoder_x.output_shape[1:]
        check_maps("content_encoder_y", content_encoder_y, y_shape, content)
        check_maps("style_encoder_x", style_encoder_x, x_shape, style)
        check_maps("style_encoder_y", style_encoder_y, y_shape, style)
        check_maps("decoder_x", decoder_x, [content, style], x_shape)
        check_maps("decoder_y", decoder_y, [content, style], y_shape)
        super().__init__(x_shape, y_shape, **kwargs)
        check_reaches("decoder_x", decoder_x, self.x_domain.bounds, "images")
        check_reaches("decoder_y", decoder_y, self.y_domain.bounds, "images")
        self.content_encoder_x = content_encoder_x
        self.content_encoder_y = content_encoder_y
        self.style_encoder_x, self.style_encoder_y = style_encoder_x, style_encoder_y
        self.decoder_x, self.decoder_y = decoder_x, decoder_y
        self.keep_discriminators(discriminator_x, discriminator_y)
        self.keep_weights(
            adversarial=adversarial_weight,
            distance=distance_weight,
            content=content_weight,
            style=style_weight,
        )

    def players(self):
        x = [self.content_encoder_x, self.style_encoder_x, self.decoder_x]
        y = [self.content_encoder_y, self.style_encoder_y, self.decoder_y]
        return [self.discriminator_x, self.discriminator_y], [*x, *y]

    def domain_of(self, name):
        if name == "style_noise":
            return Vectors(self.style_encoder_x.output_shape[1:])
        return super().domain_of(name)

    def fakes(self, batch, training):
        content_x = _of(self.content_encoder_x, batch.x, training)
        content_y = _of(self.content_encoder_y, batch.y, training)
        style_x, style_y = self._styles(batch.rows, "discriminator")
        fake_x = _of(self.decoder_x, [content_y, style_x], training)
        return fake_x, _of(self.decoder_y, [content_x, style_y], training)

    def _styles(self, rows, stream):
        shape = tuple(self.style_encoder_x.output_shape[1:])
        return [rows.normal(shape, f"{stream} {name}") for name in "xy"]

    def generator_terms(self, batch, training):
        drawn_x, drawn_y = self._styles(batch.rows, "generator")
        content_x, style_x = self._parts(batch.x, "x", training)
        content_y, style_y = self._parts(batch.y, "y", training)
        fake_x = _of(self.decoder_x, [content_y, drawn_x], training)
        fake_y = _of(self.decoder_y, [content_x, drawn_y], training)
        found_y, found_style_x = self._parts(fake_x, "x", training)
        found_x, found_style_y = self._parts(fake_y, "y", training)
        again_x = _of(self.decoder_x, [content_x, style_x], training)
        again_y = _of(self.decoder_y, [content_y, style_y], training)
        pairs = {
            "distance": [(batch.x, again_x), (batch.y, again_y)],
            "content": [(content_x, found_x), (content_y, found_y)],
            "style": [(drawn_x, found_style_x), (drawn_y, found_style_y)],
        }
        terms = {"adversarial": self.adversarial(fake_x, fake_y, training)} | {
            name: sum(mean_absolute_error(*pair) for pair in both)
            for name, both in pairs.items()
        }
        return {"generator_loss": self.weighted(terms), **terms}

    def _parts(self, images, name, training):
        """The content and the style of images of a domain."""
        kinds = ("content_encoder", "style_encoder")
        return [_of(getattr(self, f"{k}_{name}"), images, training) for k in kinds]

    @marked(("x", "style_noise"), ("y",))
    def to_y_in_style(self, x, style_noise) -> tf.Tensor:
        """Translates images into styles of the second domain, one for each.

        Args:
            x: Array or tensor of shape `(batch, *x_domain.shape)`.
            style_noise: Array of shape `(batch, style_dim)`, such as standard normal
                numbers, or the styles of images.

        Returns:
            Float32 tensor of shape `(batch, *y_domain.shape)`.
        """
        content = _of(self.content_encoder_x, x, training=False)
        return _of(self.decoder_y, [content, style_noise], training=False)

    @marked(("y", "style_noise"), ("x",))
    def to_x_in_style(self, y, style_noise) -> tf.Tensor:
        """The same as `to_y_in_style()`, from the second domain to the first."""
        content = _of(self.content_encoder_y, y, training=False)
        return _of(self.decoder_x, [content, style_noise], training=False)

    def to_y(self, x):
        return self.to_y_in_style(x, self._no_style(x))

    def to_x(self, y):
        return self.to_x_in_style(y, self._no_style(y))

    def _no_style(self, images):
        return tf.zeros((tf.shape(images)[0], *self.style_encoder_x.output_shape[1:]))


def _of(network, inputs, training):
    return ops.cast(network(inputs, training=training), "float32")
