"""A mixture of spherical normal distributions, fitted by expectation maximization."""

import math

import keras
import numpy as np
import tensorflow as tf

from keras_gen.domains import Vectors
from keras_gen.models import base


@keras.saving.register_keras_serializable(package="families")
class Mixture(base.Sampler, base.ExactLikelihood, base.GenerativeModel):
    """EM as a step: SGD of rate 1 on the means of the sufficient statistics."""

    def __init__(self, start, **kwargs):
        super().__init__(**kwargs)
        self.start = start  # One row a component.
        self.x_domain = Vectors(len(start[0]))
        rows = [[value / len(start) for value in (1.0, *row)] for row in start]
        self.statistics = self.add_weight(np.shape(rows), name="statistics")
        self.statistics.assign(rows)

    def default_optimizer(self):
        return keras.optimizers.SGD(1.0)

    def components(self):
        weights, sums = self.statistics[:, 0], self.statistics[:, 1:]
        return weights, sums / weights[:, None]

    def log_joint(self, x):
        weights, means = self.components()
        squares = tf.reduce_sum((x[:, None] - means) ** 2, axis=-1)
        constant = 0.5 * x.shape[-1] * math.log(2.0 * math.pi)
        return tf.math.log(weights) - 0.5 * squares - constant

    def batch_log_prob(self, x):
        return tf.reduce_logsumexp(self.log_joint(x), axis=1)

    def loss_terms(self, batch, training):
        share = tf.stop_gradient(tf.nn.softmax(self.log_joint(batch.x)))
        seen = tf.concat([tf.ones_like(batch.x[:, :1]), batch.x], axis=1)
        statistics = base.whole_batch(share[:, :, None] * seen[:, None])
        change = self.statistics - tf.reduce_mean(statistics, axis=0)
        return {"loss": tf.nn.l2_loss(change)}

    def call(self, x):
        return tf.nn.softmax(self.log_joint(x)) @ self.components()[1]

    def noise_rows(self, rows):
        uniform = rows.uniform((1,), "component")
        return tf.concat([uniform, rows.normal(self.x_domain.shape, "value")], axis=1)

    def from_noise(self, noise):
        weights, means = self.components()
        passed = noise[:, :1] >= tf.cumsum(weights)[:-1]
        component = tf.reduce_sum(tf.cast(passed, tf.int32), axis=1)
        return tf.gather(means, component) + noise[:, 1:]
