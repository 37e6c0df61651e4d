"""The base of models that learn to generate by being told apart from data."""

import keras
import tensorflow as tf
from keras import ops

from keras_gen.arguments import check_count
from keras_gen.latents import linear_path
from keras_gen.losses import (
    non_saturating_discriminator_loss,
    non_saturating_generator_loss,
)
from keras_gen.models.base.alternating_model import AlternatingModel, Phase
from keras_gen.models.base.sampling import Sampler


class AdversarialModel(Sampler, AlternatingModel):
    """Abstract: a generator and a discriminator, in turns.

    Images lie in [-1, 1]. A training step is Algorithm 1 of Goodfellow et al. (2014,
    arXiv:1406.2661): `discriminator_steps` updates of the discriminator, each on its
    share of the batch and as many samples, then one of the generator.

    The game is the non-saturating one, by the optimizers of DCGAN, unless a subclass
    has its own `discriminator_terms()`, `generator_terms()` and `default_optimizers()`;
    one with conditions has `generate()` and `score()` of its own.

    Args:
        generator: Network from latents to images.
        discriminator: Network from images to one score each, a logit.
        discriminator_steps: Integer of at least 1, updates of the discriminator in a
            training step.
        average_decay: Optional float in (0, 1). If given, an exponential moving average
            of the generator's weights is kept, and samples are its. After `n` updates
            the decay is at most `n / (n + 9)`.
        instance_noise: Float of at least 0, or a Keras schedule of the training step:
            scale of the Gaussian noise added to all that the discriminator sees
            (Sønderby et al. 2016, arXiv:1610.04490, section 3.2).
        num_classes: Optional integer, the classes of a conditional model: their one-hot
            code enters the generator beside the latents, and the discriminator as so
            many more channels.
        seed: Integer, seed of the noise of training and evaluation.
        name: Optional string.

    Raises:
        ValueError: If the networks do not fit each other, or an argument is not as
            stated.
    """

    image_range = (-1.0, 1.0)
    term_names = ("discriminator_loss", "generator_loss")
    #: What the discriminator's target for real images falls short of one.
    label_smoothing = 0.0
    #: Whether the loss takes scores as logits of being real.
    scores_are_logits = True

    def __init__(
        self,
        generator,
        discriminator,
        discriminator_steps=1,
        average_decay=None,
        instance_noise=0.0,
        num_classes=None,
        seed=0,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        check_count(discriminator_steps, "discriminator_steps", 1)
        if average_decay is not None and not 0 < average_decay < 1:
            raise ValueError(
                f"`average_decay` must lie in (0, 1). Received: {average_decay}"
            )
        if not callable(instance_noise) and not instance_noise >= 0:
            raise ValueError(
                "`instance_noise` must be at least 0, or a schedule. Received: "
                f"{instance_noise}"
            )
        self.generator = generator
        self.discriminator = discriminator
        self.discriminator_steps = discriminator_steps
        self.average_decay = average_decay
        self.instance_noise = instance_noise
        self.num_classes = num_classes
        self.image_shape = tuple(generator.output_shape[1:])
        self.latent_dim = generator.input_shape[-1] - (self.num_classes or 0)
        self._check_networks()
        if average_decay is not None:
            self.averaged_generator = keras.models.clone_model(generator)
            self.averaged_generator.set_weights(generator.get_weights())
            self.averaged_generator.trainable = False

    # The players' objectives

    def discriminator_terms(self, images, fakes, batch, training):
        """What the discriminator minimizes, as `"discriminator_loss"`, and reports.

        Args:
            images: Float32 tensor of images.
            fakes: Float32 tensor of as many samples.
            batch: `Batch` of the images, with labels and randomness for both.
            training: Boolean, whether layers behave as in training.

        Returns:
            Dict from names to float32 scalars.
        """
        loss = non_saturating_discriminator_loss(
            self.score(images, batch.labels, training),
            self.score(fakes, batch.labels, training),
            self.label_smoothing,
        )
        return {"discriminator_loss": loss}

    def generator_terms(self, fakes, batch, training):
        """What the generator minimizes, as `"generator_loss"`, and reports.

        Args:
            fakes: Float32 tensor of samples.
            batch: As for `discriminator_terms()`.
            training: Boolean, whether layers behave as in training.

        Returns:
            Dict from names to float32 scalars.
        """
        fake_score = self.score(fakes, batch.labels, training)
        return {"generator_loss": non_saturating_generator_loss(None, fake_score)}

    def default_optimizers(self):
        return {
            "discriminator": keras.optimizers.Adam(2e-4, beta_1=0.5),
            "generator": keras.optimizers.Adam(2e-4, beta_1=0.5),
        }

    def generate(self, latents, labels, training):
        """Samples of latents while training; labels are None without classes."""
        return self.generator(latents, training=training)

    def score(self, images, labels, training):
        """The discriminator's logits, float32 of shape `(batch, 1)`."""
        return ops.cast(self.discriminator(images, training=training), "float32")

    # Training

    def phases(self):
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
                after_update=self._update_average,
            ),
        ]

    def after_discriminator_update(self):
        """Called after each update of the discriminator; does nothing here."""

    def _discriminator_phase(self, batch, training):
        fakes = self._fakes(batch, "discriminator", training)
        images = self._with_noise(batch.images, batch.rows, "image_noise")
        fakes = self._with_noise(fakes, batch.rows, "fake_noise")
        return self.discriminator_terms(images, fakes, batch, training)

    def _generator_phase(self, batch, training):
        fakes = self._fakes(batch, "generator", training)
        fakes = self._with_noise(fakes, batch.rows, "generator_noise")
        return self.generator_terms(fakes, batch, training)

    def _fakes(self, batch, stream, training):
        latents = batch.rows.normal((self.latent_dim,), stream)
        return ops.cast(self.generate(latents, batch.labels, training), "float32")

    def _with_noise(self, images, rows, stream):
        if callable(self.instance_noise):
            scale = self.instance_noise(rows.step)
        elif self.instance_noise == 0:
            return images
        else:
            scale = self.instance_noise
        return images + scale * rows.normal(self.image_shape, stream)

    def _update_average(self):
        if self.average_decay is None:
            return
        # Early on the average is of few updates, and forgets the initial weights.
        updates = ops.cast(self.optimizer.by_phase["generator"].iterations, "float32")
        decay = ops.minimum(self.average_decay, updates / (9.0 + updates))
        pairs = zip(
            self.averaged_generator.variables, self.generator.variables, strict=True
        )
        for average, variable in pairs:
            change = (1.0 - decay) * (variable - average)
            self.assign_everywhere(average, average + change)

    def comparison(self, batch):
        return self._fakes(batch, "comparison", training=False)

    # Sampling

    def noise_rows(self, rows):
        return rows.normal((self.latent_dim,), "latents")

    def from_noise(self, noise):
        return self(noise)

    def call(self, latents):
        """Samples of latents of shape `(batch, latent_dim)`, in [-1, 1]."""
        return ops.cast(self.sampling_generator(latents, training=False), "float32")

    @property
    def sampling_generator(self):
        """The network that samples: the averaged generator where there is one."""
        if self.average_decay is None:
            return self.generator
        return self.averaged_generator

    def interpolate(self, start, end, num_steps=10, path=linear_path, **conditions):
        """Samples along paths between latents.

        Args:
            start: Array of latents of shape `(num, latent_dim)`.
            end: Array of the same shape.
            num_steps: Integer of at least 2, points on each path, ends included.
            path: Function `(start, end, num_steps)` to latents of shape
                `(num, num_steps, latent_dim)`, for instance
                `keras_gen.latents.spherical_path`.
            **conditions: As for `sample()`, the same along each path.

        Returns:
            Float32 array of shape `(num, num_steps, *image_shape)`.

        Raises:
            ValueError: If an argument is not as stated.
        """
        latents = path(start, end, num_steps)
        num = len(latents)
        if latents.shape[-1] != self.latent_dim:
            raise ValueError(
                f"`start` and `end` must have {self.latent_dim} latents for this "
                f"{type(self).__name__}. Received: {latents.shape[-1]}"
            )
        conditions = {
            name: tf.repeat(values, num_steps, axis=0)
            for name, values in self.conditions(num, **conditions).items()
        }
        flat = latents.reshape(num * num_steps, self.latent_dim)
        images = self.from_noise(flat, **conditions)
        return ops.convert_to_numpy(images).reshape(num, num_steps, *self.image_shape)

    def _check_networks(self):
        score = tuple(self.discriminator.output_shape[1:])
        if score != (1,):
            raise ValueError(
                "`discriminator` must end in one score, of shape (1,). Received output "
                f"shape: {score}"
            )
        if len(self.generator.input_shape) != 2 or self.latent_dim < 1:
            raise ValueError(
                "`generator` must take latents of shape (latent_dim,)"
                + (f" and {self.num_classes} classes" if self.num_classes else "")
                + f". Received input shape: {self.generator.input_shape[1:]}"
            )
        *size, channels = self.image_shape
        expected = (*size, channels + (self.num_classes or 0))
        if tuple(self.discriminator.input_shape[1:]) != expected:
            raise ValueError(
                f"`discriminator` must take shape {expected} for a `generator` that "
                f"ends in {self.image_shape}"
                + (f" and {self.num_classes} classes" if self.num_classes else "")
                + f". Received input shape: {self.discriminator.input_shape[1:]}"
            )
