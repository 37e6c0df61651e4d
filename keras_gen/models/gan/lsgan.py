"""Least-squares GAN (Mao et al., 2016)."""

import keras

from keras_gen.arguments import check_reals
from keras_gen.losses import (
    least_squares_discriminator_loss,
    least_squares_generator_loss,
)
from keras_gen.models.base import AdversarialModel, check_reaches


@keras.saving.register_keras_serializable(package="keras_gen")
class LSGAN(AdversarialModel):
    """Learns to generate with least-squares losses in place of cross-entropies.

    The discriminator regresses scores onto a code for real and a code for fake. So
    fakes far from the boundary have a gradient too. Images lie in [-1, 1].

    NOTE: By default both players use Adam with a rate of 2e-4 and `beta_1` 0.5.

    Args:
        generator: Network from latents of shape `(latent_dim,)` to images in [-1, 1].
        discriminator: Network from images to one score, which can reach all codes.
        fake_code: Float, the score that the discriminator learns for fakes.
        real_code: Float, the score that it learns for real images.
        target_code: Float, the score that the generator wants for fakes. The codes -1,
            1 and 0 minimize a Pearson divergence (section 3.3 of the paper).
        **kwargs: Options of every game, see `keras_gen.models.base.AdversarialModel`.

    Raises:
        ValueError: If the networks do not match, or cannot reach the codes.

    Reference:
        [Least Squares Generative Adversarial
        Networks](https://arxiv.org/abs/1611.04076), 2016, section 3.2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import LSGAN
    >>> from keras_gen.networks import mlp
    >>> generator = mlp((2,), [16], (8, 8, 1), output_activation="tanh")
    >>> model = LSGAN(generator, mlp((8, 8, 1), [16], (1,)))
    >>> model.compile()
    >>> sorted(model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history)
    ['discriminator_loss', 'generator_loss']
    """

    score_range = None  # Scores need not reach beyond the codes.

    def __init__(
        self,
        generator,
        discriminator,
        fake_code=0.0,
        real_code=1.0,
        target_code=1.0,
        **kwargs,
    ):
        super().__init__(generator, discriminator, **kwargs)
        check_reals(fake_code=fake_code, real_code=real_code, target_code=target_code)
        if fake_code == real_code:
            raise ValueError(f"`real_code` must not be `fake_code`: {real_code}")
        codes = fake_code, real_code, target_code
        bounds = min(codes), max(codes)
        check_reaches("discriminator", discriminator, bounds, "scores near the codes")
        self.fake_code, self.real_code, self.target_code = codes

    def default_optimizer(self):
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    def discriminator_terms(self, x, fakes, batch, training):
        scores = [self.score(images, batch.y, training) for images in (x, fakes)]
        codes = self.fake_code, self.real_code
        return {"discriminator_loss": least_squares_discriminator_loss(*scores, *codes)}

    def generator_terms(self, fakes, batch, training):
        score = self.score(fakes, batch.y, training)
        loss = least_squares_generator_loss(None, score, self.target_code)
        return {"generator_loss": loss}
