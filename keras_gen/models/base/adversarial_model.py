"""The base of models that learn from a discriminator."""

import keras
import tensorflow as tf
from keras import ops

from keras_gen import domains
from keras_gen.arguments import check_count, shown
from keras_gen.distributions.likelihoods import REALS
from keras_gen.models.base import replicas
from keras_gen.models.base.abilities import Decoding
from keras_gen.models.base.generative_model import GenerativeModel
from keras_gen.models.base.output_range import check_reaches
from keras_gen.models.base.phases import Phase
from keras_gen.models.base.sampling import Sampler
from keras_gen.models.base.schedules import at_step, check_number, is_schedule
from keras_gen.networks import check_network


class AdversarialModel(Sampler, Decoding, GenerativeModel):
    """Abstract: a generator and a discriminator that learn in turn.

    A training step is Algorithm 1 of Goodfellow et al. (2014, arXiv:1406.2661). It
    makes `discriminator_steps` updates of the discriminator, each on its share of the
    batch and on as many samples, and then one update of the generator. Images lie in
    [-1, 1].

    A subclass defines the game: it implements `discriminator_terms()`,
    `generator_terms()` and `default_optimizer()`, which is used for both players.

    A model that learns from labels passes them to both networks: with `num_classes`,
    the generator takes `[latents, y]` and the discriminator `[x, y]`.

    Args:
        generator: Network from latents to examples.
        discriminator: Network from examples to one score, or to as many as the
            subclass says.
        discriminator_steps: Integer of at least 1, the updates of the discriminator in
            a training step.
        average_decay: Optional float in (0, 1). If given, samples come from an
            exponential moving average of the generator's weights. After `n` updates the
            decay is at most `n / (n + 9)`.
        instance_noise: Float of at least 0, or a Keras schedule of the training step:
            the scale of Gaussian noise on all inputs of the discriminator (Sønderby et
            al. 2016, arXiv:1610.04490, section 3.2).
        num_classes: Optional integer of at least 2, the number of classes.

    Raises:
        ValueError: If the networks do not match, one ends in an activation that cannot
            reach what its outputs are, such as a sigmoid for scores, or an argument is
            wrong.
    """

    term_names = ("discriminator_loss", "generator_loss")
    #: Pair of floats, what scores must be able to come near to: logits may be any
    #: numbers. None if anything will do.
    score_range = REALS
    #: Integer, how many scores the discriminator ends in. None if the subclass checks
    #: it, by `check_num_scores()`.
    num_scores = 1
    #: Whether the discriminator takes labels too, if the model has classes.
    discriminator_takes_y = True
    call_takes = ("latents", "y")

    def __init__(
        self,
        generator,
        discriminator,
        *,
        discriminator_steps=1,
        average_decay=None,
        instance_noise=0.0,
        num_classes=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_count(discriminator_steps, "discriminator_steps", 1)
        if average_decay is not None and not 0 < average_decay < 1:
            raise ValueError(
                f"`average_decay` must lie in (0, 1). Received: {shown(average_decay)}"
            )
        check_number(instance_noise, "instance_noise", 0)
        check_network("generator", generator)
        check_network("discriminator", discriminator)
        self.generator = generator
        self.discriminator = discriminator
        self.discriminator_steps = discriminator_steps
        self.average_decay = average_decay
        self.instance_noise = instance_noise
        self.num_classes = num_classes
        self.y_domain = None if num_classes is None else domains.Labels(num_classes)
        self.x_domain = domains.of_shape(generator.output_shape[1:], -1.0, 1.0)
        self._check_networks()
        self.latent_dim = generator.inputs[0].shape[-1]
        if average_decay is not None:
            self.averaged_generator = keras.models.clone_model(generator)
            self.averaged_generator.set_weights(generator.get_weights())
            self.averaged_generator.trainable = False

    # The game: hooks

    def draw_latents(self, rows, stream) -> tf.Tensor:
        """Draws latents from the prior; standard normal ones here.

        Those of the fakes of a phase are drawn with the name of the phase as the
        stream, so a game that needs them can draw them again.

        Args:
            rows: `keras_gen.random.Rows`.
            stream: String, the purpose of the draw.

        Returns:
            Float32 tensor of shape `(num_rows, latent_dim)`.
        """
        return rows.normal((self.latent_dim,), stream)

    def discriminator_terms(self, x, fakes, batch, training) -> dict:
        """The loss of the discriminator, `"discriminator_loss"`, and further terms.

        Args:
            x: Float32 tensor of examples, with instance noise.
            fakes: Float32 tensor of as many samples, with instance noise.
            batch: `Batch` of the examples, with `y` and randomness for both.
            training: Boolean, whether layers behave as in training.

        Returns:
            Dict from names to float32 scalars.
        """
        raise NotImplementedError

    def generator_terms(self, fakes, batch, training) -> dict:
        """The loss of the generator, `"generator_loss"`, and further terms.

        Args:
            fakes: Float32 tensor of samples, with instance noise.
            batch: As for `discriminator_terms()`.
            training: Boolean, whether layers behave as in training.

        Returns:
            Dict from names to float32 scalars.
        """
        raise NotImplementedError

    def after_discriminator_update(self) -> None:
        """Called after each update of the discriminator; does nothing here."""

    def after_generator_update(self) -> None:
        """Called after each update of the generator; does nothing here."""

    def examples(self, x) -> tf.Tensor:
        """What the discriminator sees of examples `x`; all of them here."""
        return x

    # What the game is played with

    def generate(self, latents, y, training) -> tf.Tensor:
        """Makes samples from latents; `y` is None without classes."""
        fakes = self.generator(_inputs_of(latents, y), training=training)
        return ops.cast(fakes, "float32")

    def score(self, x, y, training) -> tf.Tensor:
        """The discriminator's scores, float32 of shape `(batch, num_scores)`."""
        inputs = _inputs_of(x, y if self.discriminator_takes_y else None)
        return ops.cast(self.discriminator(inputs, training=training), "float32")

    def slope(self, x, y, training) -> tf.Tensor:
        """The gradient of each score with respect to its example."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            score = self.score(x, y, training)
        return tape.gradient(score, x)

    def phases(self) -> list[Phase]:
        return [
            Phase(
                "discriminator",
                self._discriminator_phase,
                self.discriminator.trainable_variables,
                self.discriminator_steps,
                self.after_discriminator_update,
            ),
            Phase(
                "generator",
                self._generator_phase,
                self.generator.trainable_variables,
                after_update=self._after_generator_update,
            ),
        ]

    def _discriminator_phase(self, batch, training):
        fakes = self._fakes(batch, "discriminator", training)
        x = self._with_noise(self.examples(batch.x), batch.rows, "image_noise")
        fakes = self._with_noise(fakes, batch.rows, "fake_noise")
        return self.discriminator_terms(x, fakes, batch, training)

    def _generator_phase(self, batch, training):
        fakes = self._fakes(batch, "generator", training)
        fakes = self._with_noise(fakes, batch.rows, "generator_noise")
        return self.generator_terms(fakes, batch, training)

    def _fakes(self, batch, stream, training):
        latents = self.draw_latents(batch.rows, stream)
        return self.generate(latents, batch.y, training)

    def _with_noise(self, x, rows, stream):
        if not is_schedule(self.instance_noise) and self.instance_noise == 0:
            return x
        noise = rows.normal(self.x_domain.shape, stream)
        return x + at_step(self, self.instance_noise) * noise

    def _after_generator_update(self):
        self._update_average()
        self.after_generator_update()

    def _update_average(self):
        if self.average_decay is None:
            return
        # At first the average covers few updates, so that it forgets initial weights.
        updates = ops.cast(self.optimizer.by_phase["generator"].iterations, "float32")
        decay = ops.minimum(self.average_decay, updates / (9.0 + updates))
        pairs = zip(
            self.averaged_generator.variables, self.generator.variables, strict=True
        )
        for average, variable in pairs:
            change = (1.0 - decay) * (variable - average)
            replicas.assign_everywhere(average, average + change)

    def comparison(self, batch):
        return batch.x, self._fakes(batch, "comparison", training=False)

    # Sampling

    def noise_rows(self, rows):
        return self.draw_latents(rows, "latents")

    def from_noise(self, noise, y=None):
        return self.decode(self.take("noise", noise), y)

    def decode(self, latents, y=None):
        return self(latents if y is None else (latents, y))

    def call(self, inputs) -> tf.Tensor:
        """Makes samples from latents, or from a pair of latents and `y`."""
        is_pair = isinstance(inputs, (tuple, list))
        told = list(inputs) if is_pair else inputs
        return ops.cast(self.sampling_generator(told, training=False), "float32")

    @property
    def sampling_generator(self) -> keras.Model:
        """The network that samples: the averaged generator if there is one."""
        if self.average_decay is None:
            return self.generator
        return self.averaged_generator

    def check_num_scores(self, num_scores, meaning="") -> None:
        """Raises a ValueError unless the discriminator ends in so many scores.

        Args:
            num_scores: Integer.
            meaning: String, what they are, for the error.
        """
        scores = tuple(self.discriminator.output_shape[1:])
        if scores != (num_scores,):
            count = "one score" if num_scores == 1 else f"{num_scores} scores"
            raise ValueError(
                f"`discriminator` must end in {count}, of shape ({num_scores},)"
                f"{meaning and f': {meaning}'}. Received output shape: {scores}"
            )

    def _check_networks(self):
        domain = self.x_domain
        check_reaches("generator", self.generator, domain.bounds, domain.noun)
        check_reaches("discriminator", self.discriminator, self.score_range, "scores")
        _check_inputs("generator", self.generator, "latents", self.num_classes)
        told = self.num_classes if self.discriminator_takes_y else None
        _check_inputs("discriminator", self.discriminator, "examples", told)
        if self.num_scores is not None:
            self.check_num_scores(self.num_scores)
        latents = tuple(self.generator.inputs[0].shape[1:])
        if len(latents) != 1:
            raise ValueError(
                "`generator` must take latents of shape (latent_dim,). Received input "
                f"shape: {latents}"
            )
        seen = tuple(self.discriminator.inputs[0].shape[1:])
        if seen != self.x_domain.shape:
            raise ValueError(
                f"`discriminator` must take shape {self.x_domain.shape}, in which "
                f"`generator` ends. Received input shape: {seen}"
            )


def _inputs_of(values, y):
    return values if y is None else [values, y]


def _check_inputs(name, network, what, num_classes):
    inputs = [tuple(tensor.shape[1:]) for tensor in network.inputs]
    expected = 1 if num_classes is None else 2
    if len(inputs) != expected or inputs[1:] != [()] * (expected - 1):
        raise ValueError(
            f"`{name}` must take {what} alone without `num_classes`, and a list of "
            f"{what} and labels with it, such as `keras_gen.networks.mlp(..., "
            f"num_classes=10)`. Received inputs of shapes {inputs} and "
            f"num_classes={num_classes}"
        )
