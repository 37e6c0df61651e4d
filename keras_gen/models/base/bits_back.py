"""Bits-back coding: the choice of latents costs only what they tell of the example."""

import functools

import numpy as np
import tensorflow as tf

from keras_gen.compression import Decisions, Grid, Stack, geometric
from keras_gen.domains import Images
from keras_gen.models.base.compressing import Compressing, NotRestoredError
from keras_gen.random import Rows

# Latents, in standard deviations of the prior, are multiples of 1 / 64 up to 8.
_PER_SCALE = 64
_LARGEST = 8 * _PER_SCALE
# The posterior is rounded too: the log of its scale, and its mean in its scales.
_LOG_SCALES = Grid(-8.0, 4.0, step=0.1)
_MEANS = Grid(-1024.0, 1024.0, step=0.25)
# Both directions call the same functions on one example. Threads and machines differ.
_TOLERANCE = 1e-5
# More than choosing a latent takes.
_BITS_OF_A_LATENT = 16


class BitsBackCoding(Compressing):
    """Ability: a `VariationalModel` that compresses examples.

    Latents are drawn from the posterior by popping them from the stack. Then the
    example given the latents is pushed, and the latents under the prior. The decoder
    pops both, knows the posterior, and pushes the latents back under it. So the stack
    grows by the negative evidence lower bound of an example. The first example draws
    its latents from random words, which remain on the stack.

    NOTE: What is popped was pushed under the prior by the example before. Unless the
    mean posterior is the prior, these bits are not random. So random masks, the same in
    both directions, flip them before latents are drawn.

    NOTE: The paper divides the latents into parts that are equally likely under the
    prior. Here they are multiples of a step.

    Reference:
        Townsend, Bird and Barber, "Practical Lossless Compression with Latent Variables
        using Bits Back Coding", 2019, arXiv:1901.04866, section 2.
    """

    #: The starting words of a stream cost bits once, so a stream is long.
    stream_size = 10_000

    @property
    def compresses(self):
        levels, domain = self.output_distribution.num_levels, self.x_domain
        if levels is None or not isinstance(domain, Images) or domain.optional:
            return False
        return domain.num_levels in (None, levels) and self.y_domain is None

    def encode_levels(self, levels, y=None, plain=False):
        stack = Stack(self._first_words())
        for example, mask in zip(levels, self._masks(len(levels)), strict=True):
            self._push_example(stack, example, mask, plain)
        return stack.words

    def decode_levels(self, words, num):
        stack, found = Stack(words), []
        for mask in self._masks(num)[::-1]:
            found.append(self._pop_example(stack, mask))
        if not np.array_equal(stack.words, self._first_words()):
            raise NotRestoredError("The stack does not hold what it began with.")
        return np.stack(found[::-1])

    def _push_example(self, stack, levels, mask, plain):
        decisions = self._decisions
        posterior = self._encoded(levels)
        choice = _MEANS.num_shifts if plain else _safe_choice(*posterior)
        posterior = _rounded(*posterior, choice)
        stack.mask(mask)
        latents = stack.pop_normal(*posterior, _LARGEST)
        log_probs = self._decoded_latents(latents)
        logits, bits = decisions.of_levels(log_probs, levels.ravel())
        shift = decisions.grid.safe_shifts(logits[None], _TOLERANCE)
        if plain:
            shift = np.full_like(shift, decisions.grid.num_shifts)
        tables = decisions.tables_of(logits[None], shift)[0]
        stack.push([choice], _SHIFTS)
        # A bit of all sites after the other, as they are popped.
        stack.push(bits.T.ravel(), np.moveaxis(tables, 1, 0).reshape(-1, 2))
        stack.push(shift, _SHIFTS)
        stack.push_normal(latents, *self._prior_of_latents(), _LARGEST)

    def _pop_example(self, stack, mask):
        latents = stack.pop_normal(*self._prior_of_latents(), _LARGEST)
        log_probs = self._decoded_latents(latents)
        shift = stack.pop(_SHIFTS)
        levels = self._decisions.draw(log_probs[None], shift, stack.pop)[0]
        levels = levels.reshape(self.coded_domain.sites)
        choice = stack.pop(_SHIFTS)[0]
        posterior = _rounded(*self._encoded(levels), choice)
        stack.push_normal(latents, *posterior, _LARGEST)
        stack.mask(mask)
        return levels

    @functools.cached_property
    def _decisions(self):
        return Decisions(self.output_distribution.num_levels)

    def _encoded(self, levels):
        """Means and log scales of the posterior, in scales of the prior."""
        x = np.asarray(self.coded_domain.from_levels(levels))
        x = x.reshape(1, *self.x_domain.shape).astype(self.x_domain.dtype)
        return self._posterior_of_one(tf.constant(x)).numpy().astype(np.float64)

    @tf.function(autograph=False)
    def _posterior_of_one(self, x):
        posterior, prior = self.posterior(x), self.prior()
        means = (posterior.mean() - prior.mean()) / prior.stddev()
        log_scales = tf.math.log(posterior.stddev() / prior.stddev())
        return tf.stack([means[0], log_scales[0]])

    def _decoded_latents(self, latents):
        """The log probabilities of the levels of all sites, given latents in steps."""
        latents = tf.constant(latents[None] / _PER_SCALE, tf.float32)
        return self._log_probs_of_one(latents).numpy()

    @tf.function(autograph=False)
    def _log_probs_of_one(self, latents):
        prior, distribution = self.prior(), self.output_distribution
        latents = prior.mean() + prior.stddev() * latents
        outputs = tf.cast(self.decoder(latents, training=False), tf.float32)
        parts = tf.split(outputs, distribution.parameters_per_value, axis=-1)
        parameters = tf.reshape(
            tf.stack(parts, axis=-1), (-1, distribution.parameters_per_value)
        )
        return distribution.level_log_probs(parameters)

    def _prior_of_latents(self):
        return np.zeros(self.latent_dim), np.full(self.latent_dim, float(_PER_SCALE))

    def _first_words(self):
        words = self._random_words(1, "first words")[0]
        # The last word of a stack is not zero.
        return np.append(words[:-1], words[-1] | np.uint32(1))

    def _masks(self, num):
        return self._random_words(num, "masks")

    def _random_words(self, num, name):
        """For each example enough words to choose its latents."""
        count = -(-self.latent_dim * _BITS_OF_A_LATENT // 32) + 2
        return np.array(Rows(num, 0).bits((count,), name)).view(np.uint32)


_SHIFTS = geometric(Grid.num_shifts + 1)[None]


def _safe_choice(means, log_scales):
    """The first shift of both grids with which the posterior can be rounded safely."""
    is_near = _LOG_SCALES.near_boundaries(log_scales[None], _TOLERANCE)[0]
    for choice in np.flatnonzero(~is_near):
        scales = np.exp(_LOG_SCALES.round(log_scales[None], [choice]))
        if not _MEANS.near_boundaries(means / scales, _TOLERANCE)[0, choice]:
            return choice
    return _MEANS.num_shifts


def _rounded(means, log_scales, choice):
    """The rounded means and scales of a posterior, in steps of latents."""
    scales = np.exp(_LOG_SCALES.round(log_scales[None], [choice]))
    means = _MEANS.round(means / scales, [choice]) * scales
    return means[0] * _PER_SCALE, scales[0] * _PER_SCALE
