"""MAD-GAN, a game of several generators (Ghosh et al., 2017)."""

import keras
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.distributions.choices import check_choice, draw_choice, one_hot
from keras_gen.domains import Vectors
from keras_gen.losses import non_saturating_generator_loss
from keras_gen.models.base import AdversarialModel, marked


@keras.saving.register_keras_serializable(package="keras_gen")
class MADGAN(AdversarialModel):
    """Learns with several generators, which share the modes of the data.

    The discriminator says which generator made an image, or that it is real. To be
    right it pushes the generators apart, so that together they cover more modes than
    one does. Images lie in [-1, 1]. At the equilibrium the mean of the generators'
    densities is that of the data, and `discriminator_loss` is
    `(k + 1) log(k + 1) - k log(k)` for `k` generators that do not overlap.

    Samples come from all generators at random. `sample(num, generator=...)` takes one
    for each sample, or one for all.

    Args:
        generator: Network from latents to images in [-1, 1]. The last `num_generators`
            latents say by a one-hot code which generator makes the image: see
            `keras_gen.networks.with_heads`. A network that takes them as it takes other
            latents has generators that differ in the biases of its first layer.
        discriminator: Network from images to `num_generators + 1` logits: of the
            generators, then of being real.
        num_generators: Integer of at least 2.
        generator_loss: Function `(real_score, fake_score)` that the generators
            minimize, of the logit of being real:
            `keras_gen.losses.non_saturating_generator_loss`, or
            `minimax_generator_loss` as in the paper.
        **kwargs: Options of every game, see `keras_gen.models.base.AdversarialModel`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Multi-Agent Diverse Generative Adversarial
        Networks](https://arxiv.org/abs/1704.02906), 2017.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import MADGAN
    >>> from keras_gen.networks import mlp, with_heads
    >>> heads = [mlp((16,), [], (8, 8, 1), output_activation="tanh") for _ in range(3)]
    >>> generator = with_heads(mlp((2,), [], (16,), output_activation="relu"), heads)
    >>> model = MADGAN(generator, mlp((8, 8, 1), [16], (3 + 1,)), num_generators=3)
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0)
    >>> model.sample(5, seed=0, generator=2).shape
    (5, 8, 8, 1)
    """

    num_scores = None

    def __init__(
        self,
        generator,
        discriminator,
        num_generators,
        generator_loss=non_saturating_generator_loss,
        **kwargs,
    ):
        super().__init__(generator, discriminator, **kwargs)
        check_count(num_generators, "num_generators", 2)
        self.check_num_scores(num_generators + 1, "the generators, then real")
        if self.latent_dim <= num_generators:
            raise ValueError(
                f"`generator` must take more than the {num_generators} latents that "
                f"choose a generator. Received latents of size {self.latent_dim}"
            )
        self.num_generators = num_generators
        self.generator_loss = generator_loss

    def default_optimizer(self):
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    def draw_latents(self, rows, stream):
        latents = rows.normal((self.latent_dim - self.num_generators,), stream)
        choice = draw_choice(rows, self.num_generators, f"{stream}_generator")
        return tf.concat([latents, choice], axis=-1)

    def discriminator_terms(self, x, fakes, batch, training):
        real = tf.nn.log_softmax(self.score(x, batch.y, training))
        fake = tf.nn.log_softmax(self.score(fakes, batch.y, training))
        latents = self.draw_latents(batch.rows, "discriminator")
        choice = latents[:, -self.num_generators :]
        of_maker = tf.reduce_sum(choice * fake[:, :-1], axis=-1)
        # The paper has a sum over the generators, each with its own expectation.
        fake_loss = -self.num_generators * tf.reduce_mean(of_maker)
        return {"discriminator_loss": fake_loss - tf.reduce_mean(real[:, -1])}

    def generator_terms(self, fakes, batch, training):
        logit = logit_of_real(self.score(fakes, batch.y, training))
        return {"generator_loss": self.generator_loss(None, logit)}

    @marked(("x", "y"), ("makers",))
    def makers(self, x, y=None) -> tf.Tensor:
        """The probability of each generator that it made an image, if one of them did.

        It is what the discriminator believes, float32 of shape
        `(batch, num_generators)`.
        """
        return tf.nn.softmax(self.score(x, y, training=False)[:, :-1])

    def domain_of(self, name):
        if name == "makers":
            return Vectors(self.num_generators)
        return super().domain_of(name)

    def conditions(self, num_samples, first_row=0, generator=None, **given):
        found = super().conditions(num_samples, first_row, **given)
        if generator is not None:
            chosen = generator, self.num_generators, num_samples
            found["generator"] = check_choice(*chosen, "generator")
        return found

    def from_noise(self, noise, y=None, generator=None):
        latents = self.take("noise", noise)
        if generator is not None:
            choice = one_hot(generator, self.num_generators)
            latents = tf.concat([latents[:, : -self.num_generators], choice], axis=-1)
        return self.decode(latents, y)


def logit_of_real(scores) -> tf.Tensor:
    """The logit of being real, of shape `(batch, 1)`, from the scores of all makers."""
    of_any_generator = tf.reduce_logsumexp(scores[:, :-1], axis=-1, keepdims=True)
    return scores[:, -1:] - of_any_generator
