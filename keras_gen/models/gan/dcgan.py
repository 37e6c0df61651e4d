"""Deep convolutional GAN (Radford et al., 2015)."""

import keras

from keras_gen.models.gan.gan import NonSaturatingModel
from keras_gen.networks import dcgan_discriminator, dcgan_generator


@keras.saving.register_keras_serializable(package="keras_gen")
class DCGAN(NonSaturatingModel):
    """Learns to generate images with strided convolutions and batch normalization.

    The networks have no pooling; the generator has ReLU, the discriminator leaky ReLU.
    Images lie in [-1, 1]. You can do arithmetic on latents: see `interpolate()` and
    `keras_gen.latents.attribute_vector`.

    NOTE: Latents are standard normal. Those of the paper are uniform in [-1, 1].

    Args:
        image_shape: Tuple `(height, width, channels)`. Height and width must be
            divisible by `2 ** len(filters)`: 64 x 96 for four filters, which begin at
            4 x 6, or 100 x 100 for two, which begin at 25 x 25.
        filters: List of integers, the channels of the generator, beginning at its
            smallest image. The discriminator has the same in reverse. The paper has
            `[1024, 512, 256, 128]` for images of 64 x 64.
        latent_dim: Integer, the size of the latents.
        kernel_size: Integer, the side of each kernel in pixels.
        hidden_units: Optional integer, the units of a dense layer before the logit of
            the discriminator. The paper has none: an output of its fourth convolution
            sees most of the image. With fewer convolutions only this layer does.
        **kwargs: Options of the game, as for `GAN`: `label_smoothing`,
            `discriminator_steps`, `average_decay`, `instance_noise`, `seed`, `name`.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        [Unsupervised Representation Learning with Deep Convolutional Generative
        Adversarial Networks](https://arxiv.org/abs/1511.06434), 2015, section 3.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import DCGAN
    >>> model = DCGAN((8, 8, 1), filters=[8], latent_dim=4)
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history
    >>> sorted(history)
    ['discriminator_loss', 'generator_loss']
    >>> model.interpolate(*np.ones((2, 3, 4)), num_steps=5).shape
    (3, 5, 8, 8, 1)
    """

    def __init__(
        self,
        image_shape,
        filters,
        latent_dim=100,
        kernel_size=5,
        hidden_units=None,
        **kwargs,
    ):
        super().__init__(
            dcgan_generator(latent_dim, filters, image_shape, kernel_size),
            dcgan_discriminator(
                image_shape,
                list(filters)[::-1],
                kernel_size,
                hidden_units=hidden_units,
            ),
            **kwargs,
        )
        self.image_shape = tuple(image_shape)
        self.filters = list(filters)
        self.kernel_size = kernel_size
        self.hidden_units = hidden_units
