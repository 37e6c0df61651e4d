"""Abilities of models with latents: decode, encode, translate."""

import math

import numpy as np

from keras_gen.arguments import check_count
from keras_gen.domains import Vectors
from keras_gen.latents import linear_path
from keras_gen.models.base.marks import marked


class Decoding:
    """Ability: a model whose examples have latents.

    A subclass implements `decode()` and sets `latent_dim`.
    """

    #: Integer, or tuple of integers: the latents of one example.
    latent_dim = None

    @marked(("latents", "y"), ("x",))
    def decode(self, latents, y=None):
        """Examples of latents.

        Args:
            latents: Array or tensor of shape `(batch, latent_dim)`.
            y: Array of the `y_domain` for models that have one.

        Returns:
            Float32 tensor of shape `(batch, *x_domain.shape)`.
        """
        raise NotImplementedError

    def domain_of(self, name):
        if name == "latents" and self.latent_dim is not None:
            return Vectors(self.latent_dim)
        return super().domain_of(name)

    def interpolate(self, start, end, num_steps=10, path=linear_path, y=None):
        """Examples along paths between latents.

        Args:
            start: Array of latents, of shape `(num, latent_dim)`; where a model
                encodes, those of examples are `encode(x)`.
            end: Array of the same shape.
            num_steps: Integer of at least 2, points on each path, ends included.
            path: Function `(start, end, num_steps)` to latents of shape
                `(num, num_steps, latent_dim)`, for instance
                `keras_gen.latents.spherical_path`.
            y: For models with a `y_domain`: one for each path, or one for all. Labels
                default to the classes in turn.

        Returns:
            Float32 array of shape `(num, num_steps, *x_domain.shape)`.

        Raises:
            ValueError: If an argument is not as stated.
        """
        check_count(num_steps, "num_steps", 2)
        domain = self.domain_of("latents")
        domain.check(start, "start")
        domain.check(end, "end")
        start, end = np.asarray(start, np.float32), np.asarray(end, np.float32)
        if start.shape != end.shape:
            raise ValueError(
                "`start` and `end` must have one shape. Received: "
                f"{start.shape} and {end.shape}"
            )
        num, shape = len(start), start.shape[1:]
        flat = (num, math.prod(shape))
        latents = path(start.reshape(flat), end.reshape(flat), num_steps)
        latents = np.reshape(latents, (num * num_steps, *shape))
        y = self.y_for(num, y)
        given = {} if y is None else {"y": np.repeat(y, num_steps, axis=0)}
        x = np.asarray(self.decode(latents, **given))
        return x.reshape(num, num_steps, *x.shape[1:])


class Autoencoding(Decoding):
    """Ability: a model that encodes examples and decodes them again.

    A subclass implements `encode()` and `decode()`; `call()` is the reconstruction.
    """

    default_method = "reconstruct"

    @marked(("x", "y"), ("latents",))
    def encode(self, x, y=None):
        """Latents of examples.

        Args:
            x: Array or tensor of shape `(batch, *x_domain.shape)`.
            y: Array of the `y_domain` for models that have one.

        Returns:
            Float32 tensor of shape `(batch, latent_dim)`.
        """
        raise NotImplementedError

    @marked(("x", "y"), ("x",))
    def reconstruct(self, x, y=None):
        """Examples after encoding and decoding.

        Args:
            x: Array or tensor of shape `(batch, *x_domain.shape)`.
            y: Array of the `y_domain` for models that have one.

        Returns:
            Float32 tensor of the shape of `x`.
        """
        return self(x if y is None else (x, y))

    def call(self, inputs):
        """Reconstructions of `x`, or of a pair `(x, y)`."""
        is_pair = isinstance(inputs, (tuple, list))
        x, given = (inputs[0], {"y": inputs[1]}) if is_pair else (inputs, {})
        return self.decode(self.encode(x, **given), **given)


class Translation:
    """Ability: a model that carries examples over to another domain.

    It learns from pairs `(x, y)`, which need not belong together: where they do not,
    deal them independently. A subclass implements `to_y()`.
    """

    default_method = "to_y"

    @marked(("x",), ("y",))
    def to_y(self, x):
        """Examples of the `y_domain`.

        Args:
            x: Array or tensor of shape `(batch, *x_domain.shape)`.

        Returns:
            Float32 tensor of shape `(batch, *y_domain.shape)`.
        """
        raise NotImplementedError

    def call(self, x):
        """What `to_y()` gives."""
        return self.to_y(x)

    def comparison(self, batch):
        return batch.y, self.to_y(batch.x)


class TwoWayTranslation(Translation):
    """Ability: a translation both ways. A subclass also implements `to_x()`."""

    @marked(("y",), ("x",))
    def to_x(self, y):
        """Examples of the `x_domain`.

        Args:
            y: Array or tensor of shape `(batch, *y_domain.shape)`.

        Returns:
            Float32 tensor of shape `(batch, *x_domain.shape)`.
        """
        raise NotImplementedError
