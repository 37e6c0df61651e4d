"""SRResNet and SRGAN (Ledig et al., 2017)."""

import keras
from keras import ops

from keras_gen.distributions.likelihoods import REALS
from keras_gen.losses import (
    non_saturating_discriminator_loss,
    non_saturating_generator_loss,
)
from keras_gen.models.base import (
    Phase,
    SuperResolutionModel,
    at_step,
    check_number,
    check_reaches,
    mean_psnr,
)
from keras_gen.networks import check_judge, check_maps


@keras.saving.register_keras_serializable(package="keras_gen")
class SRResNet(SuperResolutionModel):
    """Makes images larger with the least squared error.

    It learns from large images in [0, 1] and shrinks them itself. Its results are the
    mean of what could have been, so they are smooth. Reports `loss`, the squared error
    averaged over all values, and `psnr`, the mean peak signal-to-noise ratio in dB,
    over all channels and without a border; for that of papers see
    `keras_gen.metrics.psnr`.

    It is the first stage of `SRGAN`, which goes on with its `generator`.

    Args:
        generator: Network from small images to large ones, such as
            `keras_gen.networks.sr_res_net`.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If the network does not make images larger by a whole factor.

    Reference:
        [Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial
        Network](https://arxiv.org/abs/1609.04802), 2017, eq. 4.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import SRResNet
    >>> from keras_gen.networks import sr_res_net
    >>> model = SRResNet(sr_res_net((8, 8, 3), 2, filters=4, num_blocks=1))
    >>> model.compile()
    >>> sorted(model.fit(np.zeros((4, 16, 16, 3)), verbose=0).history)
    ['loss', 'psnr']
    >>> model.upscale(np.zeros((1, 8, 8, 3))).shape
    TensorShape([1, 16, 16, 3])
    """

    term_names = ("loss", "psnr")

    def __init__(self, generator, **kwargs):
        super().__init__(generator, **kwargs)

    def default_optimizer(self):
        return keras.optimizers.Adam(1e-4)

    def loss_terms(self, batch, training):
        fakes = self.generate(batch.x, training)
        loss = ops.mean(ops.square(batch.x - fakes))
        return {"loss": loss, "psnr": mean_psnr(batch.x, fakes)}


@keras.saving.register_keras_serializable(package="keras_gen")
class SRGAN(SuperResolutionModel):
    """Makes images larger so that a discriminator takes them for real ones.

    It learns from large images in [0, 1] and shrinks them itself. The generator
    minimizes the squared error of features, plus a small part of an adversarial loss.
    Results are sharp, have a lower peak signal-to-noise ratio than those of `SRResNet`,
    and show detail that is not in the small image.

    Train the generator as an `SRResNet` first, else the discriminator wins:
    `SRGAN(trained.generator, ...)`.

    Reports `discriminator_loss`; `content`, the squared error averaged over the values
    of the features; `adversarial`, the cross-entropy; `generator_loss`, which is
    `content + adversarial_weight * adversarial`; and `psnr` as `SRResNet` does.

    NOTE: The package has no weights of VGG, whose features the paper compares. Give the
    first layers of a network that you have, such as a classifier of the zoo. Without
    `features`, pixels are compared: the SRGAN-MSE of the paper.

    Args:
        generator: Network from small images to large ones.
        discriminator: Network from large images to one score.
        features: Optional network from large images to features of any shape. It does
            not learn: its `trainable` becomes False. Divide its outputs by their scale,
            or the adversarial loss does not count.
        adversarial_weight: Float of at least 0, or a Keras schedule.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or `adversarial_weight` is negative.

    Reference:
        [Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial
        Network](https://arxiv.org/abs/1609.04802), 2017, eqs. 3, 5 and 6.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import SRGAN
    >>> from keras_gen.networks import dcgan_discriminator, sr_res_net
    >>> generator = sr_res_net((8, 8, 3), 2, filters=4, num_blocks=1)
    >>> model = SRGAN(generator, dcgan_discriminator((16, 16, 3), [4]))
    >>> model.upscale(np.zeros((1, 8, 8, 3))).shape
    TensorShape([1, 16, 16, 3])
    """

    term_names = (
        "discriminator_loss",
        "generator_loss",
        "content",
        "adversarial",
        "psnr",
    )

    def __init__(
        self, generator, discriminator, features=None, adversarial_weight=1e-3, **kwargs
    ):
        super().__init__(generator, **kwargs)
        check_judge("discriminator", discriminator, self.x_domain.shape)
        check_reaches("discriminator", discriminator, REALS, "scores")
        if features is not None:
            check_maps("features", features, self.x_domain.shape)
            features.trainable = False
        check_number(adversarial_weight, "adversarial_weight", 0)
        self.discriminator = discriminator
        self.features = features
        self.adversarial_weight = adversarial_weight

    def default_optimizer(self):
        return keras.optimizers.Adam(1e-4)

    def phases(self):
        players = {
            "discriminator": (self.discriminator_terms, self.discriminator),
            "generator": (self.generator_terms, self.generator),
        }
        return [
            Phase(name, terms, network.trainable_variables)
            for name, (terms, network) in players.items()
        ]

    def discriminator_terms(self, batch, training) -> dict:
        """The loss of the discriminator, by its name."""
        fakes = self.generate(batch.x, training)
        scores = [self._score(x, training) for x in (batch.x, fakes)]
        return {"discriminator_loss": non_saturating_discriminator_loss(*scores)}

    def generator_terms(self, batch, training) -> dict:
        """The terms of the generator, by their names."""
        fakes = self.generate(batch.x, training)
        errors = ops.square(self._seen(batch.x) - self._seen(fakes))
        content = ops.mean(errors)
        score = self._score(fakes, training)
        adversarial = non_saturating_generator_loss(None, score)
        weight = at_step(self, self.adversarial_weight)
        return {
            "generator_loss": content + weight * adversarial,
            "content": content,
            "adversarial": adversarial,
            "psnr": mean_psnr(batch.x, fakes),
        }

    def _score(self, x, training):
        return ops.cast(self.discriminator(x, training=training), "float32")

    def _seen(self, x):
        """What the content loss compares."""
        if self.features is None:
            return x
        return ops.cast(self.features(x, training=False), "float32")
