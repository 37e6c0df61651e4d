"""Spectrally normalized GAN (Miyato et al., 2018)."""

import keras

from keras_gen.losses import hinge_discriminator_loss, hinge_generator_loss
from keras_gen.models.base import AdversarialModel
from keras_gen.models.gan.normalized_kernels import check_normalized_kernels


@keras.saving.register_keras_serializable(package="keras_gen")
class SNGAN(AdversarialModel):
    """Learns to generate with hinge losses and a discriminator of bounded slope.

    Each kernel of the discriminator is divided by its largest singular value: build the
    network with `wrapper=keras_gen.layers.SpectralNormalization`. Images lie in
    [-1, 1].

    Args:
        generator: Network from latents of shape `(latent_dim,)` to images in [-1, 1].
        discriminator: Network from images to one score, with all kernels normalized.
        discriminator_steps: Integer, the updates of the discriminator in a training
            step, each on its share of the batch.
        **kwargs: Options of every game, see `keras_gen.models.base.AdversarialModel`:
            `average_decay`, `instance_noise`, `num_classes`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or a kernel of the discriminator is
            not normalized.

    Reference:
        [Spectral Normalization for Generative Adversarial
        Networks](https://arxiv.org/abs/1802.05957), 2018, section 2.1 and eq. 16, 17.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import SpectralNormalization
    >>> from keras_gen.models import SNGAN
    >>> from keras_gen.networks import mlp
    >>> generator = mlp((2,), [16], (8, 8, 1), output_activation="tanh")
    >>> discriminator = mlp((8, 8, 1), [16], (1,), wrapper=SpectralNormalization)
    >>> model = SNGAN(generator, discriminator, discriminator_steps=1)
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history
    >>> sorted(history)
    ['discriminator_loss', 'generator_loss']
    """

    def __init__(self, generator, discriminator, discriminator_steps=5, **kwargs):
        steps = {"discriminator_steps": discriminator_steps}
        super().__init__(generator, discriminator, **steps, **kwargs)
        check_normalized_kernels(discriminator)

    def default_optimizer(self):
        return keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.9)

    def discriminator_terms(self, x, fakes, batch, training):
        scores = [self.score(images, batch.y, training) for images in (x, fakes)]
        return {"discriminator_loss": hinge_discriminator_loss(*scores)}

    def generator_terms(self, fakes, batch, training):
        score = self.score(fakes, batch.y, training)
        return {"generator_loss": hinge_generator_loss(None, score)}
