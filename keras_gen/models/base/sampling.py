"""Sampling as a function of noise."""

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, shown
from keras_gen.domains import Domain
from keras_gen.models.base.marks import marked, marks_of
from keras_gen.random import Rows, check_seed, fresh_seed


class Noise(Domain):
    """The domain of the noise of a model.

    Args:
        of_rows: Function from `keras_gen.random.Rows` to a tensor whose first axis is
            the rows.
    """

    noun = "noise"

    def __init__(self, of_rows):
        self.of_rows = of_rows
        noise = of_rows(Rows(1, 0))
        self.shape, self.dtype = tuple(noise.shape[1:]), noise.dtype.name

    def draw(self, rows) -> np.ndarray:
        return np.asarray(self.of_rows(rows))

    def get_config(self) -> dict:
        return {"shape": self.shape, "dtype": self.dtype}


class Sampler:
    """Ability: a model that samples.

    A subclass implements `noise_rows()` and `from_noise()`, and `conditions()` if its
    samples depend on more than noise and `y`.
    """

    default_method = "sample"
    _noise = None

    # Hooks

    def noise_rows(self, rows) -> tf.Tensor:
        """The noise of samples, one for each row.

        Args:
            rows: `keras_gen.random.Rows`.

        Returns:
            Tensor whose first axis is the rows.
        """
        raise NotImplementedError

    def from_noise(self, noise, **conditions) -> tf.Tensor:
        """Makes samples from noise, without random operations.

        Args:
            noise: Tensor from `noise()`.
            **conditions: Arrays from `conditions()`.

        Returns:
            Tensor of shape `(num, *x_domain.shape)` on the scale of `x_domain`. Values
            may lie a little outside the range if the likelihood is unbounded.
        """
        raise NotImplementedError

    def conditions(self, num_samples, first_row=0, y=None, **given) -> dict:
        """Checks and completes the further arguments of `sample()`.

        Args:
            num_samples: Integer, the number of samples.
            first_row: Integer, the place of the first sample among those of its seed.
            y: For models with a `y_domain`: one for each sample, or one for all. By
                default, row 0 has the first class, row 1 the second, and so on.
            **given: Other arguments of `sample()`.

        Returns:
            Dict of arrays whose first axis is `num_samples`.

        Raises:
            ValueError: If an argument is unknown or wrong.
        """
        if given:
            raise ValueError(
                f"`sample()` of {type(self).__name__} takes no {', '.join(given)}."
            )
        if "y" not in marks_of(self)["sample"].takes:
            if y is not None:
                raise ValueError(
                    "`y` must be left out: samples do not depend on it. Received: "
                    f"{shown(y)}"
                )
            return {}
        return {"y": self.y_for(num_samples, y, first_row)}

    def domain_of(self, name) -> Domain | None:
        if name != "noise":
            return super().domain_of(name)
        # Only a draw shows its shape.
        if self._noise is None:
            self._noise = Noise(self.noise_rows)
        return self._noise

    # What follows

    def noise(self, num_samples, seed, first_row=0) -> tf.Tensor:
        """The noise of samples `first_row ... first_row + num_samples - 1` of a seed.

        Args:
            num_samples: Integer of at least 1.
            seed: Integer in [0, 2**31).
            first_row: Integer of at least 0.

        Returns:
            Tensor whose first axis is `num_samples`.

        Raises:
            ValueError: If an argument is wrong.
        """
        check_count(num_samples, "num_samples", 1)
        check_count(first_row, "first_row", 0)
        return self.noise_rows(Rows(num_samples, check_seed(seed), first_row))

    @marked(("noise", "y", "temperature", "truncation"), ("x",), traced="from_noise")
    def sample(
        self, num_samples, seed=None, batch_size=256, first_row=0, **conditions
    ) -> np.ndarray:
        """Draws samples in batches.

        Args:
            num_samples: Integer of at least 1.
            seed: Integer in [0, 2**31). The same seed gives the same samples; ten
                samples are the first ten of a thousand. By default a random one.
            batch_size: Integer of at least 1. It limits memory and does not change the
                samples.
            first_row: Integer of at least 0, how many samples of the seed to skip.
            **conditions: Arguments of `conditions()`, such as `y`.

        Returns:
            Numpy array of shape `(num_samples, *x_domain.shape)`.

        Raises:
            ValueError: If an argument is wrong.
        """
        check_count(num_samples, "num_samples", 1)
        check_count(batch_size, "batch_size", 1)
        check_count(first_row, "first_row", 0)
        seed = fresh_seed() if seed is None else check_seed(seed)
        conditions = self.conditions(num_samples, first_row=first_row, **conditions)
        return self.draw(num_samples, seed, batch_size, first_row, conditions)

    def draw(self, num_samples, seed, batch_size, first_row, conditions) -> np.ndarray:
        """Draws samples with arguments that are checked and complete.

        Args:
            num_samples: Integer.
            seed: Integer.
            batch_size: Integer.
            first_row: Integer.
            conditions: Dict of arrays, for `from_noise()`.

        Returns:
            Numpy array of shape `(num_samples, *x_domain.shape)`.
        """
        batch_size = min(batch_size, num_samples)
        draw = self._compiled_batch if self.compiled_sampling else self._sample_batch
        batches = []
        for first in range(0, num_samples, batch_size):
            # Every batch is full, so that one trace serves all: surplus rows are cut.
            index = np.arange(first, first + batch_size).clip(max=num_samples - 1)
            some = {name: tf.constant(all_[index]) for name, all_ in conditions.items()}
            row = tf.constant(first_row + first)
            batch = draw(tf.constant(seed), row, batch_size, some)
            batches.append(batch.numpy())
        return np.concatenate(batches)[:num_samples]

    @tf.function(autograph=False)
    def _sample_batch(self, seed, first_row, batch_size, conditions):
        noise = self.noise_rows(Rows(batch_size, seed, first_row))
        return self.from_noise(noise, **conditions)

    @tf.function(autograph=False, jit_compile=True)
    def _compiled_batch(self, seed, first_row, batch_size, conditions):
        return self._sample_batch(seed, first_row, batch_size, conditions)
