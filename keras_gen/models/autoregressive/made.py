"""MADE, the masked autoencoder (Germain, Gregor, Murray and Larochelle, 2015)."""

import itertools
import math

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, check_sizes
from keras_gen.layers import MaskedDense
from keras_gen.models.autoregressive.degrees import draw_degrees, units_by_degree
from keras_gen.models.base import AutoregressiveModel


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

    The sampler adds to the first hidden layer what each new site gives to it, computes
    units of further layers when their last input is known, and takes one column of the
    output layer. So a sample costs about one pass of the network.

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
        self._is_direct = direct_connections or not hidden_units
        self._parameters_per_site = site_distribution.parameters_per_site
        self.hidden = [
            MaskedDense(units, dtype=self.dtype_policy, name=f"hidden_{index}")
            for index, units in enumerate(hidden_units)
        ]
        outputs = self.num_sites * self._parameters_per_site
        self.outputs_layer = MaskedDense(
            outputs, dtype=self.dtype_policy, name="outputs"
        )
        #: Of the inputs and of each hidden layer, int32 of shape `(num_masks, units)`.
        self.degrees = draw_degrees(hidden_units, self.num_sites, num_masks, seed)
        self._finished = [units_by_degree(d, self.num_sites) for d in self.degrees[2:]]
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
        places = np.repeat(places, self._parameters_per_site)
        return [*layers, last[:, None] < places]

    def initial_cache(self, batch_size, labels=None):
        # Features stand before the batch, so that those of a unit are together.
        masks = [self.connections(mask) for mask in range(self.num_masks)]
        kernels = [
            tf.cast(tf.stack([layer.masked_kernel(c) for c in of_masks]), tf.float32)
            for layer, of_masks in zip(
                [*self.hidden, self.outputs_layer],
                zip(*masks, strict=True),
                strict=True,
            )
        ]
        shape = (self.num_masks, -1, self.num_sites, self._parameters_per_site)
        cache = {
            "values": tf.zeros(tf.stack([self.num_sites, batch_size])),
            "kernels": [tf.transpose(kernel, (0, 2, 1)) for kernel in kernels[1:-1]],
            "outputs": tf.transpose(tf.reshape(kernels[-1], shape), (2, 0, 3, 1)),
            "hidden": [
                tf.zeros(tf.stack([self.num_masks, layer.units, batch_size]))
                + layer.bias[:, None]
                for layer in self.hidden
            ],
        }
        if self.hidden:
            cache["inputs"] = tf.transpose(kernels[0], (1, 0, 2))
        return cache

    def advance(self, cache, site, value):
        _, width, channels = self.image_shape
        place = (site.row * width + site.column) * channels + site.channel
        before = tf.maximum(place - 1, 0)
        values = tf.tensor_scatter_nd_update(cache["values"], [[before]], value[None])
        states, features = list(cache["hidden"]), []
        if self.hidden:
            states[0] += cache["inputs"][before][..., None] * value
            features = [tf.nn.relu(states[0])]
        for index, kernel in enumerate(cache["kernels"], start=1):
            # Units whose last input came now; until then no output takes them.
            unit = tf.gather(self._finished[index - 1], place)
            bias = tf.gather(self.hidden[index].bias, unit[..., 1])[..., None]
            found = tf.nn.relu(tf.gather_nd(kernel, unit) @ features[0] + bias)
            states[index] = tf.tensor_scatter_nd_update(states[index], unit, found)
            features = [states[index]]
        if self._is_direct:
            features.append(tf.repeat(values[None], self.num_masks, axis=0))
        found = cache["outputs"][place] @ tf.concat(features, axis=1)
        bias = tf.reshape(self.outputs_layer.bias, (-1, self._parameters_per_site))
        parameters = tf.transpose(found, (0, 2, 1)) + bias[place]
        cache = {**cache, "values": values, "hidden": states}
        return self._mean(tf.unstack(parameters)), cache

    def _parameters(self, images, mask):
        *masks, last = self.connections(mask)
        inputs = hidden = tf.reshape(images, (-1, self.num_sites))
        for layer, connections in zip(self.hidden, masks, strict=True):
            hidden = tf.nn.relu(layer(hidden, connections))
        if self._is_direct and self.hidden:
            hidden = tf.concat([hidden, tf.cast(inputs, hidden.dtype)], axis=-1)
        outputs = tf.cast(self.outputs_layer(hidden, last), tf.float32)
        return tf.reshape(outputs, (-1, *self.image_shape, self._parameters_per_site))

    def _mean(self, parameters):
        """Parameters of the mean of the distributions under all masks, a list."""
        mixture = self.site_distribution.mixture
        return mixture(tf.stack(parameters)) if parameters[1:] else parameters[0]
