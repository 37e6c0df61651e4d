"""The two recurrent networks of DRAW, and the canvas between them."""

from typing import Any, NamedTuple

import keras
import tensorflow as tf
from keras import layers

from keras_gen.layers import GlimpseReader, GlimpseWriter


class State(NamedTuple):
    """What a glimpse leaves: the canvas, and the states of both LSTMs."""

    canvas: Any
    encoder: list
    decoder: list


class Drawing(keras.layers.Layer):
    """An encoder that looks at an image and a canvas, and a decoder that draws on it.

    Args:
        image_shape: Tuple `(height, width, channels)`.
        output_distribution: `keras_gen.distributions.Likelihood`, whose parameters the
            canvas holds.
        latent_dim: Tuple `(num_glimpses, latents_per_glimpse)`.
        units: Integer, the units of each LSTM.
        read_size: Optional integer, the side of the patch that the encoder reads.
        write_size: Optional integer, the side of the patch that the decoder writes.
    """

    def __init__(
        self,
        image_shape,
        output_distribution,
        latent_dim,
        units,
        read_size=None,
        write_size=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.output_distribution = output_distribution
        self.units = units
        *sides, channels = image_shape
        shape = (*sides, channels * output_distribution.parameters_per_value)
        dtype = {"dtype": self.dtype_policy}
        both = (*sides, 2 * channels)
        self.reader = GlimpseReader(both, read_size, name="reader", **dtype)
        self.encoder_cell = layers.LSTMCell(units, name="encoder_cell", **dtype)
        self.head = layers.Dense(2 * latent_dim[1], name="head", **dtype)
        self.decoder_cell = layers.LSTMCell(units, name="decoder_cell", **dtype)
        self.writer = GlimpseWriter(shape, write_size, name="writer", **dtype)
        self.canvas = self.add_weight(shape, initializer="zeros", name="canvas")
        self.infer(tf.zeros((1, *image_shape)), tf.zeros((1, *latent_dim)))
        self.built = True

    def infer(self, x, noise) -> tuple:
        """Looks and draws in turn, as often as there is noise.

        Args:
            x: Float32 tensor of shape `(batch, *image_shape)`.
            noise: Standard normal tensor of shape `(batch, *latent_dim)`.

        Returns:
            The last canvas; the latents, and the means and log-scales of their
            posterior, each of shape `(batch, *latent_dim)`.
        """
        state, found = self._begin(x[:, 0, 0, :1]), []
        for some in tf.unstack(noise, axis=1):
            state, mean, log_scale = self._look(state, x)
            latents = mean + tf.exp(log_scale) * some
            state = self._draw(state, latents)
            found.append((latents, mean, log_scale))
        parts = zip(*found, strict=True)
        return state.canvas, *(tf.stack(part, axis=1) for part in parts)

    def states(self, latents) -> list:
        """The `State` after each glimpse, without an encoder.

        Args:
            latents: Float32 tensor of shape `(batch, *latent_dim)`.
        """
        states = [self._begin(latents[:, 0, :1])]
        for some in tf.unstack(latents, axis=1):
            states.append(self._draw(states[-1], some))
        return states[1:]

    def _begin(self, column):
        zeros = tf.zeros_like(column) + tf.zeros((1, self.units))
        zeros = tf.cast(zeros, self.compute_dtype)
        return State(self.canvas[None], [zeros, zeros], [zeros, zeros])

    def _look(self, state, x):
        hidden = state.decoder[0]
        lacks = x - self.output_distribution(state.canvas).mean()
        seen = self.reader(tf.concat([x, lacks], axis=-1), hidden)
        inputs = tf.concat([tf.cast(seen, hidden.dtype), hidden], axis=-1)
        outputs, encoder = self.encoder_cell(inputs, state.encoder)
        outputs = tf.cast(self.head(outputs), tf.float32)
        return state._replace(encoder=encoder), *tf.split(outputs, 2, axis=-1)

    def _draw(self, state, latents):
        latents = tf.cast(latents, self.compute_dtype)
        hidden, decoder = self.decoder_cell(latents, state.decoder)
        canvas = state.canvas + self.writer(hidden)
        return state._replace(canvas=canvas, decoder=decoder)
