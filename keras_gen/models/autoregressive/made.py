"""MADE, the masked autoencoder (Germain, Gregor, Murray and Larochelle, 2015)."""

import itertools
import math

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, check_sizes
from keras_gen.layers import MaskedDense
from keras_gen.models.base import AutoregressiveModel
from keras_gen.random import Rows


@keras.saving.register_keras_serializable(package="keras_gen")
class MADE(AutoregressiveModel):
    """Draws pixels with an autoencoder whose connections are cut.

    Each hidden unit has a degree, the number of first sites that it may know, and is
    connected to units of no higher degree; the outputs of a site, to units of lower
    degree than its place. Degrees are drawn at random. With several masks, training
    takes the next one at each step, and the probability of a site is the mean of those
    under all masks, which costs as many passes.

    Without hidden layers this is the fully visible sigmoid belief network (Neal, 1992),
    the logistic regression of each site on the earlier ones. Images lie in [0, 1], on
    the levels of `site_distribution`.

    The sampler adds to the first hidden layer what each new site gives to it, and takes
    one column of the output layer. So a sample costs one pass of the first and the last
    layer, and for each site a pass of the layers between.

    NOTE: All masks keep the raster order, which completion and the sampler follow; the
    paper's order-agnostic training also draws orders. `compile()` takes Adam with a
    rate of 1e-3, where the paper took Adagrad.

    Args:
        image_shape: Tuple `(height, width, channels)` of at least two sites.
        site_distribution: `keras_gen.distributions.BernoulliSites()` for black and
            white, `CategoricalSites(...)` for few levels.
        hidden_units: Tuple of integers, the width of each hidden layer.
        num_masks: Integer of at least 1; 1 without hidden layers.
        direct_connections: Boolean, whether the outputs of a site are also connected to
            the earlier sites. Without hidden layers they always are.
        seed: Integer, seed of the masks.

    Raises:
        ValueError: If an argument is not as stated.

    Reference:
        [MADE: Masked Autoencoder for Distribution
        Estimation](https://arxiv.org/abs/1502.03509), 2015, sections 3 and 4.

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import BernoulliSites
    >>> from keras_gen.models import MADE
    >>> model = MADE((8, 8, 1), BernoulliSites(), hidden_units=(16,), num_masks=2)
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history
    >>> sorted(history)
    ['bits_per_dimension', 'loss']
    >>> model.sample(2, seed=0).shape
    (2, 8, 8, 1)
    """

    def __init__(
        self,
        image_shape,
        site_distribution,
        hidden_units=(500,),
        num_masks=1,
        direct_connections=False,
        seed=0,
        **kwargs,
    ):
        super().__init__(image_shape, site_distribution, seed=seed, **kwargs)
        check_sizes("hidden_units", hidden_units)
        check_count(num_masks, "num_masks", 1)
        self.num_sites = math.prod(self.image_shape)
        if self.num_sites < 2:
            raise ValueError(
                f"`image_shape` must have at least two sites. Received: {image_shape}"
            )
        if num_masks > 1 and not hidden_units:
            raise ValueError(
                f"`num_masks` must be 1 without `hidden_units`. Received: {num_masks}"
            )
        self.hidden_units = tuple(hidden_units)
        self.num_masks = num_masks
        self.direct_connections = direct_connections
        self.hidden = [
            MaskedDense(units, name=f"hidden_{index}")
            for index, units in enumerate(hidden_units)
        ]
        outputs = self.num_sites * site_distribution.parameters_per_site
        self.outputs_layer = MaskedDense(outputs, name="outputs")
        #: Of the inputs and of each hidden layer, int32 of shape `(num_masks, units)`.
        self.degrees = self._draw_degrees()
        self.site_parameters(tf.zeros((1, *self.image_shape)))

    def site_parameters(self, images, labels=None, training=False):
        masks = range(self.num_masks)
        return self._mean([self._parameters(images, mask) for mask in masks])

    def training_parameters(self, batch):
        return self._parameters(batch.images, batch.rows.step % self.num_masks)

    def connections(self, mask):
        """Which units are connected under a mask.

        Args:
            mask: Integer or int32 scalar in [0, num_masks).

        Returns:
            List of boolean tensors of shape `(inputs, outputs)`, one for each layer.
        """
        degrees = [tf.gather(degrees, mask) for degrees in self.degrees]
        layers = [a[:, None] <= b for a, b in itertools.pairwise(degrees)]
        last = degrees[-1]
        if self._is_direct and self.hidden:
            last = tf.concat([last, degrees[0]], axis=0)
        places = 1 + np.arange(self.num_sites, dtype=np.int32)
        places = np.repeat(places, self.site_distribution.parameters_per_site)
        return [*layers, last[:, None] < places]

    def initial_cache(self, batch_size, labels=None):
        masks = [self.connections(mask) for mask in range(self.num_masks)]
        units = self.site_distribution.parameters_per_site
        outputs = tf.stack([self.outputs_layer.masked_kernel(m[-1]) for m in masks])
        outputs = tf.reshape(outputs, (self.num_masks, -1, self.num_sites, units))
        cache = {
            "values": tf.zeros(tf.stack([self.num_sites, batch_size])),
            # The weights of one site side by side in memory.
            "outputs": tf.transpose(outputs, (2, 0, 1, 3)),
            "between": [
                tf.stack([layer.masked_kernel(m[index]) for m in masks])
                for index, layer in enumerate(self.hidden)
            ],
        }
        if self.hidden:
            first = self.hidden[0]
            start = tf.zeros(tf.stack([self.num_masks, batch_size, first.units]))
            cache["first"] = start + first.bias
            cache["inputs"] = tf.transpose(cache["between"].pop(0), (1, 0, 2))
        return cache

    def advance(self, cache, site, value):
        _, width, channels = self.image_shape
        place = (site.row * width + site.column) * channels + site.channel
        before = tf.maximum(place - 1, 0)
        values = tf.tensor_scatter_nd_update(cache["values"], [[before]], value[None])
        cache = {**cache, "values": values}
        features = []
        if self.hidden:
            cache["first"] += value[:, None] * cache["inputs"][before][:, None]
            hidden = tf.nn.relu(cache["first"])
            for layer, kernel in zip(self.hidden[1:], cache["between"], strict=True):
                hidden = tf.nn.relu(hidden @ kernel + layer.bias)
            features.append(hidden)
        if self._is_direct:
            direct = tf.transpose(values)[None]
            features.append(tf.repeat(direct, self.num_masks, axis=0))
        parameters = tf.concat(features, axis=-1) @ cache["outputs"][place]
        units = self.site_distribution.parameters_per_site
        bias = tf.reshape(self.outputs_layer.bias, (-1, units))[place]
        return self._mean(tf.unstack(parameters + bias)), cache

    @property
    def _is_direct(self):
        return self.direct_connections or not self.hidden_units

    def _parameters(self, images, mask):
        *masks, last = self.connections(mask)
        inputs = hidden = tf.reshape(images, (-1, self.num_sites))
        for layer, connections in zip(self.hidden, masks, strict=True):
            hidden = tf.nn.relu(layer(hidden, connections))
        if self._is_direct and self.hidden:
            hidden = tf.concat([hidden, tf.cast(inputs, hidden.dtype)], axis=-1)
        outputs = tf.cast(self.outputs_layer(hidden, last), tf.float32)
        units = self.site_distribution.parameters_per_site
        return tf.reshape(outputs, (-1, *self.image_shape, units))

    def _mean(self, parameters):
        """Parameters of the mean of the distributions under all masks, a list."""
        mixture = self.site_distribution.mixture
        return mixture(tf.stack(parameters)) if parameters[1:] else parameters[0]

    def _draw_degrees(self):
        places = 1 + np.arange(self.num_sites, dtype=np.int32)
        degrees = [np.tile(places, (self.num_masks, 1))]
        rows = Rows(self.num_masks, self.seed)
        for index, units in enumerate(self.hidden_units):
            uniform = rows.uniform((units,), f"degrees_{index}").numpy()
            least = degrees[-1].min(axis=1, keepdims=True)
            degrees.append(
                (least + uniform * (self.num_sites - least)).astype(np.int32)
            )
        return degrees
