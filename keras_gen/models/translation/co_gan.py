"""Coupled generative adversarial networks (Liu and Tuzel, 2016)."""

import keras
import numpy as np
from keras import ops

from keras_gen.arguments import check_count
from keras_gen.distributions.likelihoods import REALS
from keras_gen.models.base import PairDecoding, Sampler, check_reaches, marked
from keras_gen.models.base.batches import full_batches
from keras_gen.models.translation.two_domain_game import TwoDomainGame
from keras_gen.networks import check_maps, check_network
from keras_gen.random import fresh_seed


@keras.saving.register_keras_serializable(package="keras_gen")
class CoGAN(Sampler, PairDecoding, TwoDomainGame):
    """Learns to generate pairs of images from two domains without ever seeing pairs.

    Two generators share their first layers, which decide what is shown. Two
    discriminators share their last layers, which judge it. What is shared is a network
    of its own. So one vector of latents has the same features up to the private layers,
    which show them in one domain each. Images of both domains lie in [-1, 1].

    `sample()` and `decode()` give images of the first domain, `sample_pairs()` and
    `decode_pairs()` of both. Reports `discriminator_loss`, a sum of two cross-entropies
    that is 2 log 4 if no discriminator can tell, and `generator_loss`.

    NOTE: Classifiers on top of a discriminator, with which the paper adapts domains,
    are left out.

    Args:
        generator: Network from latents of shape `(latent_dim,)` to features, the layers
            that both generators share.
        generator_x: Network from features to images of the first domain in [-1, 1].
        generator_y: The same of the second domain.
        discriminator_x: Network from images of the first domain to features.
        discriminator_y: Network from images of the second domain to such features.
        discriminator: Network from features to logits of any shape, the layers that
            both discriminators share.
        **kwargs: Options of every game in two domains: `buffer_size`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Coupled Generative Adversarial Networks](https://arxiv.org/abs/1606.07536),
        2016, section 3.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import CoGAN
    >>> from keras_gen.networks import mlp
    >>> shape = (8, 8, 1)
    >>> model = CoGAN(
    ...     mlp((2,), [], (16,), output_activation="relu"),
    ...     *(mlp((16,), [], shape, output_activation="tanh") for _ in range(2)),
    ...     *(mlp(shape, [], (16,), output_activation="relu") for _ in range(2)),
    ...     mlp((16,), [], (1,)),
    ... )
    >>> model.compile()
    >>> history = model.fit(np.zeros((8, *shape)), np.ones((8, *shape)), verbose=0)
    >>> x, y = model.sample_pairs(5, seed=0)
    >>> x.shape, y.shape
    ((5, 8, 8, 1), (5, 8, 8, 1))
    """

    def __init__(
        self,
        generator,
        generator_x,
        generator_y,
        discriminator_x,
        discriminator_y,
        discriminator,
        **kwargs,
    ):
        check_network("generator", generator, 1)
        check_network("generator_x", generator_x, 1)
        check_network("generator_y", generator_y, 1)
        check_network("discriminator_x", discriminator_x, 1)
        latents, features = generator.input_shape[1:], generator.output_shape[1:]
        x_shape, y_shape = generator_x.output_shape[1:], generator_y.output_shape[1:]
        judged = discriminator_x.output_shape[1:]
        check_maps("generator_x", generator_x, features, x_shape)
        check_maps("generator_y", generator_y, features, y_shape)
        check_maps("discriminator_x", discriminator_x, x_shape, judged)
        check_maps("discriminator_y", discriminator_y, y_shape, judged)
        check_maps("discriminator", discriminator, judged)
        if len(latents) != 1:
            raise ValueError(
                "`generator` must take latents of shape (latent_dim,). Received input "
                f"shape: {latents}"
            )
        super().__init__(x_shape, y_shape, **kwargs)
        check_reaches("generator_x", generator_x, self.x_domain.bounds, "images")
        check_reaches("generator_y", generator_y, self.y_domain.bounds, "images")
        check_reaches("discriminator", discriminator, REALS, "scores")
        self.generator, self.discriminator = generator, discriminator
        self.generator_x, self.generator_y = generator_x, generator_y
        self.discriminator_x = discriminator_x
        self.discriminator_y = discriminator_y
        self.latent_dim = latents[0]

    def players(self):
        return (
            [self.discriminator_x, self.discriminator_y, self.discriminator],
            [self.generator, self.generator_x, self.generator_y],
        )

    def score_x(self, x, training):
        return self._score(self.discriminator_x(x, training=training), training)

    def score_y(self, y, training):
        return self._score(self.discriminator_y(y, training=training), training)

    def _score(self, features, training):
        return ops.cast(self.discriminator(features, training=training), "float32")

    def fakes(self, batch, training):
        latents = batch.rows.normal((self.latent_dim,), "latents")
        return self._pairs(latents, training)

    def generator_terms(self, batch, training):
        fakes = self.fakes(batch, training)
        return {"generator_loss": self.adversarial(*fakes, training)}

    def _pairs(self, latents, training):
        features = self.generator(latents, training=training)
        networks = (self.generator_x, self.generator_y)
        both = (network(features, training=training) for network in networks)
        return tuple(ops.cast(images, "float32") for images in both)

    # Sampling

    def noise_rows(self, rows):
        return rows.normal((self.latent_dim,), "latents")

    def from_noise(self, noise):
        return self.pairs_from_noise(noise)[0]

    def decode_pairs(self, latents):
        return self._pairs(latents, training=False)

    def pairs_from_noise(self, noise) -> tuple:
        """The pairs of images that `sample_pairs()` makes of noise."""
        return self._pairs(self.take("noise", noise), training=False)

    @marked(("noise",), ("x", "y"), traced="pairs_from_noise")
    def sample_pairs(self, num_samples, seed=None, batch_size=256) -> tuple:
        """Draws pairs of images, one of each domain; `sample()` gives the first ones.

        Args:
            num_samples: Integer of at least 1.
            seed: Integer in [0, 2**31). By default a random one.
            batch_size: Integer of at least 1. It limits memory.

        Returns:
            Pair of float32 arrays of `num_samples` images.

        Raises:
            ValueError: If an argument is wrong.
        """
        check_count(batch_size, "batch_size", 1)
        noise = self.noise(num_samples, fresh_seed() if seed is None else seed)
        batches = full_batches({"noise": noise.numpy()}, batch_size)
        pairs = [self.pairs_from_noise(some["noise"]) for some in batches]
        both = (np.concatenate(images) for images in zip(*pairs, strict=True))
        return tuple(images[:num_samples] for images in both)

    def comparison(self, batch):
        return batch.x, self.fakes(batch, training=False)[0]
