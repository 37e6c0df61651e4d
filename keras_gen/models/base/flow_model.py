"""The base of normalizing flows."""

import functools
import math

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, shown
from keras_gen.distributions import standard_normal_log_prob
from keras_gen.domains import Domain, Images, Scalars, Vectors
from keras_gen.layers import FlowChain, Logit
from keras_gen.models.base.abilities import Decoding, ExactLikelihood
from keras_gen.models.base.batches import in_batches
from keras_gen.models.base.generative_model import GenerativeModel
from keras_gen.models.base.importance_weighting import ImportanceWeighting
from keras_gen.models.base.marks import marked
from keras_gen.models.base.temperature import Tempered
from keras_gen.random import Rows, check_seed


class FlowModel(
    Tempered, Decoding, ExactLikelihood, ImportanceWeighting, GenerativeModel
):
    """Abstract: examples as an invertible function of standard normal latents.

    `log p(x) = log N(f(x)) + log |det df/dx|`. The function `f` is the preprocessing,
    followed by the layers that a subclass passes to `compose()`. There are as many
    latents as values. Reports `loss`, the negative log-likelihood of an example in
    nats, and `bits_per_dimension`.

    Preprocessing brings images to [0, 1], and then around 0: by a logit, or by
    subtracting one half. Its log-determinant is part of every likelihood.

    Images with levels are dequantized: uniform noise fills the distance between two
    levels. The probability of an image is the mean density over this noise, so it has
    no `log_prob()`, but a `log_likelihood()`, which averages over draws and is a lower
    bound. `loss` is the bound with one draw. For vectors, and images without levels,
    `log_prob()` is the exact density.

    Decoded images are clipped to their range and not rounded to levels;
    `x_domain.to_bytes()` and exports of bytes round them.

    Args:
        x_domain: `keras_gen.domains.Images` or `Vectors`; or a tuple
            `(height, width, channels)` for images in [0, 1] of 256 levels.
        logit_margin: Optional float in (0, 0.5), the lambda of the logit, see
            `keras_gen.layers.Logit`.
        seed: Integer in [0, 2**31).
        name: Optional string.

    Raises:
        ValueError: If an argument is wrong, or vectors are to have a logit.

    Reference:
        Theis, van den Oord and Bethge, "A note on the evaluation of generative models",
        2016, arXiv:1511.01844, section 3.1 (dequantization).
    """

    term_names = ("loss", "bits_per_dimension")
    call_takes = ("x",)
    compiled_bound = False

    def __init__(self, x_domain, *, logit_margin=None, **kwargs):
        super().__init__(**kwargs)
        if isinstance(x_domain, (tuple, list)):
            x_domain = Images(x_domain, levels=256)
        if not isinstance(x_domain, (Images, Vectors)):
            raise ValueError(
                "`x_domain` must be Images or Vectors, or a tuple (height, width, "
                f"channels). Received: {shown(x_domain)}"
            )
        if math.prod(x_domain.shape) < 2:
            raise ValueError(
                "`x_domain` must have at least two values, of which some condition "
                f"others. Received: {x_domain!r}"
            )
        if x_domain.optional:
            raise ValueError(
                f"`x_domain` must be without unknown values: {type(self).__name__} "
                f"does not learn from them. Received: {x_domain!r}"
            )
        self.x_domain = x_domain
        self.logit_margin = logit_margin
        self.latent_dim = math.prod(x_domain.shape)
        self._logit = None
        if logit_margin is None:
            return
        if x_domain.bounds is None:
            raise ValueError(
                "`logit_margin` must be left out for vectors, which lie in no "
                f"interval. Received: {shown(logit_margin)}"
            )
        try:
            self._logit = Logit(logit_margin)
        except ValueError as error:
            raise ValueError(str(error).replace("margin", "logit_margin")) from None

    def compose(self, layers, input_shape=None) -> None:
        """Sets the layers of the flow and builds them. A constructor calls it once.

        Args:
            layers: List of `keras_gen.layers.FlowLayer`, the first one next to the
                examples.
            input_shape: Optional tuple, the shape in which the first layer takes an
                example. Defaults to that of `x_domain`.
        """
        self._flow_shape = tuple(input_shape or self.x_domain.shape)
        self.flow = FlowChain(layers, name="flow")
        self.flow.build((None, *self._flow_shape))
        self._end_shape = self.flow.compute_output_shape((None, *self._flow_shape))[1:]

    # The two directions

    def forward(self, x, noise=None, training=False) -> tuple:
        """Maps examples to latents.

        Args:
            x: Float32 tensor of shape `(batch, *x_domain.shape)`.
            noise: For images with levels, a tensor in [0, 1) of the shape of `x`, where
                between two levels a value lies. Defaults to the middle.
            training: Boolean, whether layers behave as in training.

        Returns:
            Latents of shape `(batch, latent_dim)`, and the log-determinant of shape
            `(batch,)`, with that of the preprocessing.
        """
        values, log_det = self.preprocess(x, noise)
        latents, log_det_of_flow = self._through(values, training)
        return latents, log_det + log_det_of_flow

    def inverse(self, latents) -> tf.Tensor:
        """Maps latents to examples, clipped to the range of images.

        It is the inverse of `forward()` with `noise` in the middle.
        """
        values = self.flow.inverse(tf.reshape(latents, (-1, *self._end_shape)))
        return self.postprocess(tf.reshape(values, (-1, *self.x_domain.shape)))

    def preprocess(self, x, noise=None) -> tuple:
        """Brings images around zero; vectors stay as they are.

        Args:
            x: As in `forward()`.
            noise: As in `forward()`.

        Returns:
            Tensor of the shape of `x`, and the log-determinant of shape `(batch,)`. It
            is relative to the distance of two levels, or to values without levels.
        """
        zeros = tf.zeros_like(tf.reshape(x, (tf.shape(x)[0], -1))[:, 0])
        if self.x_domain.bounds is None:
            return x, zeros
        low, high = self.x_domain.bounds
        levels = self.x_domain.num_levels
        unit = (x - low) / (high - low)
        if levels is not None:
            level = tf.round(unit * (levels - 1.0))
            unit = (level + (0.5 if noise is None else noise)) / levels
        log_det = zeros - self.latent_dim * math.log(levels or high - low)
        if self._logit is None:
            return unit - 0.5, log_det
        values, log_det_of_logit = self._logit(unit)
        return values, log_det + log_det_of_logit

    def postprocess(self, values) -> tf.Tensor:
        """The inverse of `preprocess()`, clipped to the range of images.

        The middle of the interval of a level gives the level, and its ends lie halfway
        to the neighbours, so rounding to the nearest level undoes the noise.
        """
        if self.x_domain.bounds is None:
            return values
        low, high = self.x_domain.bounds
        levels = self.x_domain.num_levels
        unit = values + 0.5 if self._logit is None else self._logit.inverse(values)
        if levels is not None:
            unit = (unit * levels - 0.5) / (levels - 1.0)
        return low + (high - low) * tf.clip_by_value(unit, 0.0, 1.0)

    def adapt(self, x) -> None:
        """Sets the initial weights that depend on data. Call it once, before `fit()`.

        `ActNorm` layers take the moments of a batch, one layer after the other.

        Args:
            x: Array of some hundred examples, of shape `(num, *x_domain.shape)`.

        Raises:
            ValueError: If `x` is wrong.
        """
        x = self.take("x", x)
        rows = Rows(x.shape[0], self.seed, step=-1)
        values, _ = self.preprocess(x, self._dequantization(rows))
        self.flow.adapt(tf.reshape(values, (-1, *self._flow_shape)))

    def _dequantization(self, rows):
        """Where between two levels values lie; None without levels."""
        if self.x_domain.num_levels is None:
            return None
        return self.posterior_noise(rows)

    def _through(self, values, training=False):
        """The latents of preprocessed examples, and the log-determinant of the flow."""
        values = tf.reshape(values, (-1, *self._flow_shape))
        latents, log_det = self.flow(values, training=training)
        return tf.reshape(latents, (-1, self.latent_dim)), log_det

    # Likelihood

    def log_density(self, x, noise=None, training=False) -> tf.Tensor:
        """The log density of examples; with levels, where `noise` puts them.

        Args:
            x: As in `forward()`.
            noise: As in `forward()`.
            training: Boolean, whether layers behave as in training.

        Returns:
            Float32 tensor of shape `(batch,)`, in nats. The distance of two levels has
            length 1.
        """
        latents, log_det = self.forward(x, noise, training)
        return standard_normal_log_prob(latents) + log_det

    def loss_terms(self, batch, training):
        noise = self._dequantization(batch.rows)
        loss = -tf.reduce_mean(self.log_density(batch.x, noise, training))
        bits = loss / (math.log(2.0) * self.latent_dim)
        return {"loss": loss, "bits_per_dimension": bits}

    def batch_log_prob(self, x):
        return self.log_density(x)

    def log_prob_conditions(self, num_rows, **given):
        if self.x_domain.num_levels is not None:
            raise ValueError(
                "`x_domain` must have no levels for an exact density. The probability "
                "of levels is an integral over what lies between them: use "
                f"`log_likelihood()`. Received: {self.x_domain!r}"
            )
        return super().log_prob_conditions(num_rows, **given)

    def posterior_noise(self, rows):
        if self.x_domain.num_levels is None:
            raise ValueError(
                "`x_domain` must have levels for a bound; without them, the density is "
                f"exact: use `log_prob()`. Received: {self.x_domain!r}"
            )
        return rows.uniform(self.x_domain.shape, "dequantization")

    def log_weights(self, x, noise, y=None, training=False):
        num_draws = noise.shape[0]
        repeated = tf.tile(x, (num_draws, *[1] * len(self.x_domain.shape)))
        flat = tf.reshape(noise, (-1, *self.x_domain.shape))
        found = self.log_density(repeated, flat, training)
        return tf.reshape(found, (num_draws, -1))

    @marked(("x",), ("preprocessed_log_prob",), traced=None)
    def preprocessed_log_prob(self, x, seed=0, batch_size=256) -> np.ndarray:
        """Computes the log density of preprocessed images, with one draw of noise each.

        This is what Papamakarios et al. (2017, arXiv:1705.07057) report of MNIST: the
        density of logits. It leaves out the log-determinant of the preprocessing, so it
        depends on the preprocessing.

        Args:
            x: Array of shape `(num, *x_domain.shape)`.
            seed: Integer in [0, 2**31), of the noise. Row `i` has noise of its own.
            batch_size: Integer of at least 1. It limits memory and does not change the
                result.

        Returns:
            Float32 array of shape `(num,)`, in nats.

        Raises:
            ValueError: If an argument is wrong.
        """
        if self.x_domain.bounds is None:
            raise ValueError(
                "`x_domain` must be of images, which are preprocessed. Received: "
                f"{self.x_domain!r}"
            )
        self.x_domain.check(x, "x")
        check_count(batch_size, "batch_size", 1)
        seed = tf.constant(check_seed(seed))
        x = np.asarray(x, self.x_domain.dtype)
        parts = {"x": x, "row": np.arange(len(x), dtype=np.int32)}
        function = functools.partial(self._traced_preprocessed, seed=seed)
        return in_batches(function, parts, batch_size)

    @tf.function(autograph=False)
    def _traced_preprocessed(self, x, row, seed):
        noise = self._dequantization(Rows.of(seed, row))
        latents, log_det = self._through(self.preprocess(x, noise)[0])
        return standard_normal_log_prob(latents) + log_det

    # Latents and samples

    def domain_of(self, name) -> Domain | None:
        has_levels = self.x_domain.num_levels is not None
        if name == "log_prob" and has_levels or name == "bound" and not has_levels:
            return None
        if name == "preprocessed_log_prob" and self.x_domain.bounds is not None:
            return Scalars()
        return super().domain_of(name)

    @marked(("x",), ("latents",))
    def encode(self, x) -> tf.Tensor:
        """Computes the latents of examples; of images with levels, those of the middle.

        Args:
            x: Array or tensor of shape `(batch, *x_domain.shape)`.

        Returns:
            Float32 tensor of shape `(batch, latent_dim)`.
        """
        return self.forward(x)[0]

    def decode(self, latents):
        return self.inverse(latents)

    def noise_rows(self, rows):
        return rows.normal((self.latent_dim,), "latents")

    def from_noise(self, noise, temperature=1.0):
        noise = self.take("noise", noise)
        temperature = tf.reshape(tf.cast(temperature, tf.float32), (-1, 1))
        return self.inverse(noise * temperature)

    def call(self, x) -> tf.Tensor:
        """The same as `encode()`."""
        return self.encode(x)

    def comparison(self, batch):
        return batch.x, self.inverse(self.forward(batch.x)[0])
