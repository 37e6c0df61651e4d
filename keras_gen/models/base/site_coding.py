"""Arithmetic coding: an example is coded site by site, given the earlier sites."""

import numpy as np
import tensorflow as tf

from keras_gen.compression import Decisions, Stack, geometric, uniform
from keras_gen.domains import Labels
from keras_gen.models.base.batches import full_batches
from keras_gen.models.base.compressing import Compressing, NotRestoredError

# The numbers that are computed at once: examples times sites times levels.
_VALUES_AT_ONCE = 2_000_000
# One pass over all sites and the cache of the sampler give logits that differ by
# rounding; by 3e-5 at most in the models of the zoo.
_TOLERANCE = 1e-4


class SiteCoding(Compressing):
    """Ability: a `SiteSampler` in raster order that compresses examples.

    `compress()` computes the probabilities of all sites in one pass. `decompress()`
    decodes site by site, with the cache of the fast sampler. Both round the logits of
    each example on a grid on which rounding errors do not matter; see
    `keras_gen.compression.Grid`.
    """

    _pop_sites = None

    @property
    def compresses(self):
        labelled = isinstance(self.y_domain, Labels) and not self.y_domain.optional
        return self.completes and (self.y_domain is None or labelled)

    def encode_levels(self, levels, y=None, plain=False):
        decisions = Decisions(self.output_distribution.num_levels)
        grid, stack = decisions.grid, Stack()
        size = int(np.prod(levels.shape[1:])) * self.output_distribution.num_levels
        at_once = max(1, min(len(levels), _VALUES_AT_ONCE // size))
        parts = {"levels": levels} if y is None else {"levels": levels, "y": y}
        coded = []
        for some in full_batches(parts, at_once):
            log_probs = self._log_probs_of_levels(**some).numpy()
            logits, bits = decisions.of_levels(log_probs, some["levels"].numpy())
            safe = grid.safe_shifts(logits, _TOLERANCE)
            safe = np.full_like(safe, grid.num_shifts) if plain else safe
            steps = grid.steps(logits, safe).astype(np.uint8)
            coded.append((safe, steps, bits.astype(np.uint8)))
        shifts, steps, bits = (
            np.concatenate(part)[: len(levels)] for part in zip(*coded, strict=True)
        )
        # A site of all examples after the other, and of a site a bit after the other.
        steps = np.moveaxis(steps.reshape(len(levels), -1), 0, -1)
        bits = np.moveaxis(bits.reshape(len(levels), -1), 0, -1)
        for site in range(len(steps) - 1, -1, -1):
            stack.push(bits[site], decisions.tables[shifts, steps[site]])
        if y is not None:
            classes = uniform(self.y_domain.num_classes)
            stack.push(y, np.tile(classes, (len(y), 1)))
        stack.push(shifts, _shift_tables(grid, len(shifts)))
        return stack.words

    def decode_levels(self, words, num):
        decisions, stack = Decisions(self.output_distribution.num_levels), Stack(words)
        shifts = stack.pop(_shift_tables(decisions.grid, num))
        y = None
        if self.y_domain is not None:
            classes = uniform(self.y_domain.num_classes)
            y = tf.constant(stack.pop(np.tile(classes, (num, 1))))

        def pop(log_probs):
            return decisions.draw(log_probs, shifts, stack.pop)

        self._pop_sites = pop
        try:
            levels = self._levels_on_stack(tf.constant(num), y).numpy()
        finally:
            self._pop_sites = None
        if len(stack.words):
            raise NotRestoredError("The stack is not empty.")
        return levels

    @tf.function(autograph=False, reduce_retracing=True)
    def _log_probs_of_levels(self, levels, y=None):
        x = tf.reshape(self.x_domain.from_levels(levels), (-1, *self.x_domain.shape))
        parameters = self.by_site(self.site_parameters(x, y))
        return self.output_distribution.level_log_probs(parameters)

    @tf.function(autograph=False, reduce_retracing=True)
    def _levels_on_stack(self, num, y):
        """The levels of all sites, from a stack that is asked for each."""

        def choose(site, parameters):
            log_probs = self.output_distribution.level_log_probs(parameters)
            levels = tf.numpy_function(
                lambda values: self._pop_sites(values), [log_probs], tf.int32
            )
            return tf.ensure_shape(levels, (None,))

        return self.walk(lambda row: choose, num, y)


def _shift_tables(grid, num):
    return np.tile(geometric(grid.num_shifts + 1), (num, 1))
