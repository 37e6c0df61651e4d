"""A mixture of spherical normal distributions, fitted by expectation maximization."""

import math

import keras
import tensorflow as tf

from keras_gen.domains import Vectors
from keras_gen.models.base import ExactLikelihood, GenerativeModel, Sampler


@keras.saving.register_keras_serializable(package="families")
class Mixture(Sampler, ExactLikelihood, GenerativeModel):
    """EM as a step: SGD of rate 1 on the means of the sufficient statistics."""

    term_names = ("loss", "log_likelihood")

    def __init__(self, start, **kwargs):
        super().__init__(**kwargs)
        self.start = start  # One row a component.
        num, size = len(start), len(start[0])
        self.x_domain = Vectors(size)
        rows = [[1.0 / num, *(value / num for value in row)] for row in start]
        self.statistics = self.add_weight((num, 1 + size), name="statistics")
        self.statistics.assign(rows)

    def default_optimizer(self):
        return keras.optimizers.SGD(1.0)

    def log_joint(self, x):
        weights, sums = self.statistics[:, 0], self.statistics[:, 1:]
        squares = tf.reduce_sum((x[:, None] - sums / weights[:, None]) ** 2, axis=-1)
        constant = 0.5 * x.shape[-1] * math.log(2.0 * math.pi)
        return tf.math.log(weights) - 0.5 * squares - constant

    def batch_log_prob(self, x):
        return tf.reduce_logsumexp(self.log_joint(x), axis=1)

    def loss_terms(self, batch, training):
        share = tf.stop_gradient(tf.nn.softmax(self.log_joint(batch.x)))
        seen = tf.concat([tf.ones_like(batch.x[:, :1]), batch.x], axis=1)
        target = tf.reduce_mean(share[:, :, None] * seen[:, None], axis=0)
        loss = 0.5 * tf.reduce_sum((self.statistics - target) ** 2)
        log_prob = tf.reduce_mean(self.batch_log_prob(batch.x))
        return {"loss": loss, "log_likelihood": log_prob}

    def call(self, x):
        return tf.nn.softmax(self.log_joint(x)) @ self.statistics[:, 1:]

    def noise_rows(self, rows):
        uniform = rows.uniform((1,), "component")
        return tf.concat([uniform, rows.normal(self.x_domain.shape, "value")], axis=1)

    def from_noise(self, noise):
        weights, sums = self.statistics[:, 0], self.statistics[:, 1:]
        passed = noise[:, :1] >= tf.cumsum(weights)[:-1]
        component = tf.reduce_sum(tf.cast(passed, tf.int32), axis=1)
        return tf.gather(sums / weights[:, None], component) + noise[:, 1:]
