"""Draws examples site by site, with a cache or by the whole network."""

import math
import numbers
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, shown
from keras_gen.models.base.marks import is_symbolic
from keras_gen.models.base.temperature import Tempered, check_temperature


class Site(NamedTuple):
    """One site, in raster order with the channels innermost.

    Attributes:
        row: Int32 scalar.
        column: Int32 scalar.
        channel: Integer, known when a sampler is traced.
        order: The choice of `choose_order()` for each example, or None. With an order,
            row, column and channel are a place in it: the `n`-th site of raster order
            stands for the `n`-th site of the order.
    """

    row: Any
    column: Any
    channel: int
    order: Any = None


class SiteSampler(Tempered):
    """Ability: a model that draws an example site by site, each on one of its levels.

    The noise of a sample is one uniform number for each site. The site takes the level
    at which its cumulative probability passes this number. `from_noise()` is the fast
    sampler, which keeps intermediate results in a cache. `from_noise_slowly()` runs the
    whole network for each site. Both give the same example up to rounding: a site can
    differ only if its number lies within rounding of a step of the cumulative
    probability.
    """

    compiled_sampling = True

    # Hooks

    def initial_cache(self, batch_size, y=None) -> Any:
        """The cache of the fast sampler before the first site.

        Args:
            batch_size: Integer, or int32 scalar.
            y: Tensor of the `y_domain`, if there is one.

        Returns:
            Nest of tensors whose shapes do not change during sampling.
        """
        raise NotImplementedError

    def enter_row(self, cache, row, above) -> Any:
        """The cache at the beginning of a row of sites; by default unchanged.

        Args:
            cache: Nest of tensors, as from `initial_cache()`.
            row: Int32 scalar.
            above: Int32 tensor of shape `(batch, width, channels)`, the levels of the
                row above; zeros if there is none.

        Returns:
            Nest of tensors of the same structure.
        """
        return cache

    def advance(self, cache, site, level) -> tuple:
        """The parameters of the next site.

        Args:
            cache: Nest of tensors, as from `initial_cache()`.
            site: `Site`. Sites come in their order.
            level: Int32 tensor of shape `(batch,)`, the level of the site before; zeros
                if there is none.

        Returns:
            Float32 tensor of shape `(batch, parameters_per_value)`, and the cache with
            the same structure.
        """
        raise NotImplementedError

    def choose_order(self, noise) -> tuple:
        """The order in which each example draws its sites; by default raster order.

        Args:
            noise: Float32 tensor of shape `(batch, *sites)` in [0, 1).

        Returns:
            Uniform numbers for the sites, with the shape of `noise`, and the choice for
            each example, which is None for raster order.
        """
        return noise, None

    def into_order(self, sites, order) -> tf.Tensor:
        """Brings sites from raster order into the chosen order.

        Args:
            sites: Tensor of shape `(batch, *sites)`.
            order: The choice of `choose_order()`; None for raster order.
        """
        return sites

    def out_of_order(self, sites, order) -> tf.Tensor:
        """The inverse of `into_order()`."""
        return sites

    def ordered_parameters(self, x, y, order) -> tf.Tensor:
        """The parameters of every site under the order of each example."""
        return self.site_parameters(x, y)

    # What follows

    def noise_rows(self, rows):
        return rows.uniform(self.x_domain.sites, "sites")

    def conditions(
        self,
        num_samples,
        first_row=0,
        y=None,
        temperature=1.0,
        top_k=None,
        top_p=None,
        **given,
    ) -> dict:
        """Checks and completes the further arguments of `sample()`.

        Args:
            num_samples: Integer, the number of samples.
            first_row: As in `Tempered.conditions()`.
            y: As in `Tempered.conditions()`.
            temperature: As in `Tempered.conditions()`.
            top_k: Optional integer of at least 1. Each site takes one of its `top_k`
                most probable levels.
            top_p: Optional float in (0, 1]. Each site takes one of the fewest levels
                whose probabilities sum to at least `top_p`, after the temperature.
            **given: No other argument is allowed.

        Returns:
            Dict of arrays whose first axis is `num_samples`.

        Raises:
            ValueError: If an argument is wrong.
        """
        conditions = super().conditions(num_samples, first_row, y, temperature, **given)
        check_truncation(top_k, top_p)
        if top_k is not None:
            conditions["top_k"] = np.full(num_samples, top_k, np.int32)
        if top_p is not None:
            conditions["top_p"] = np.full(num_samples, top_p, np.float32)
        return conditions

    def from_noise(
        self,
        noise,
        y=None,
        temperature=1.0,
        x=None,
        mask=None,
        top_k=None,
        top_p=None,
    ):
        given = self._checked(noise, y, temperature, x, mask)
        return self._draw_fast(*given, top_k, top_p)

    @tf.function(autograph=False)
    def _draw_fast(self, noise, y, temperature, x, mask, top_k, top_p):
        known, is_known = self._known(noise, x, mask)
        temperature = temperature * tf.ones_like(noise[:, 0, 0, 0])
        uniform, order = self.choose_order(noise)
        uniform = self.into_order(uniform, order)
        distribution = self.output_distribution

        def enter_row(row):
            uniforms, keeps, given = uniform[:, row], is_known[:, row], known[:, row]

            def draw(site, parameters):
                level = distribution.quantile(
                    parameters,
                    uniforms[:, site.column, site.channel],
                    temperature,
                    top_k,
                    top_p,
                )
                keep = keeps[:, site.column, site.channel]
                return tf.where(keep, given[:, site.column, site.channel], level)

            return draw

        drawn = self.walk(enter_row, _batch_size(uniform), y, order)
        return self._completed(self.out_of_order(drawn, order), x, mask)

    def walk(self, enter_row, batch_size, y=None, order=None) -> tf.Tensor:
        """Visits all sites with the cache and asks for the level of each.

        Args:
            enter_row: Function from a row, an int32 scalar, to a function from a `Site`
                and its parameters, of shape `(batch, parameters_per_value)`, to levels,
                an int32 tensor of shape `(batch,)`.
            batch_size: Integer, or int32 scalar.
            y: Tensor of the `y_domain`, if there is one.
            order: The choice of `choose_order()`; None for raster order.

        Returns:
            The levels in the order of the walk, int32 of shape `(batch, *sites)`.
        """
        height, width, channels = self.x_domain.sites

        def visit_row(row, level, above, visited, cache):
            cache = self.enter_row(cache, row, above)
            choose = enter_row(row)

            def visit_pixel(column, level, current, cache):
                pixel = []
                for channel in range(channels):
                    site = Site(row, column, channel, order)
                    parameters, cache = self.advance(cache, site, level)
                    level = choose(site, parameters)
                    pixel.append(level)
                here = tf.range(width)[None, :, None] == column
                current = tf.where(here, tf.stack(pixel, axis=-1)[:, None], current)
                return column + 1, level, current, cache

            _, level, current, cache = _loop(width, visit_pixel, (level, above, cache))
            here = tf.range(height)[None, :, None, None] == row
            visited = tf.where(here, current[:, None], visited)
            return row + 1, level, current, visited, cache

        nothing = tf.zeros(tf.stack([batch_size, height, width, channels]), tf.int32)
        cache = self.initial_cache(batch_size, y)
        state = (nothing[:, 0, 0, 0], nothing[:, 0], nothing, cache)
        return _loop(height, visit_row, state)[3]

    def from_noise_slowly(
        self,
        noise,
        y=None,
        temperature=1.0,
        x=None,
        mask=None,
        top_k=None,
        top_p=None,
    ) -> tf.Tensor:
        """The same as `from_noise()`, by the whole network for each site.

        Args:
            noise: Tensor from `noise()`.
            y: Tensor of the `y_domain`, if there is one.
            temperature: Positive float, or float32 tensor of shape `(batch,)`.
            x: Optional tensor of shape `(batch, *x_domain.shape)`, to complete.
            mask: Boolean tensor of shape `(batch, *sites)`, required with `x`.
            top_k: Optional int32 tensor of shape `(batch,)`, see `conditions()`.
            top_p: Optional float32 tensor of shape `(batch,)`, see `conditions()`.

        Returns:
            Tensor of shape `(batch, *x_domain.shape)`.

        Raises:
            ValueError: If an argument is wrong.
        """
        given = self._checked(noise, y, temperature, x, mask)
        return self._draw_slowly(*given, top_k, top_p)

    @tf.function(autograph=False)
    def _draw_slowly(self, noise, y, temperature, x, mask, top_k, top_p):
        known, is_known = self._known(noise, x, mask)
        temperature = temperature * tf.ones_like(noise[:, 0, 0, 0])
        uniform, order = self.choose_order(noise)
        num_sites = math.prod(self.x_domain.sites)
        raster = tf.reshape(tf.range(num_sites), (1, *self.x_domain.sites))
        places = self.out_of_order(raster + tf.zeros_like(known), order)
        options = [
            None if option is None else tf.reshape(option, (-1, 1, 1, 1))
            for option in (temperature, top_k, top_p)
        ]

        def draw_site(place, drawn):
            # Computing all sites takes little time compared with the network.
            parameters = self.ordered_parameters(self._as_examples(drawn), y, order)
            levels = self.output_distribution.quantile(
                self.by_site(parameters), uniform, *options
            )
            levels = tf.where(is_known, known, levels)
            return place + 1, tf.where(places == place, levels, drawn)

        drawn = _loop(num_sites, draw_site, (tf.zeros_like(known),))[1]
        return self._completed(drawn, x, mask)

    def levels_of(self, x) -> tf.Tensor:
        """The levels of the sites of examples, int32 of shape `(batch, *sites)`."""
        return tf.reshape(self.x_domain.to_levels(x), (-1, *self.x_domain.sites))

    def by_site(self, parameters) -> tf.Tensor:
        """Parameters in the shape `(batch, *sites, parameters_per_value)`."""
        shape = (*self.x_domain.sites, self.output_distribution.parameters_per_value)
        return tf.reshape(parameters, (-1, *shape))

    def _as_examples(self, levels):
        shape = (-1, *self.x_domain.shape)
        return tf.reshape(self.x_domain.from_levels(levels), shape)

    def _completed(self, levels, x, mask):
        """Examples of levels, with the known values of `x` as they were given."""
        examples = self._as_examples(levels)
        if x is None:
            return examples
        mask = tf.reshape(mask, (-1, *self.x_domain.shape))
        return tf.where(mask, x, examples)

    def _checked(self, noise, y, temperature, x, mask):
        """The arguments of `from_noise()`, which a graph has as tensors unchecked."""
        if (x is None) != (mask is None):
            raise ValueError(
                "`x` and `mask` must be given together. Received "
                + ("`mask` alone." if x is None else "`x` alone.")
            )
        if x is not None and self.domain_of("mask") is None:
            raise ValueError(
                f"`x` and `mask` must be left out: this {type(self).__name__} draws "
                "the sites in several orders, not all of which begin with known ones."
            )
        if y is None:
            self.check_y_left_out()
        elif not is_symbolic(noise):
            self.check_y(y, len(noise))
        if not is_symbolic(temperature):
            check_temperature(temperature)
        given = {"noise": noise, "y": y, "x": x, "mask": mask}
        found = {
            name: None if values is None else self.take(name, values)
            for name, values in given.items()
        }
        return found["noise"], found["y"], temperature, found["x"], found["mask"]

    def _known(self, noise, x, mask):
        """The levels of known sites, and which sites are known."""
        if x is None:
            nothing = tf.zeros_like(noise, tf.int32)
            return nothing, tf.cast(nothing, tf.bool)
        return self.levels_of(x), mask


def _batch_size(tensor):
    return tf.shape(tensor)[0] if tensor.shape[0] is None else tensor.shape[0]


def _loop(count, body, state):
    """Calls `body(index, *state)` for each index; shapes do not change."""
    shapes = tf.nest.map_structure(lambda tensor: tensor.shape, tuple(state))
    return tf.while_loop(
        lambda index, *_: index < count,
        body,
        (tf.constant(0), *state),
        shape_invariants=(tf.TensorShape([]), *shapes),
        maximum_iterations=count,
    )


def check_truncation(top_k, top_p) -> None:
    """Raises a ValueError unless limits of the levels of a site are None or right."""
    if top_k is not None:
        check_count(top_k, "top_k", 1)
    is_number = isinstance(top_p, numbers.Real) and not isinstance(top_p, bool)
    if top_p is not None and not (is_number and 0 < top_p <= 1):
        raise ValueError(
            f"`top_p` must be a number in (0, 1]. Received: {shown(top_p)}"
        )
