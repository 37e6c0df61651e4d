"""Unsupervised image-to-image translation networks (Liu et al., 2017)."""

import keras
from keras import ops

from keras_gen.losses import mean_absolute_error
from keras_gen.models.base import TwoWayTranslation, check_reaches
from keras_gen.models.translation.two_domain_game import TwoDomainGame
from keras_gen.networks import check_maps, check_network


@keras.saving.register_keras_serializable(package="keras_gen")
class UNIT(TwoWayTranslation, TwoDomainGame):
    """Learns to translate between two domains that share their latents, without pairs.

    Each domain has a variational autoencoder. The last layers of both encoders and the
    first of both generators are the same, so an image and its translation have one code
    of which each generator shows a side. A posterior is normal with variance 1. Images
    of both domains lie in [-1, 1].

    Reports sums over both domains: `discriminator_loss` and `adversarial`,
    cross-entropies; `rate`, the divergence of the posterior from the standard normal
    prior, in nats per latent; `distance`, the mean absolute error of a reconstructed
    value; `cycle_rate` and `cycle`, the same of translations that are encoded and
    translated back; and `generator_loss`, the sum of all but the first, each times its
    weight.

    NOTE: Divergences and distances are means over latents and values, and the weights
    have the proportions of the paper.

    Args:
        encoder_x: Network from images of the first domain to features.
        encoder_y: Network from images of the second domain to such features.
        encoder: Network from features to the means of latents, of any shape.
        generator: Network from latents to features.
        generator_x: Network from features to images of the first domain in [-1, 1].
        generator_y: The same of the second domain.
        discriminator_x: Network from images of the first domain to logits of any shape.
        discriminator_y: The same of the second domain.
        adversarial_weight: Float of at least 0, or a Keras schedule.
        rate_weight: The same.
        distance_weight: The same.
        cycle_rate_weight: The same.
        cycle_weight: The same.
        **kwargs: Options of every game in two domains: `buffer_size`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Unsupervised Image-to-Image Translation
        Networks](https://arxiv.org/abs/1703.00848), 2017, section 3.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import UNIT
    >>> from keras_gen.networks import mlp
    >>> shape = (8, 8, 1)
    >>> model = UNIT(
    ...     *(mlp(shape, [], (16,), output_activation="relu") for _ in range(2)),
    ...     mlp((16,), [], (4,)),
    ...     mlp((4,), [], (16,), output_activation="relu"),
    ...     *(mlp((16,), [], shape, output_activation="tanh") for _ in range(2)),
    ...     *(mlp(shape, [16], (1,)) for _ in range(2)),
    ... )
    >>> model.compile()
    >>> history = model.fit(np.zeros((8, *shape)), np.ones((8, *shape)), verbose=0)
    >>> model.to_y(np.zeros((3, *shape))).shape
    TensorShape([3, 8, 8, 1])
    """

    term_names = (
        *TwoDomainGame.term_names,
        "adversarial",
        "rate",
        "distance",
        "cycle_rate",
        "cycle",
    )

    def __init__(
        self,
        encoder_x,
        encoder_y,
        encoder,
        generator,
        generator_x,
        generator_y,
        discriminator_x,
        discriminator_y,
        adversarial_weight=1.0,
        rate_weight=0.01,
        distance_weight=10.0,
        cycle_rate_weight=0.01,
        cycle_weight=10.0,
        **kwargs,
    ):
        check_network("encoder_x", encoder_x, 1)
        check_network("encoder_y", encoder_y, 1)
        check_network("encoder", encoder, 1)
        check_network("generator", generator, 1)
        x_shape, y_shape = encoder_x.input_shape[1:], encoder_y.input_shape[1:]
        latents, shown = encoder.output_shape[1:], generator.output_shape[1:]
        check_maps("encoder_y", encoder_y, y_shape, encoder_x.output_shape[1:])
        check_maps("encoder", encoder, encoder_x.output_shape[1:], latents)
        check_maps("generator", generator, latents, shown)
        check_maps("generator_x", generator_x, shown, x_shape)
        check_maps("generator_y", generator_y, shown, y_shape)
        super().__init__(x_shape, y_shape, **kwargs)
        check_reaches("generator_x", generator_x, self.x_domain.bounds, "images")
        check_reaches("generator_y", generator_y, self.y_domain.bounds, "images")
        self.keep_discriminators(discriminator_x, discriminator_y)
        self.encoder_x, self.encoder_y, self.encoder = encoder_x, encoder_y, encoder
        self.generator = generator
        self.generator_x, self.generator_y = generator_x, generator_y
        self.keep_weights(
            adversarial=adversarial_weight,
            rate=rate_weight,
            distance=distance_weight,
            cycle_rate=cycle_rate_weight,
            cycle=cycle_weight,
        )

    def players(self):
        return (
            [self.discriminator_x, self.discriminator_y],
            [
                *(self.encoder_x, self.encoder_y, self.encoder),
                *(self.generator, self.generator_x, self.generator_y),
            ],
        )

    def fakes(self, batch, training):
        codes = self._codes(batch.x, batch.y, batch.rows, "discriminator", training)
        return self._shown(*reversed(codes[0]), training)

    def generator_terms(self, batch, training):
        x, y, rows = batch.x, batch.y, batch.rows
        (code_x, code_y), rate = self._codes(x, y, rows, "generator", training)
        again = self._shown(code_x, code_y, training)
        fakes = self._shown(code_y, code_x, training)
        # A fake of x has the code of y.
        (cycle_y, cycle_x), cycle_rate = self._codes(*fakes, rows, "cycle", training)
        back = self._shown(cycle_x, cycle_y, training)
        terms = {
            "adversarial": self.adversarial(*fakes, training),
            "rate": rate,
            "distance": sum(map(mean_absolute_error, (x, y), again)),
            "cycle_rate": cycle_rate,
            "cycle": sum(map(mean_absolute_error, (x, y), back)),
        }
        return {"generator_loss": self.weighted(terms), **terms}

    def to_y(self, x):
        return self._show(self.generator_y, self._mean(self.encoder_x, x, False), False)

    def to_x(self, y):
        return self._show(self.generator_x, self._mean(self.encoder_y, y, False), False)

    def _mean(self, encoder, images, training):
        """The mean of the latents of images, by the encoder of their domain."""
        features = encoder(images, training=training)
        return ops.cast(self.encoder(features, training=training), "float32")

    def _codes(self, x, y, rows, stream, training):
        """Latents of both domains, and the sum of the divergences per latent."""
        means = [
            self._mean(encoder, images, training)
            for encoder, images in ((self.encoder_x, x), (self.encoder_y, y))
        ]
        shape = tuple(self.encoder.output_shape[1:])
        codes = [
            mean + rows.normal(shape, f"{stream} {name}")
            for mean, name in zip(means, "xy", strict=True)
        ]
        return codes, sum(0.5 * ops.mean(ops.square(mean)) for mean in means)

    def _shown(self, code_x, code_y, training):
        """What the generator of each domain shows of its code, a pair of images."""
        return (
            self._show(self.generator_x, code_x, training),
            self._show(self.generator_y, code_y, training),
        )

    def _show(self, network, code, training):
        features = self.generator(code, training=training)
        return ops.cast(network(features, training=training), "float32")
