"""Sampling as a pure function of noise, for every model that samples."""

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.random import Rows, check_seed, fresh_seed


class Sampler:
    """Abstract: the three methods of a model that samples.

    A subclass implements `noise_rows()` and `from_noise()`, and `conditions()` if its
    samples depend on more than noise.
    """

    #: Whether `sample()` runs under XLA, which compiles anew for each batch size: some
    #: seconds that pay where sampling is a long loop of small operations. Set it to
    #: False on a model that draws a single batch.
    compiled_sampling = False

    def noise_rows(self, rows):
        """Noise for one sample a row.

        Args:
            rows: `keras_gen.random.Rows`.

        Returns:
            Tensor, or dict of tensors, whose first axis is the rows.
        """
        raise NotImplementedError

    def from_noise(self, noise, **conditions):
        """Samples of noise: deterministic, without random operations.

        Args:
            noise: What `noise()` returns.
            **conditions: What `conditions()` returns.

        Returns:
            Float32 tensor of shape `(num, *image_shape)` on the scale of
            `image_range`; where the likelihood is unbounded it may lie a little
            outside.
        """
        raise NotImplementedError

    def conditions(self, num_samples, first_row=0, **given):
        """What samples depend on beside noise, checked and filled in.

        Args:
            num_samples: Integer.
            first_row: Integer, the place of the first sample among those of its seed,
                where it bears on what is filled in.
            **given: What `sample()` was given.

        Returns:
            Dict of arrays whose first axis is `num_samples`; empty here.

        Raises:
            ValueError: If something unknown or wrong is given.
        """
        if given:
            raise ValueError(
                f"The samples of {type(self).__name__} depend on noise alone. "
                f"Received: {', '.join(given)}"
            )
        return {}

    def noise(self, num_samples, seed, first_row=0):
        """Noise for samples `first_row ... first_row + num_samples - 1` of a seed.

        Args:
            num_samples: Integer of at least 1.
            seed: Integer in [0, 2**31).
            first_row: Integer of at least 0.

        Returns:
            Tensor, or dict of tensors, whose first axis is `num_samples`.

        Raises:
            ValueError: If an argument is not as stated.
        """
        check_count(num_samples, "num_samples", 1)
        check_count(first_row, "first_row", 0)
        return self.noise_rows(Rows(num_samples, check_seed(seed), first_row))

    def sample(self, num_samples, seed=None, batch_size=256, first_row=0, **conditions):
        """Draws samples in batches.

        Args:
            num_samples: Integer of at least 1.
            seed: Integer in [0, 2**31); the same seed gives the same samples, and fewer
                samples are the first of more. Defaults to a fresh one.
            batch_size: Integer of at least 1. It bounds memory and changes no sample.
            first_row: Integer of at least 0, how many samples of the seed to pass over.
            **conditions: For models with conditions, such as `labels`.

        Returns:
            Float32 numpy array of shape `(num_samples, *image_shape)`, as from
            `from_noise()`.

        Raises:
            ValueError: If an argument is not as stated.
        """
        check_count(num_samples, "num_samples", 1)
        check_count(batch_size, "batch_size", 1)
        check_count(first_row, "first_row", 0)
        seed = fresh_seed() if seed is None else check_seed(seed)
        batch_size = min(batch_size, num_samples)
        conditions = self.conditions(num_samples, first_row=first_row, **conditions)
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
