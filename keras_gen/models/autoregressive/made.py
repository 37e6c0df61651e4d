"""MADE, the masked autoencoder (Germain, Gregor, Murray and Larochelle, 2015)."""

import math

import keras
import tensorflow as tf

from keras_gen.distributions import MixableLikelihood
from keras_gen.layers import MaskedDense
from keras_gen.models.autoregressive.masks import Masks, units_by_degree
from keras_gen.models.autoregressive.orderings import SeveralOrderings, of_ordering
from keras_gen.models.base import AutoregressiveModel


@keras.saving.register_keras_serializable(package="keras_gen")
class MADE(SeveralOrderings, AutoregressiveModel):
    """Draws images with an autoencoder whose connections are masked.

    Each hidden unit has a random degree, the number of first sites that it may see. It
    is connected to units of the same or a lower degree. The outputs of a site are
    connected to units whose degree is lower than the place of the site. Connections
    that no mask has have no weights. With several masks, each training step uses the
    next one, and the probability of a site is the mean over all masks, which needs one
    pass for each.

    With several random orderings, each with its own masks, the probability of an image
    is the mean over all orderings, and the noise of a sample chooses its ordering. Such
    a model cannot complete images, because known sites do not come first in all
    orderings. `call()` gives the mean distribution of each site over all orderings.

    Without hidden layers this is the fully visible sigmoid belief network (Neal, 1992),
    a logistic regression of each site on the earlier ones. Images lie in [0, 1], on the
    levels of `output_distribution`.

    The sampler computes a hidden unit when its last input is known, and one column of
    the outputs for each site. So a sample costs about one pass for each mask.

    NOTE: The default optimizer is Adam with a rate of 1e-3. The paper has Adagrad.

    Args:
        image_shape: Tuple `(height, width, channels)` of at least two sites.
        output_distribution: `keras_gen.distributions.BernoulliLikelihood()` for black
            and white, `CategoricalLikelihood(...)` for few levels.
        hidden_units: Tuple of integers, the width of each hidden layer.
        num_masks: Integer of at least 1, for each ordering; 1 without hidden layers.
        direct_connections: Boolean, whether the outputs of a site are also connected to
            the earlier sites. Without hidden layers they always are.
        num_orderings: Integer of at least 1. A single ordering is the raster order.
        degree_range: Optional pair of integers in [1, num_sites - 1], the least and the
            greatest degree of hidden units. Defaults to the whole range. A smaller
            range saves units if the first and the last sites hardly vary, as at the
            border of digits.
        seed: Integer, the seed of the masks and orderings.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        [MADE: Masked Autoencoder for Distribution
        Estimation](https://arxiv.org/abs/1502.03509), 2015, sections 3 and 4.

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import BernoulliLikelihood
    >>> from keras_gen.models import MADE
    >>> model = MADE((8, 8, 1), BernoulliLikelihood(), hidden_units=(16,), num_masks=2)
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
        output_distribution,
        hidden_units=(500,),
        num_masks=1,
        direct_connections=False,
        num_orderings=1,
        degree_range=None,
        seed=0,
        **kwargs,
    ):
        super().__init__(image_shape, output_distribution, seed=seed, **kwargs)
        self.image_shape = tuple(image_shape)
        self.num_sites = math.prod(self.image_shape)
        if num_masks * num_orderings > 1 and not isinstance(
            output_distribution, MixableLikelihood
        ):
            raise ValueError(
                "`output_distribution` must have mixtures of its own kind for several "
                "masks, as `BernoulliLikelihood` and `CategoricalLikelihood` have. "
                f"Received: {type(output_distribution).__name__}"
            )
        self.masks = Masks(
            self.num_sites,
            output_distribution.parameters_per_value,
            hidden_units,
            num_masks,
            num_orderings,
            degree_range,
            direct_connections,
            seed,
        )
        self.hidden_units = tuple(hidden_units)
        self.num_masks = num_masks
        self.direct_connections = direct_connections
        self.num_orderings = num_orderings
        self.degree_range = degree_range
        self.set_orderings(self.masks.orderings)
        self._finished = [
            units_by_degree(degrees, self.num_sites)
            for degrees in self.masks.degrees[2:]
        ]
        names = [*(f"hidden_{i}" for i in range(len(hidden_units))), "outputs"]
        *self.hidden, self.outputs_layer = (
            MaskedDense(x.shape[1], connectable=x, name=name, dtype=self.dtype_policy)
            for name, x in zip(names, self.masks.connectable(), strict=True)
        )
        self.site_parameters(tf.zeros((1, *self.image_shape)))
        for layer in [*self.hidden, self.outputs_layer]:
            # A graph captures a tensor, but has its own copy of an array.
            layer.places = tf.constant(layer.places)

    def site_parameters(self, x, y=None, training=False):
        return self._mean(self.parameters_by_ordering(x))

    def parameters_by_ordering(self, x):
        found = [self._parameters(x, mask) for mask in range(len(self.masks))]
        return self._by_ordering(found)

    def training_parameters(self, batch):
        return self._parameters(batch.x, batch.rows.step % len(self.masks))

    def initial_cache(self, batch_size, y=None):
        # The features come before the batch, so that the values of a unit are together.
        # The sites are in the order of each mask.
        layers = [*self.hidden, self.outputs_layer]
        *kernels, outputs = self.masks.kernels_in_order(layers)
        zeros = tf.zeros(tf.stack([len(self.masks), 1, batch_size]))
        cache = {
            "values": tf.zeros(tf.stack([self.num_sites, batch_size])),
            "kernels": [tf.transpose(kernel, (0, 2, 1)) for kernel in kernels[1:]],
            "outputs": tf.transpose(outputs, (2, 0, 3, 1)),
            "hidden": [zeros + layer.bias[:, None] for layer in self.hidden],
        }
        if self.hidden:
            cache["inputs"] = tf.transpose(kernels[0], (1, 0, 2))
        return cache

    def advance(self, cache, site, level):
        _, width, channels = self.image_shape
        place = (site.row * width + site.column) * channels + site.channel
        before = tf.maximum(place - 1, 0)
        value = self.x_domain.from_levels(level)
        values = tf.tensor_scatter_nd_update(cache["values"], [[before]], value[None])
        states, features = list(cache["hidden"]), []
        if self.hidden:
            states[0] += cache["inputs"][before][..., None] * value
            features = [tf.nn.relu(states[0])]
        for index, kernel in enumerate(cache["kernels"], start=1):
            # The units whose last input is known now. No output has used them so far.
            unit = tf.gather(self._finished[index - 1], place)
            bias = tf.gather(self.hidden[index].bias, unit[..., 1])[..., None]
            found = tf.nn.relu(tf.gather_nd(kernel, unit) @ features[0] + bias)
            states[index] = tf.tensor_scatter_nd_update(states[index], unit, found)
            features = [states[index]]
        if self.masks.is_direct:
            features.append(tf.repeat(values[None], len(self.masks), axis=0))
        found = cache["outputs"][place] @ tf.concat(features, axis=1)
        bias = tf.reshape(self.outputs_layer.bias, (-1, self.masks.parameters_per_site))
        bias = tf.gather(bias, tf.gather(self.masks.order, place, axis=1))
        found = tf.unstack(tf.transpose(found, (0, 2, 1)) + bias[:, None])
        parameters = of_ordering(self._by_ordering(found), site.order)
        return parameters, {**cache, "values": values, "hidden": states}

    def _parameters(self, x, mask):
        *masks, last = self.masks.connections(mask)
        inputs = hidden = tf.reshape(x, (-1, self.num_sites))
        for layer, connections in zip(self.hidden, masks, strict=True):
            hidden = tf.nn.relu(layer(hidden, connections))
        if self.masks.is_direct and self.hidden:
            hidden = tf.concat([hidden, tf.cast(inputs, hidden.dtype)], axis=-1)
        outputs = tf.cast(self.outputs_layer(hidden, last), tf.float32)
        return tf.reshape(
            outputs, (-1, *self.image_shape, self.masks.parameters_per_site)
        )

    def _by_ordering(self, found):
        """A list of the parameters under each ordering, from those under each mask."""
        size = self.num_masks
        return [self._mean(found[i : i + size]) for i in range(0, len(found), size)]

    def _mean(self, parameters):
        """Parameters of the mean of distributions whose parameters are in a list."""
        mixture = self.output_distribution.mixture
        return mixture(tf.stack(parameters)) if parameters[1:] else parameters[0]
