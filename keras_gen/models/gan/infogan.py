"""InfoGAN (Chen et al., 2016)."""

import math

import keras
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.distributions.choices import (
    check_choice,
    check_numbers,
    draw_choice,
    one_hot,
)
from keras_gen.domains import Vectors
from keras_gen.losses import (
    non_saturating_discriminator_loss,
    non_saturating_generator_loss,
)
from keras_gen.models.base import AdversarialModel, at_step, check_number, marked

# The highest log density of a normal estimate of scale 1, less that of a uniform number
# in [-1, 1], which is -log 2.
_MOST = math.log(2.0) - 0.5 * math.log(2.0 * math.pi)


@keras.saving.register_keras_serializable(package="keras_gen")
class InfoGAN(AdversarialModel):
    """Learns codes that can be read from images, without labels.

    A part of the latents are codes: a category, and numbers in [-1, 1]. The
    discriminator also estimates the codes of fakes. Both players gain if it is right:
    this raises a lower bound on the mutual information of codes and images. Images lie
    in [-1, 1]. Reports two bounds in nats: `information` of the category, at most
    `log(num_categories)`, and `continuous_information`, that of a normal estimate of
    scale 1, at most -0.2257 for each code.

    `sample(num, category=..., continuous=...)` takes codes, one for each sample or one
    for all; what is left out is random.

    NOTE: The rest of the latents is standard normal. A hidden layer of the estimate
    alone must be built into the discriminator, which is one network.

    Args:
        generator: Network from latents of shape `(latent_dim,)` to images in [-1, 1].
            The last latents are the one-hot category and the continuous codes.
        discriminator: Network from images to `1 + num_categories + num_continuous`
            scores: the logit of being real, the logits of the categories, the means of
            the continuous codes.
        num_categories: Integer of at least 2.
        num_continuous: Integer of at least 0, the number of continuous codes.
        information_weight: Float of at least 0, or a Keras schedule: the weight of the
            two bounds in both losses.
        **kwargs: Options of every game, see `keras_gen.models.base.AdversarialModel`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [InfoGAN: Interpretable Representation Learning by Information Maximizing
        Generative Adversarial Nets](https://arxiv.org/abs/1606.03657), 2016, eq. 5, 6.

    Example:
    >>> import math
    >>> import numpy as np
    >>> from keras_gen.models import InfoGAN
    >>> from keras_gen.networks import mlp
    >>> generator = mlp((4 + 3 + 1,), [16], (8, 8, 1), output_activation="tanh")
    >>> model = InfoGAN(generator, mlp((8, 8, 1), [16], (1 + 3 + 1,)), 3, 1)
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history
    >>> history["information"][0] < math.log(3)
    True
    >>> model.sample(5, seed=0, category=2, continuous=[0.5]).shape
    (5, 8, 8, 1)
    """

    term_names = (
        "discriminator_loss",
        "generator_loss",
        "information",
        "continuous_information",
    )
    num_scores = None

    def __init__(
        self,
        generator,
        discriminator,
        num_categories=10,
        num_continuous=2,
        information_weight=1.0,
        **kwargs,
    ):
        super().__init__(generator, discriminator, **kwargs)
        check_count(num_categories, "num_categories", 2)
        check_count(num_continuous, "num_continuous", 0)
        check_number(information_weight, "information_weight", 0)
        num_codes = num_categories + num_continuous
        self.check_num_scores(1 + num_codes, "the source, then the codes")
        if self.latent_dim <= num_codes:
            raise ValueError(
                f"`generator` must take more than the {num_codes} latents that are "
                f"codes. Received latents of size {self.latent_dim}"
            )
        self.num_categories = num_categories
        self.num_continuous = num_continuous
        self.information_weight = information_weight

    def default_optimizer(self):
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    def draw_latents(self, rows, stream):
        size = self.latent_dim - self.num_categories - self.num_continuous
        parts = [
            rows.normal((size,), stream),
            draw_choice(rows, self.num_categories, f"{stream}_category"),
        ]
        if self.num_continuous:
            uniform = rows.uniform((self.num_continuous,), f"{stream}_continuous")
            parts.append(2.0 * uniform - 1.0)
        return tf.concat(parts, axis=-1)

    def discriminator_terms(self, x, fakes, batch, training):
        real = self.score(x, batch.y, training)
        fake = self.score(fakes, batch.y, training)
        loss = non_saturating_discriminator_loss(real[:, :1], fake[:, :1])
        latents = self.draw_latents(batch.rows, "discriminator")
        category, continuous = self.information(fake, latents)
        weight = at_step(self, self.information_weight)
        return {
            "discriminator_loss": loss - weight * (category + continuous),
            "information": category,
            "continuous_information": continuous,
        }

    def generator_terms(self, fakes, batch, training):
        fake = self.score(fakes, batch.y, training)
        loss = non_saturating_generator_loss(None, fake[:, :1])
        latents = self.draw_latents(batch.rows, "generator")
        weight = at_step(self, self.information_weight)
        return {"generator_loss": loss - weight * sum(self.information(fake, latents))}

    def information(self, scores, latents) -> tuple:
        """Lower bounds on the mutual information of the codes of samples, in nats.

        Args:
            scores: Tensor of the discriminator's scores of samples.
            latents: Tensor of the latents of these samples.

        Returns:
            A pair of float32 scalars: of the category and of the continuous codes.
        """
        _, category, continuous = self._parts(latents)
        _, logits, means = self._parts(scores)
        log_q = tf.reduce_sum(category * tf.nn.log_softmax(logits), axis=-1)
        error = 0.5 * tf.reduce_sum((continuous - means) ** 2, axis=-1)
        return (
            math.log(self.num_categories) + tf.reduce_mean(log_q),
            self.num_continuous * _MOST - tf.reduce_mean(error),
        )

    @marked(("x", "y"), ("codes",))
    def codes(self, x, y=None) -> tf.Tensor:
        """Estimates the codes of images: probabilities of categories, then means."""
        _, logits, means = self._parts(self.score(x, y, training=False))
        return tf.concat([tf.nn.softmax(logits), means], axis=-1)

    def domain_of(self, name):
        if name == "codes":
            return Vectors(self.num_categories + self.num_continuous)
        return super().domain_of(name)

    def conditions(
        self, num_samples, first_row=0, category=None, continuous=None, **given
    ):
        found = super().conditions(num_samples, first_row, **given)
        for name, check, value, size in (
            ("category", check_choice, category, self.num_categories),
            ("continuous", check_numbers, continuous, self.num_continuous),
        ):
            if value is not None:
                found[name] = check(value, size, num_samples, name)
        return found

    def from_noise(self, noise, y=None, category=None, continuous=None):
        latents = self.take("noise", noise)
        if category is not None or continuous is not None:
            rest, drawn, numbers = self._parts(latents)
            if category is not None:
                drawn = one_hot(category, self.num_categories)
            numbers = numbers if continuous is None else continuous
            latents = tf.concat([rest, drawn, numbers], axis=-1)
        return self.decode(latents, y)

    def _parts(self, values):
        """What comes before the codes, then the category and the continuous codes."""
        first = values.shape[-1] - self.num_categories - self.num_continuous
        last = first + self.num_categories
        return values[:, :first], values[:, first:last], values[:, last:]
