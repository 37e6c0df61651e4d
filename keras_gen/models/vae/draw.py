"""DRAW, a recurrent network that draws images (Gregor et al., 2015)."""

import keras
import tensorflow as tf

from keras_gen.arguments import check_count, check_image_shape
from keras_gen.distributions import standard_normal_log_prob
from keras_gen.domains import Images, Vectors
from keras_gen.models.base import LatentVariableModel, check_likelihood, marked
from keras_gen.models.vae.drawing import Drawing


@keras.saving.register_keras_serializable(package="keras_gen")
class DRAW(LatentVariableModel):
    """Draws an image in several glimpses, each of which adds to a canvas.

    In a glimpse, the encoder reads the image and what the canvas lacks of it, and gives
    a normal distribution of some latents. The decoder sees a draw of these, and what it
    writes is added to the canvas. Both are LSTMs, and the encoder also sees the state
    of the decoder. The last canvas has the parameters of `output_distribution`. Under
    the prior, latents are standard normal.

    With a `read_size` or `write_size`, attention reads or writes a small patch: see
    `keras_gen.layers.AttentionWindow`. `canvases()` shows how an image is drawn, and
    `windows()` where.

    Images lie in [0, 1]. Reports `rate`, the divergence between posterior and prior,
    summed over the glimpses, and `distortion`, the negative log-likelihood of an image
    given its last canvas, both in nats. `loss` is their sum. Latents have the shape
    `(num_glimpses, latents_per_glimpse)`.

    NOTE: States begin at zero, the canvas at an image that is learned. The default
    optimizer is Adam with a rate of 1e-3 and gradients of a norm of at most 5.

    Args:
        image_shape: Tuple `(height, width, channels)`.
        output_distribution: `keras_gen.distributions.Likelihood`, the distribution of
            images given the last canvas.
        num_glimpses: Integer of at least 1. The time of a step grows with it.
        latents_per_glimpse: Integer of at least 1.
        units: Integer of at least 1, the units of each LSTM.
        read_size: Optional integer of at least 1, the side of the patch that the
            encoder reads. By default it reads the whole image.
        write_size: Optional integer of at least 1, the side of the patch that the
            decoder writes. By default it writes to the whole canvas.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If an argument is wrong, or a patch larger than the image.

    Reference:
        [DRAW: A Recurrent Neural Network For Image
        Generation](https://arxiv.org/abs/1502.04623), 2015, sections 2 and 3.

    Example:
    >>> from keras_gen.distributions import BernoulliLikelihood
    >>> from keras_gen.models import DRAW
    >>> model = DRAW((8, 8, 1), BernoulliLikelihood(), 3, 2, units=16, write_size=4)
    >>> model.sample(5, seed=0).shape
    (5, 8, 8, 1)
    >>> model.canvases(model.noise(5, seed=0)).shape
    TensorShape([5, 3, 8, 8, 1])
    """

    term_names = ("loss", "rate", "distortion")

    def __init__(
        self,
        image_shape,
        output_distribution,
        num_glimpses=10,
        latents_per_glimpse=10,
        units=256,
        read_size=None,
        write_size=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_image_shape(image_shape)
        check_likelihood(output_distribution)
        check_count(num_glimpses, "num_glimpses", 1)
        check_count(latents_per_glimpse, "latents_per_glimpse", 1)
        check_count(units, "units", 1)
        for name, size in {"read_size": read_size, "write_size": write_size}.items():
            _check_patch(name, size, image_shape)
        self.image_shape = tuple(image_shape)
        self.output_distribution = output_distribution
        self.num_glimpses = num_glimpses
        self.latents_per_glimpse = latents_per_glimpse
        self.units = units
        self.read_size, self.write_size = read_size, write_size
        self.x_domain = Images(self.image_shape)
        self.latent_dim = (num_glimpses, latents_per_glimpse)
        self.drawing = Drawing(
            self.image_shape,
            output_distribution,
            self.latent_dim,
            units,
            read_size,
            write_size,
            dtype=self.dtype_policy,
            name="drawing",
        )

    def domain_of(self, name):
        if name == "canvases":
            return Vectors((self.num_glimpses, *self.image_shape))
        return super().domain_of(name)

    def default_optimizer(self):
        return keras.optimizers.Adam(1e-3, global_clipnorm=5.0)

    def infer(self, x, noise, training=False):
        shape = (noise.shape[0], -1, *self.latent_dim)
        # LiteRT cannot change the batch size of the same by `tf.tile()`.
        x = x[None] + tf.zeros((noise.shape[0], 1, 1, 1, 1))
        x = tf.reshape(x, (-1, *self.image_shape))
        flat = tf.reshape(noise, (-1, *self.latent_dim))
        _, latents, _, log_scale = self.drawing.infer(x, flat)
        log_scale = tf.reshape(log_scale, shape)
        log_q = standard_normal_log_prob(noise) - tf.reduce_sum(log_scale, axis=-1)
        return tf.reshape(latents, shape), tf.reduce_sum(log_q, axis=-1)

    def likelihood(self, latents, training=False):
        return self.output_distribution(self.drawing.states(latents)[-1].canvas)

    def log_prior(self, latents):
        return tf.reduce_sum(standard_normal_log_prob(latents), axis=-1)

    def latents_from_noise(self, noise):
        return noise

    def loss_terms(self, batch, training):
        noise = self.posterior_noise(batch.rows)
        canvas, _, mean, log_scale = self.drawing.infer(batch.x, noise)
        divergence = 0.5 * (mean**2 + tf.exp(2.0 * log_scale) - 1.0) - log_scale
        rate = tf.reduce_mean(tf.reduce_sum(divergence, axis=(1, 2)))
        log_prob = self.output_distribution(canvas).log_prob(batch.x)
        distortion = -tf.reduce_mean(log_prob)
        return {"loss": distortion + rate, "rate": rate, "distortion": distortion}

    @marked(("latents",), ("canvases",))
    def canvases(self, latents) -> tf.Tensor:
        """The images of the canvas after each glimpse, the last as `decode()` gives it.

        Args:
            latents: Array or tensor of shape `(batch, *latent_dim)`.

        Returns:
            Float32 tensor of shape `(batch, num_glimpses, *image_shape)`.
        """
        images = [
            self.output_distribution.center(self.output_distribution(state.canvas))
            for state in self.drawing.states(latents)
        ]
        return tf.stack(images, axis=1)

    def windows(self, latents) -> tf.Tensor:
        """Where attention writes in each glimpse, in pixels of the image.

        Args:
            latents: Array or tensor of shape `(batch, *latent_dim)`.

        Returns:
            Float32 tensor of shape `(batch, num_glimpses, 4)`: the row and column of
            the first filter, and of the last one. Pixels are counted from 0; a window
            may reach beyond the image.

        Raises:
            ValueError: If the model writes to the whole canvas.
        """
        if self.write_size is None:
            raise ValueError(
                "This DRAW has no windows: it writes to the whole canvas. Received: "
                "write_size=None"
            )
        found = []
        for state in self.drawing.states(self.take("latents", latents)):
            y, x, distance, *_ = self.drawing.writer.window.placement(state.decoder[0])
            half = 0.5 * (self.write_size - 1) * distance
            found.append(tf.stack([y - half, x - half, y + half, x + half], axis=-1))
        return tf.stack(found, axis=1) - 1.0


def _check_patch(name, size, image_shape):
    if size is None:
        return
    check_count(size, name, 1)
    if size > min(image_shape[:2]):
        raise ValueError(
            f"`{name}` must be at most the height and width of `image_shape`. "
            f"Received: {name}={size} and image_shape={tuple(image_shape)}"
        )
