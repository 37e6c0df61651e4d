"""Least-squares GAN (Mao et al., 2016)."""

import numbers

import keras

from keras_gen.arguments import shown
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
        discriminator: Network from images to one score, best without an activation. One
            that reaches all codes is allowed.
        fake_code: Float, the score that the discriminator learns for fakes.
        real_code: Float, the score that it learns for real images.
        target_code: Float, the score that the generator wants for fakes. The codes -1,
            1 and 0 minimize a Pearson divergence (section 3.3 of the paper).
        **kwargs: Options of every game, see `keras_gen.models.base.AdversarialModel`:
            `discriminator_steps`, `average_decay`, `instance_noise`, `num_classes`,
            `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, the codes of fake and real are equal,
            or the discriminator's last activation cannot reach a code.

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
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history
    >>> sorted(history)
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
        codes = {"fake_code": fake_code, "real_code": real_code}
        codes["target_code"] = target_code
        for name, code in codes.items():
            if not isinstance(code, numbers.Real):
                raise ValueError(f"`{name}` must be a number. Received: {shown(code)}")
        if fake_code == real_code:
            raise ValueError(
                f"`fake_code` and `real_code` must differ. Received: {fake_code} twice"
            )
        bounds = min(codes.values()), max(codes.values())
        check_reaches("discriminator", discriminator, bounds, "scores near the codes")
        self.fake_code, self.real_code = fake_code, real_code
        self.target_code = target_code

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
