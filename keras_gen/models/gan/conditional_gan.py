"""Conditional GAN (Mirza and Osindero, 2014)."""

import keras

from keras_gen.arguments import check_count
from keras_gen.models.gan.gan import NonSaturatingModel


@keras.saving.register_keras_serializable(package="keras_gen")
class ConditionalGAN(NonSaturatingModel):
    """Learns to generate images of a given class.

    Both networks take a list of two inputs; the second one is the label. The networks
    of `keras_gen.networks` do so with `num_classes`. Images lie in [-1, 1].
    `fit` takes images and labels. `sample(num, y=...)` takes one label for each sample
    or one for all; without `y` the first sample has the first class, and so on.

    Args:
        generator: Network from `[latents, labels]` to images in [-1, 1].
        discriminator: Network from `[images, labels]` to one logit.
        num_classes: Integer of at least 2.
        **kwargs: Options of the game, as for `GAN`: `label_smoothing`,
            `discriminator_steps`, `average_decay`, `instance_noise`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Conditional Generative Adversarial Nets](https://arxiv.org/abs/1411.1784),
        2014, section 3.2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import ConditionalGAN
    >>> from keras_gen.networks import mlp
    >>> generator = mlp(
    ...     (2,), [16], (8, 8, 1), output_activation="tanh", num_classes=3
    ... )
    >>> discriminator = mlp((8, 8, 1), [16], (1,), num_classes=3)
    >>> model = ConditionalGAN(generator, discriminator, num_classes=3)
    >>> model.compile()
    >>> history = model.fit(np.zeros((6, 8, 8, 1)), np.arange(6) % 3, verbose=0)
    >>> model.sample(2, seed=0, y=[2, 0]).shape
    (2, 8, 8, 1)
    """

    def __init__(self, generator, discriminator, num_classes, **kwargs):
        check_count(num_classes, "num_classes", 2)
        super().__init__(generator, discriminator, num_classes=num_classes, **kwargs)
