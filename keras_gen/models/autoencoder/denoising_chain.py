"""A denoising autoencoder as a Markov chain that generates (Bengio et al., 2013)."""

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.models.base import Sampler, marked
from keras_gen.random import Rows, check_seed, fresh_seed


class DenoisingChain(Sampler):
    """Ability: a denoising model that draws images by corrupting and recovering them.

    The state of the chain is a binary image. A step corrupts it, and draws the next
    state from the likelihood given the corrupted image. If this likelihood is the exact
    posterior of clean images, a step is Gibbs sampling of pairs of a clean and a
    corrupted image. So the chain keeps the distribution of the data.

    A subclass has `corruption`, `likelihood`, `chain_steps`, `encoder` and `decode()`.

    Reference:
        Bengio, Yao, Alain and Vincent, "Generalized Denoising Auto-Encoders as
        Generative Models", 2013, arXiv:1305.6663, equation 3 and theorem 1.
    """

    default_method = "reconstruct"
    #: `BernoulliLikelihood`; None for a model that does not draw.
    likelihood = None

    def corruption_noise(self, rows) -> tf.Tensor:
        """The noise that `corrupt()` takes, one example for each row."""
        return rows.normal(self.x_domain.shape, "corruption")

    def domain_of(self, name):
        if name == "noise" and self.likelihood is None:
            return None
        return super().domain_of(name)

    @marked(("x", "noise"), ("x",), traced=None)
    def chain(self, x, steps=None, seed=None, every=None) -> np.ndarray:
        """Walks from examples along the chain: corrupts, draws, corrupts, draws.

        Args:
            x: Array of shape `(num, *x_domain.shape)`, the first state of each chain.
            steps: Integer of at least 1. Defaults to `chain_steps`.
            seed: Integer in [0, 2**31). Chain `i` depends on the seed and on `i` only.
                By default a random one.
            every: Optional integer from 1 to `steps`. If given, the state after every
                `every` steps is returned, instead of the last state alone.

        Returns:
            Float32 array of shape `(num, *x_domain.shape)` with values 0 and 1; with
            `every`, of shape `(steps // every, num, *x_domain.shape)`.

        Raises:
            ValueError: If an argument is wrong, or the model has no likelihood.
        """
        self._check_chains()
        steps = self.chain_steps if steps is None else steps
        check_count(steps, "steps", 1)
        at_once = steps if every is None else every
        check_count(at_once, "every", 1)
        if at_once > steps:
            raise ValueError(f"`every` must be at most {steps}. Received: {at_once}")
        x = self.take("x", x)
        seed = fresh_seed() if seed is None else check_seed(seed)
        rows = np.arange(len(x), dtype=np.int32)
        keys = tf.constant(np.stack([np.full_like(rows, seed), rows], axis=1))
        states = []
        for first in range(0, steps - at_once + 1, at_once):
            x, _ = self._walk(x, keys, tf.constant(first), tf.constant(at_once))
            states.append(x.numpy())
        return states[-1] if every is None else np.stack(states)

    def noise_rows(self, rows):
        # The key of a chain, which draws its own noise in each step.
        return rows.bits((2,), "chain")

    def conditions(self, num_samples, first_row=0, y=None, **given):
        self._check_chains()
        return super().conditions(num_samples, first_row, y, **given)

    def from_noise(self, noise):
        """The expected image of the last step of a chain from random pixels."""
        rows = Rows.of(noise[:, 0], noise[:, 1])
        start = drawn(0.5, rows.uniform(self.x_domain.shape, "start"))
        return self._walked(start, noise, tf.constant(0), self.chain_steps)[1]

    @tf.function(autograph=False)
    def _walk(self, x, keys, first, steps):
        return self._walked(x, keys, first, steps)

    def _walked(self, x, keys, first, steps):
        """The last state of chains, and the expectation from which it was drawn."""

        def step(index, x, _):
            rows = Rows.of(keys[:, 0], keys[:, 1], first + index)
            corrupted = self.corruption(x, self.corruption_noise(rows))
            mean = self.decode(self.encoder(corrupted))
            uniform = rows.uniform(self.x_domain.shape, "draw")
            return index + 1, drawn(mean, uniform), mean

        return tf.while_loop(
            lambda index, *_: index < steps, step, (tf.constant(0), x, x)
        )[1:]

    def _check_chains(self):
        if self.likelihood is None:
            raise ValueError(
                "`likelihood` must be given to a DenoisingAutoencoder that draws, as "
                "without one it has no distribution of images. Received: None"
            )


def drawn(mean, uniform):
    """Binary values that are 1 with probabilities `mean`, from uniform numbers."""
    return tf.cast(uniform < mean, tf.float32)
