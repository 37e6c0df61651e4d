"""The base of models that draw an image site by site."""

import math
import numbers
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.distributions import SiteDistribution
from keras_gen.models.base.generative_model import GenerativeModel
from keras_gen.models.base.orderings import choose_ordering, take_sites
from keras_gen.models.base.sampling import Sampler


class Site(NamedTuple):
    """One sub-pixel, in raster order with the channels innermost: R, G, B.

    Attributes:
        row: Int32 scalar.
        column: Int32 scalar.
        channel: Integer, known when a sampler is traced.
        ordering: Int32 tensor of shape `(batch,)` for models with `orderings`: which of
            them each image follows. Row, column and channel are then those of the site
            whose place in raster order this one has in that ordering.
    """

    row: Any
    column: Any
    channel: int
    ordering: Any = None


class AutoregressiveModel(Sampler, GenerativeModel):
    """Abstract: the probability of an image as a product over its sites.

    A site is a sub-pixel. Each has a distribution given the earlier ones, in raster
    order with the channels innermost. Images lie in [0, 1], on the levels of
    `site_distribution`. Reports `loss`, the negative log likelihood in nats an image,
    and `bits_per_dimension`.

    The noise of a sample is one uniform number for each site, at which the cumulative
    probability of the site is inverted. `from_noise()` does so with the fast sampler,
    which keeps what later sites need in a cache, `reference()` by the whole network for
    each site. Both give the same image but for rounding: a site may differ only where
    its number lies within rounding of a step of the cumulative probability.

    A subclass implements `site_parameters()`, `initial_cache()` and `advance()`; one
    that computes by rows also `enter_row()`, one that trains otherwise than it
    evaluates `training_parameters()`, and one that is a mixture over several orderings
    of the sites sets `orderings` and implements `parameters_by_ordering()`. Of such a
    model the first number also chooses the ordering, and nothing is completed: that
    would need the known sites to come first in every ordering.

    Args:
        image_shape: Tuple `(height, width, channels)`.
        site_distribution: `keras_gen.distributions.SiteDistribution`.
        num_classes: Optional integer of at least 2: the model learns from labels.
        seed: Integer, seed of the randomness of training.
        name: Optional string.

    Raises:
        ValueError: If an argument is not as stated.
    """

    term_names = ("loss", "bits_per_dimension")
    compiled_sampling = True
    #: Int32 array of shape `(num_orderings, num_sites)`: of each ordering the sites in
    #: turn, by their places in raster order; None for that order alone.
    orderings = None

    def __init__(
        self, image_shape, site_distribution, num_classes=None, seed=0, **kwargs
    ):
        super().__init__(seed=seed, **kwargs)
        if not isinstance(image_shape, (tuple, list)) or len(image_shape) != 3:
            raise ValueError(
                "`image_shape` must be (height, width, channels). Received: "
                f"{image_shape!r}"
            )
        for size in image_shape:
            check_count(size, "image_shape", 1)
        if not isinstance(site_distribution, SiteDistribution):
            raise ValueError(
                "`site_distribution` must be one of `keras_gen.distributions`, such as "
                f"`BernoulliSites()`. Received: {site_distribution!r}"
            )
        if num_classes is not None:
            check_count(num_classes, "num_classes", 2)
        self.image_shape = tuple(image_shape)
        self.site_distribution = site_distribution
        self.num_classes = num_classes

    # What a subclass implements

    def site_parameters(self, images, labels=None, training=False):
        """Parameters of the distribution of every site given the earlier ones.

        Args:
            images: Float32 tensor of shape `(batch, *image_shape)`.
            labels: Int32 tensor of shape `(batch,)` for models with classes, else None.
            training: Boolean, whether layers behave as in training.

        Returns:
            Float32 tensor of shape `(batch, *image_shape, parameters_per_site)`.
        """
        raise NotImplementedError

    def parameters_by_ordering(self, images, labels=None):
        """The same under each ordering, a list of tensors."""
        return [self.site_parameters(images, labels)]

    def training_parameters(self, batch):
        """What a training step takes for `site_parameters()` of its `Batch`."""
        return self.site_parameters(batch.images, batch.labels, training=True)

    def initial_cache(self, batch_size, labels=None):
        """What the fast sampler knows before the first site.

        Args:
            batch_size: Integer, or int32 scalar.
            labels: As for `site_parameters()`.

        Returns:
            Nest of tensors whose shapes do not change while sampling.
        """
        raise NotImplementedError

    def enter_row(self, cache, row, above):
        """The cache as a row begins; here unchanged.

        Args:
            cache: Nest of tensors, as from `initial_cache()`.
            row: Int32 scalar.
            above: Float32 tensor of shape `(batch, width, channels)`, the row above;
                zeros if there is none.

        Returns:
            Nest of tensors of the same structure.
        """
        return cache

    def advance(self, cache, site, value):
        """Parameters of the next site.

        Args:
            cache: Nest of tensors, as from `initial_cache()`.
            site: `Site`. Sites come in their order.
            value: Float32 tensor of shape `(batch,)`, the site before; zeros if there
                is none.

        Returns:
            Float32 tensor of shape `(batch, parameters_per_site)`, and the cache with
            the same structure.
        """
        raise NotImplementedError

    # Likelihood

    def loss_terms(self, batch, training):
        if training:
            parameters = [self.training_parameters(batch)]
        else:
            parameters = self.parameters_by_ordering(batch.images, batch.labels)
        loss = -tf.reduce_mean(self._log_mean_prob(parameters, batch.images))
        bits = loss / (math.log(2.0) * math.prod(self.image_shape))
        return {"loss": loss, "bits_per_dimension": bits}

    def log_prob(self, images, labels=None, mask=None, batch_size=256):
        """Exact log likelihood of images, in constant memory.

        Args:
            images: Array of shape `(num_images, *image_shape)`.
            labels: Integer array of shape `(num_images,)` for models with classes.
            mask: Optional boolean array, which sites are given, as in `sample()`: the
                result is then the log likelihood of the others given those.
            batch_size: Integer of at least 1. It bounds memory and changes no result.

        Returns:
            Float32 array of shape `(num_images,)`, in nats.

        Raises:
            ValueError: If an argument is not as stated.
        """
        self.check_images(images)
        check_count(batch_size, "batch_size", 1)
        images = np.asarray(images, np.float32)
        labels = self._checked_labels(labels, len(images))
        if self.orderings is not None:
            self._check_complete(mask)
        mask = np.zeros(images.shape[1:], bool) if mask is None else mask
        mask = self._checked_mask(mask, images.shape)
        batch_size = min(batch_size, len(images))
        results = []
        for first in range(0, len(images), batch_size):
            # Every batch is full, so that one trace serves all: surplus rows are cut.
            index = np.arange(first, first + batch_size).clip(max=len(images) - 1)
            some = None if labels is None else tf.constant(labels[index])
            result = self.batch_log_prob(tf.constant(images[index]), some, mask[index])
            results.append(result.numpy())
        return np.concatenate(results)[: len(images)]

    def classify(self, images, batch_size=256):
        """Probability of each class by Bayes' rule, all equally probable beforehand.

        Args:
            images: Array of shape `(num_images, *image_shape)`.
            batch_size: Integer of at least 1. It bounds memory and changes no result.

        Returns:
            Float32 array of shape `(num_images, num_classes)`; the rows sum to 1.

        Raises:
            ValueError: If an argument is not as stated, or the model has no classes.
        """
        if self.num_classes is None:
            raise ValueError(
                f"This {type(self).__name__} has no classes. Received: num_classes=None"
            )
        self.check_images(images)
        scores = [
            self.log_prob(images, np.full(len(images), label), batch_size=batch_size)
            for label in range(self.num_classes)
        ]
        return tf.nn.softmax(np.stack(scores, axis=-1)).numpy()

    @tf.function(autograph=False)
    def batch_log_prob(self, images, labels=None, mask=None):
        """What `log_prob()` gives for one batch, unchecked.

        Args:
            images: Float32 tensor of shape `(batch, *image_shape)`.
            labels: Int32 tensor of shape `(batch,)` for models with classes, else None.
            mask: Optional boolean tensor of shape `(batch, *image_shape)`.

        Returns:
            Float32 tensor of shape `(batch,)`, in nats.
        """
        parameters = self.parameters_by_ordering(images, labels)
        return self._log_mean_prob(parameters, images, mask)

    def _log_mean_prob(self, parameters, images, mask=None):
        """Log of the mean probability of images under each of a list of parameters."""
        log_probs = []
        for some in parameters:
            log_prob = self.site_distribution.log_prob(some, images)
            if mask is not None:
                log_prob = tf.where(mask, 0.0, log_prob)
            log_probs.append(tf.reduce_sum(log_prob, axis=(1, 2, 3)))
        return tf.reduce_logsumexp(log_probs, axis=0) - math.log(len(log_probs))

    # Sampling

    def noise_rows(self, rows):
        return rows.uniform(self.image_shape, "sites")

    def conditions(
        self,
        num_samples,
        first_row=0,
        temperature=1.0,
        images=None,
        mask=None,
        labels=None,
    ):
        """What samples depend on beside noise, checked and filled in.

        Args:
            num_samples: Integer.
            first_row: Integer, the place of the first sample among those of its seed.
            temperature: Positive float: the probabilities of each site are taken to the
                power `1 / temperature`.
            images: Optional array of shape `image_shape` or `(num_samples,
                *image_shape)`, to be completed.
            mask: Boolean array of shape `(height, width)`, `image_shape` or
                `(num_samples, *image_shape)`, which sites of `images` are known. These
                keep their values, and the others are drawn given all of them. That
                needs the known ones of an image to come before all others in raster
                order: rows from above, of one row pixels from the left, of one pixel
                channels in the order R, G, B. How many are known may differ between
                images.
            labels: For models with classes: one label for each sample, or one for all.
                Defaults to the classes in turn, of which row 0 has the first.

        Returns:
            Dict of arrays whose first axis is `num_samples`.

        Raises:
            ValueError: If an argument is not as stated, or `images` are given and the
                model has several orderings.
        """
        least = np.finfo(np.float32).tiny
        if not isinstance(temperature, numbers.Real) or not temperature >= least:
            raise ValueError(
                f"`temperature` must be a positive number, of at least {least}. "
                f"Received: {temperature!r}"
            )
        _check_together(images, mask)
        shape = (num_samples, *self.image_shape)
        given = {"temperature": np.full(num_samples, temperature, np.float32)}
        if self.orderings is not None:
            self._check_complete(images)
        elif images is None:
            given["images"] = np.zeros(shape, np.float32)
            given["mask"] = np.zeros(shape, bool)
        else:
            given["mask"] = self._checked_mask(mask, shape)
            given["images"] = self._checked_partial(images, given["mask"])
        if self.num_classes is None:
            self._check_whether_labels(labels)
            return given
        labels = self.labels_of_samples(num_samples, labels, first_row)
        return {**given, "labels": labels}

    @tf.function(autograph=False)
    def from_noise(self, noise, labels=None, temperature=1.0, images=None, mask=None):
        uniform, temperature, images, mask, ordering = self._site_inputs(
            noise, labels, temperature, images, mask
        )
        if ordering is not None:
            uniform = take_sites(uniform, tf.gather(self.orderings, ordering))
        height, width, channels = self.image_shape
        batch_size = _batch_size(uniform)

        def draw_row(row, value, above, drawn, cache):
            cache = self.enter_row(cache, row, above)
            uniforms, known, given = uniform[:, row], mask[:, row], images[:, row]

            def draw_pixel(column, value, current, cache):
                pixel = []
                for channel in range(channels):
                    site = Site(row, column, channel, ordering)
                    parameters, cache = self.advance(cache, site, value)
                    value = self.site_distribution.quantile(
                        parameters, uniforms[:, column, channel], temperature
                    )
                    keep = known[:, column, channel]
                    value = tf.where(keep, given[:, column, channel], value)
                    pixel.append(value)
                here = tf.range(width)[None, :, None] == column
                current = tf.where(here, tf.stack(pixel, axis=-1)[:, None], current)
                return column + 1, value, current, cache

            _, value, current, cache = _loop(width, draw_pixel, (value, above, cache))
            here = tf.range(height)[None, :, None, None] == row
            drawn = tf.where(here, current[:, None], drawn)
            return row + 1, value, current, drawn, cache

        nothing = tf.zeros_like(uniform)
        cache = self.initial_cache(batch_size, labels)
        state = (nothing[:, 0, 0, 0], nothing[:, 0], nothing, cache)
        drawn = _loop(height, draw_row, state)[3]
        return drawn if ordering is None else take_sites(drawn, self._places(ordering))

    @tf.function(autograph=False)
    def reference(self, noise, labels=None, temperature=1.0, images=None, mask=None):
        """What `from_noise()` gives, by the whole network for each site.

        Args:
            noise: What `noise()` returns.
            labels: Int32 tensor of shape `(batch,)` for models with classes.
            temperature: Positive float, or float32 tensor of shape `(batch,)`.
            images: Optional float32 tensor of shape `(batch, *image_shape)`.
            mask: Boolean tensor of the same shape, given with `images`.

        Returns:
            Float32 tensor of shape `(batch, *image_shape)`.
        """
        uniform, temperature, images, mask, ordering = self._site_inputs(
            noise, labels, temperature, images, mask
        )
        places = tf.reshape(self._places(ordering), (-1, *self.image_shape))

        def draw_site(place, drawn):
            # Inverting at every site takes nothing beside the network.
            parameters = self.parameters_by_ordering(drawn, labels)
            values = self.site_distribution.quantile(
                self.of_ordering(parameters, ordering),
                uniform,
                tf.reshape(temperature, (-1, 1, 1, 1)),
            )
            values = tf.where(mask, images, values)
            return place + 1, tf.where(places == place, values, drawn)

        num_sites = math.prod(self.image_shape)
        return _loop(num_sites, draw_site, (tf.zeros_like(uniform),))[1]

    def of_ordering(self, parameters, ordering):
        """Parameters under the ordering that each image follows.

        Args:
            parameters: List of tensors whose first axis is the batch, one for each
                ordering.
            ordering: Int32 tensor of shape `(batch,)`; None if there is but one.
        """
        if ordering is None:
            return parameters[0]
        return tf.gather(tf.stack(parameters, 1), ordering, axis=1, batch_dims=1)

    def _site_inputs(self, noise, labels, temperature, images, mask):
        """Noise, a temperature for each image, what is known of it, its ordering."""
        self._check_whether_labels(labels)
        _check_together(images, mask)
        noise, ordering = tf.convert_to_tensor(noise, tf.float32), None
        ones = tf.ones_like(noise[:, 0, 0, 0])
        if self.orderings is not None:
            self._check_complete(images)
            ordering, noise = choose_ordering(noise, len(self.orderings))
        if images is None:
            images, mask = tf.zeros_like(noise), tf.zeros_like(noise, tf.bool)
        return noise, temperature * ones, tf.cast(images, tf.float32), mask, ordering

    def _places(self, ordering):
        """The place of each site in the ordering that each image follows."""
        if ordering is None:
            return tf.range(math.prod(self.image_shape))
        places = np.argsort(self.orderings, axis=1).astype(np.int32)
        return tf.gather(places, ordering)

    def call(self, inputs):
        """Parameters of every site of images, or of a pair (images, labels)."""
        is_pair = isinstance(inputs, (tuple, list)) and len(inputs) == 2
        images, labels = inputs if is_pair else (inputs, None)
        self._check_whether_labels(labels)
        self._check_image_shape(tuple(images.shape))
        return self.site_parameters(images, labels)

    def comparison(self, batch):
        parameters = self.site_parameters(batch.images, batch.labels)
        return self.site_distribution.mean(parameters)

    # Checks

    def check_images(self, images):
        super().check_images(images)
        self.site_distribution.check_levels(images)

    def _check_whether_labels(self, labels):
        if self.num_classes is None and labels is not None:
            raise ValueError(
                f"This {type(self).__name__} has no classes, so `labels` must be left "
                "out."
            )
        if self.num_classes is not None and labels is None:
            raise ValueError(
                f"{type(self).__name__} learns from labels, so `labels` must be given; "
                "for `predict()` as a pair (images, labels) of arrays, or a dataset of "
                "((images, labels),). Received images or noise alone."
            )

    def _checked_labels(self, labels, num_labels):
        self._check_whether_labels(labels)
        if labels is None:
            return None
        self.check_labels(labels, num_labels)
        return np.asarray(labels, np.int32)

    def _check_complete(self, images):
        if images is not None:
            raise ValueError(
                f"This {type(self).__name__} is a mixture over {len(self.orderings)} "
                "orderings of the sites, not all of which begin with known ones: "
                "`images` and `mask` must be left out."
            )

    def _checked_mask(self, mask, shape):
        mask = np.asarray(mask)
        if mask.shape not in (shape[1:3], shape[1:], shape):
            raise ValueError(
                f"`mask` must have shape {shape[1:3]}, {shape[1:]} or {shape}. "
                f"Received shape: {mask.shape}"
            )
        mask = np.broadcast_to(mask[..., None] if mask.ndim == 2 else mask, shape)
        if not np.isin(mask, (0, 1)).all():
            raise ValueError(
                f"`mask` must be boolean. Received values from {mask.min()} to "
                f"{mask.max()}"
            )
        mask = mask.astype(bool)
        sites = mask.reshape(len(mask), -1)
        late = sites[:, 1:] & ~sites[:, :-1]
        if late.any():
            row, site = np.argwhere(late)[0]
            where = tuple(int(i) for i in np.unravel_index(site, shape[1:]))
            raise ValueError(
                "`mask` must know the sites of an image from the first on, in raster "
                "order: sites drawn before a known one would not be drawn given it. "
                f"Received, for image {row}, site {where} unknown before a known one."
            )
        return mask

    def _checked_partial(self, images, mask):
        """Images that are as they must be where they are known, and zero elsewhere."""
        images = np.asarray(images)
        if images.shape == self.image_shape:
            images = np.broadcast_to(images, mask.shape)
        if images.shape != mask.shape:
            raise ValueError(
                f"`images` must have shape {self.image_shape} or {mask.shape}. "
                f"Received shape: {images.shape}"
            )
        if images.dtype.kind not in "biuf":
            raise ValueError(f"`images` must hold numbers. Received: {images.dtype}")
        images = np.where(mask, images, 0)
        self.check_images(images)
        return images.astype(np.float32)


def _check_together(images, mask):
    if (images is None) != (mask is None):
        raise ValueError(
            "`images` and `mask` must be given together. Received "
            + ("`mask` alone." if images is None else "`images` alone.")
        )


def _batch_size(tensor):
    return tf.shape(tensor)[0] if tensor.shape[0] is None else tensor.shape[0]


def _loop(count, body, state):
    """`body(index, *state)` for each index; shapes stay what they are."""
    shapes = tf.nest.map_structure(lambda tensor: tensor.shape, tuple(state))
    return tf.while_loop(
        lambda index, *_: index < count,
        body,
        (tf.constant(0), *state),
        shape_invariants=(tf.TensorShape([]), *shapes),
        maximum_iterations=count,
    )
