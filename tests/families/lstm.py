"""A long short-term memory that writes symbols one by one."""

import keras
import tensorflow as tf
from keras import layers

from keras_gen.distributions import CategoricalLikelihood
from keras_gen.domains import Symbols
from keras_gen.models.base import AutoregressiveModel


@keras.saving.register_keras_serializable(package="families")
class LSTM(AutoregressiveModel):
    """Its cache is the state of the cell."""

    def __init__(self, length, num_symbols, units=6, num_classes=None, **kwargs):
        super().__init__(
            Symbols(length, num_symbols),
            CategoricalLikelihood(num_symbols),
            num_classes,
            **kwargs,
        )
        self.length, self.num_symbols = length, num_symbols
        self.units, self.num_classes = units, num_classes
        # Symbol 0 stands before the first.
        dtype = {"dtype": self.dtype_policy}
        self.embedding = layers.Embedding(num_symbols + 1, units, **dtype)
        cell = layers.LSTMCell(units, **dtype)
        self.rnn = layers.RNN(cell, return_sequences=True, unroll=True, **dtype)
        self.head = layers.Dense(num_symbols, **dtype)
        self.site_parameters(tf.zeros((1, length), tf.int32))

    def site_parameters(self, x, y=None, training=False):
        before = tf.pad(x + 1, [(0, 0), (1, 0)])[:, :-1]
        outputs = self.head(self.rnn(self.embedding(before)))
        return tf.cast(outputs, tf.float32)

    def initial_cache(self, batch_size, y=None):
        zeros = tf.zeros(tf.stack([batch_size, self.units]), self.compute_dtype)
        return [zeros, zeros]

    def advance(self, cache, site, level):
        before = self.embedding(tf.where(site.column > 0, level + 1, 0))
        output, cache = self.rnn.cell(before, cache)
        return tf.cast(self.head(output), tf.float32), list(cache)
