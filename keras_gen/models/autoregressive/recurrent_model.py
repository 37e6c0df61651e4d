"""Recurrent networks that write sequences (Graves, 2013)."""

import keras
import tensorflow as tf
from keras import layers

from keras_gen.arguments import check_count, shown
from keras_gen.distributions import CategoricalLikelihood
from keras_gen.layers import GRURecurrence, LSTMRecurrence, SymbolEmbedding
from keras_gen.layers.lstm_cell import recur
from keras_gen.models.autoregressive.sequences import (
    check_sequence,
    levels_before,
    with_nan_of,
)
from keras_gen.models.base import AutoregressiveModel

_LSTM = LSTMRecurrence()


@keras.saving.register_keras_serializable(package="keras_gen")
class RecurrentModel(AutoregressiveModel):
    """Writes text or melodies symbol by symbol, with a state that remembers the past.

    Every recurrent layer sees the last symbol and the layer below, and the outputs see
    all layers. The state is the cache of the sampler, so each symbol costs the same.
    No weight depends on the length: `set_weights()` makes a model of another length.

    NOTE: Symbols enter through a learned embedding, and the cells have no peepholes.

    Args:
        x_domain: `keras_gen.domains.Symbols`, or another domain of one row of sites
            with levels, such as `Waveforms(8000, 8000, levels=256)`.
        recurrence: `keras_gen.layers.LSTMRecurrence()` or `GRURecurrence()`.
        units: Integer of at least 1, the features of a state and of the embedding.
        num_layers: Integer of at least 1, the number of recurrent layers.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        [Generating Sequences With Recurrent Neural
        Networks](https://arxiv.org/abs/1308.0850), 2013, section 2, figure 1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.domains import Symbols
    >>> from keras_gen.models import RecurrentModel
    >>> model = RecurrentModel(Symbols(8, 5), units=4)
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8), "int32"), verbose=0).history
    >>> model.sample(2, seed=0, temperature=0.8, top_k=3).shape
    (2, 8)
    """

    def __init__(self, x_domain, recurrence=_LSTM, units=256, num_layers=1, **kwargs):
        check_sequence(x_domain)
        likelihood = CategoricalLikelihood(x_domain.num_levels)
        super().__init__(x_domain, likelihood, **kwargs)
        if not isinstance(recurrence, (LSTMRecurrence, GRURecurrence)):
            raise ValueError(
                "`recurrence` must be `LSTMRecurrence()` or `GRURecurrence()` of "
                f"`keras_gen.layers`. Received: {shown(recurrence)}"
            )
        check_count(units, "units", 1)
        check_count(num_layers, "num_layers", 1)
        self.recurrence, self.units, self.num_layers = recurrence, units, num_layers
        # The last row of the embedding stands before the first symbol.
        self.start = x_domain.num_levels
        dtype = {"dtype": self.dtype_policy}
        self.embedding = SymbolEmbedding(self.start + 1, units, **dtype)
        self.recurrent = [
            layers.RNN(recurrence.cell(units, **dtype), return_sequences=True, **dtype)
            for _ in range(num_layers)
        ]
        self.head = layers.Dense(x_domain.num_levels, **dtype)
        self.site_parameters(
            tf.zeros((1, *x_domain.shape), x_domain.dtype), training=True
        )

    def site_parameters(self, x, y=None, training=False):
        before = levels_before(self.levels_of(x), self.start)
        embedded = self.embedding(before)
        hidden = []
        for layer in self.recurrent:
            inputs = tf.concat([embedded, *hidden[-1:]], axis=-1)
            # The loop of Keras has the faster gradient, but lists of tensors.
            hidden.append(layer(inputs) if training else _states(layer.cell, inputs))
        outputs = self.head(tf.concat(hidden, axis=-1))
        return with_nan_of(tf.cast(outputs, tf.float32), x)

    def initial_cache(self, batch_size, y=None):
        nothing = tf.zeros(tf.stack([batch_size, self.units]), self.compute_dtype)
        return [[nothing] * _num_states(layer.cell) for layer in self.recurrent]

    def advance(self, cache, site, level):
        embedded = self.embedding(tf.where(site.column > 0, level, self.start))
        hidden, after = [], []
        for layer, states in zip(self.recurrent, cache, strict=True):
            inputs = tf.concat([embedded, *hidden[-1:]], axis=-1)
            output, states = layer.cell(inputs, states)
            hidden.append(output)
            after.append(list(states))
        outputs = self.head(tf.concat(hidden, axis=-1))
        return tf.cast(outputs, tf.float32), after


def _states(cell, inputs):
    """The hidden states of a sequence, of shape `(batch, length, units)`."""
    inputs = tf.transpose(inputs, (1, 0, 2))
    length, units = inputs.shape[0], cell.units
    nothing = tf.zeros(tf.stack([tf.shape(inputs)[1], units]), inputs.dtype)

    def step(index, *states):
        return cell(tf.gather(inputs, index), list(states))[1]

    found = recur(step, length, nothing, _num_states(cell))
    return tf.transpose(found, (1, 0, 2))


def _num_states(cell):
    return len(keras.tree.flatten(cell.state_size))
