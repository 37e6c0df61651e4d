"""BigGAN (Brock, Donahue and Simonyan, 2018)."""

import keras
import numpy as np

from keras_gen.arguments import check_count, shown
from keras_gen.distributions import truncated_normal
from keras_gen.domains import Scalars
from keras_gen.layers import SymbolEmbedding
from keras_gen.losses import (
    hinge_discriminator_loss,
    hinge_generator_loss,
    orthogonal_penalty,
    total,
)
from keras_gen.models.base import AdversarialModel, at_step, check_number, layers_of
from keras_gen.models.gan.normalized_kernels import check_normalized_kernels


@keras.saving.register_keras_serializable(package="keras_gen")
class BigGAN(AdversarialModel):
    """Learns to generate images of given classes, and trades variety for fidelity.

    A game with hinge losses whose networks are told the class, see
    `keras_gen.networks.big_gan_generator` and `big_gan_discriminator`. Filters of the
    generator are pushed towards right angles. Images lie in [-1, 1], and `fit` takes
    images and labels. Reports `orthogonal_penalty`, without its weight.

    Samples come from an average of the generator over its updates. `sample(num, y=...,
    truncation=...)` draws latents from the middle of their distribution only:
    truncation is the share of it that is left, in (0, 1], one number for all samples or
    one for each. A smaller share gives samples of higher fidelity and less variety; the
    default, 1, leaves them as in training. The paper's thresholds 2, 1, 0.5 and 0.04
    are shares of 0.9545, 0.6827, 0.3829 and 0.0319.

    NOTE: The batch normalizations sample with moving moments, not with moments that are
    collected again for each truncation. Fakes have the classes of the images.

    Args:
        generator: Network from `[latents, labels]` to images in [-1, 1].
        discriminator: Network from `[images, labels]` to one score, with all kernels
            normalized by `keras_gen.layers.SpectralNormalization`.
        num_classes: Integer of at least 2.
        orthogonal_weight: Float of at least 0, or a Keras schedule: the weight of
            `keras_gen.losses.orthogonal_penalty` of all kernels of the generator but
            its embeddings.
        discriminator_steps: Integer, the updates of the discriminator in a training
            step, each on its share of the batch.
        average_decay: Float in (0, 1), the decay of the average of the generator, or
            None to sample from the generator itself.
        **kwargs: Options of every game, see `keras_gen.models.base.AdversarialModel`:
            `instance_noise`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match each other or the classes, a kernel of
            the discriminator is not normalized, or an argument is wrong.

    Reference:
        [Large Scale GAN Training for High Fidelity Natural Image
        Synthesis](https://arxiv.org/abs/1809.11096), 2018, section 3 and eq. 3.

    Example:
    >>> from keras_gen.models import BigGAN
    >>> from keras_gen.networks import big_gan_discriminator, big_gan_generator
    >>> generator = big_gan_generator(4, [4, 4], (8, 8, 1), num_classes=3)
    >>> discriminator = big_gan_discriminator((8, 8, 1), [4, 4], num_classes=3)
    >>> model = BigGAN(generator, discriminator, num_classes=3)
    >>> model.sample(4, seed=0, y=2, truncation=0.5).shape
    (4, 8, 8, 1)
    """

    term_names = ("discriminator_loss", "generator_loss", "orthogonal_penalty")

    def __init__(
        self,
        generator,
        discriminator,
        num_classes,
        orthogonal_weight=1e-4,
        discriminator_steps=2,
        average_decay=0.9999,
        **kwargs,
    ):
        check_count(num_classes, "num_classes", 2)
        options = {
            "discriminator_steps": discriminator_steps,
            "average_decay": average_decay,
            "num_classes": num_classes,
        }
        super().__init__(generator, discriminator, **options, **kwargs)
        check_normalized_kernels(discriminator)
        _check_classes("generator", generator, num_classes)
        _check_classes("discriminator", discriminator, num_classes)
        check_number(orthogonal_weight, "orthogonal_weight", 0)
        self.orthogonal_weight = orthogonal_weight

    def default_optimizer(self):
        return keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.999)

    def discriminator_terms(self, x, fakes, batch, training):
        scores = [self.score(images, batch.y, training) for images in (x, fakes)]
        return {"discriminator_loss": hinge_discriminator_loss(*scores)}

    def generator_terms(self, fakes, batch, training):
        loss = hinge_generator_loss(None, self.score(fakes, batch.y, training))
        penalty = total(orthogonal_penalty(kernel) for kernel in self.filters())
        weight = at_step(self, self.orthogonal_weight)
        return {
            "generator_loss": loss + weight * penalty,
            "orthogonal_penalty": penalty,
        }

    def filters(self) -> list:
        """The kernels of the generator that the penalty is about, a list."""
        tables = [layer.embeddings for layer in _embeddings(self.generator)]
        return [
            weight
            for weight in self.generator.trainable_variables
            if len(weight.shape) > 1 and not any(weight is table for table in tables)
        ]

    def domain_of(self, name):
        if name == "truncation":
            return Scalars(float(np.finfo(np.float32).tiny), 1.0)
        return super().domain_of(name)

    def conditions(self, num_samples, first_row=0, truncation=1.0, **given):
        found = super().conditions(num_samples, first_row, **given)
        share, least = np.asarray(truncation), self.domain_of("truncation").low
        is_number = share.dtype.kind in "fiu" and share.shape in ((), (num_samples,))
        if not is_number or not np.all((share >= least) & (share <= 1)):
            raise ValueError(
                "`truncation` must lie in (0, 1]: a number, or one for each of "
                f"{num_samples} samples. Received: {shown(truncation)}"
            )
        return {"truncation": np.full(num_samples, share, np.float32), **found}

    def from_noise(self, noise, y=None, truncation=None):
        latents = self.take("noise", noise)
        if truncation is not None:
            latents = truncated_normal(latents, self.take("truncation", truncation))
        return self.decode(latents, y)


def _embeddings(network):
    return [x for x in layers_of(network) if isinstance(x, SymbolEmbedding)]


def _check_classes(name, network, num_classes):
    for layer in _embeddings(network):
        if layer.num_symbols != num_classes:
            raise ValueError(
                f"`{name}` must have {num_classes} classes, as `num_classes` says. "
                f"Received: {network.name!r} with {layer.num_symbols} classes in its "
                f"layer {layer.name!r}"
            )
