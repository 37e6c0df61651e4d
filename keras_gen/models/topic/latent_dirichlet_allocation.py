"""Latent Dirichlet allocation (Blei, Ng and Jordan, 2003)."""

import functools

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, check_positive, check_reals, shown
from keras_gen.distributions.dirichlet import (
    as_proportions,
    dirichlet_divergence,
    draw_counts,
    expected_log,
    fixed_point,
)
from keras_gen.distributions.gamma_functions import log_gamma_sample
from keras_gen.domains import Counts, Domain, Scalars, Vectors
from keras_gen.models.base import ExpectationMaximization, Sampler, marked
from keras_gen.random import Rows

_TINY, _TRIES = 1e-30, 8


@keras.saving.register_keras_serializable(package="keras_gen")
class LatentDirichletAllocation(Sampler, ExpectationMaximization):
    """Finds the topics of documents, which are counts of words.

    A document has proportions of topics, drawn from a Dirichlet distribution. Each of
    its words is drawn from a topic that is drawn by these proportions. An epoch of
    `fit()` is a step of variational expectation maximization. Reports `loss`, the
    negative bound on the log-likelihood of a document in nats.

    NOTE: `alpha` is given and not learned. Samples have one length, where the paper
    draws it.

    Args:
        num_topics: Integer of at least 1.
        vocabulary_size: Integer of at least 1.
        alpha: Optional positive float, the parameter of the Dirichlet distribution of
            proportions. Defaults to `1 / num_topics`.
        eta: Float of at least 0, the parameter of the Dirichlet distribution of topics,
            whose posterior is fitted (section 5.4 of the paper). With 0 the topics are
            those of maximum likelihood (section 5.3): a word that no document had has
            probability 0.
        num_iterations: Integer of at least 1, the updates of the proportions of a
            document in the expectation step.
        document_length: Integer of at least 1, the words of a sample.
        **kwargs: Options of every such model, see
            `keras_gen.models.base.ExpectationMaximization`: `stepwise`, `seed`, `name`.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        [Latent Dirichlet Allocation](https://www.jmlr.org/papers/v3/blei03a.html),
        2003.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import LatentDirichletAllocation
    >>> x = np.array([[9, 8, 0, 0], [7, 9, 0, 0], [0, 0, 6, 9]] * 4)
    >>> model = LatentDirichletAllocation(2, vocabulary_size=4, alpha=0.1, eta=0.01)
    >>> model.compile()
    >>> history = model.fit(x, epochs=30, verbose=0)
    >>> found = np.round(model.topic_proportions(x[:3]))[:, 0].tolist()
    >>> found in ([1.0, 1.0, 0.0], [0.0, 0.0, 1.0])
    True
    """

    default_method = "topic_proportions"

    def __init__(
        self,
        num_topics,
        vocabulary_size,
        alpha=None,
        eta=0.1,
        num_iterations=50,
        document_length=100,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_count(num_topics, "num_topics", 1)
        check_count(vocabulary_size, "vocabulary_size", 1)
        check_count(num_iterations, "num_iterations", 1)
        check_count(document_length, "document_length", 1)
        self._alpha = 1.0 / num_topics if alpha is None else alpha
        check_positive(alpha=self._alpha)
        check_reals(eta=eta)
        if eta < 0:
            raise ValueError(f"`eta` must be at least 0. Received: {shown(eta)}")
        self.num_topics, self.vocabulary_size = num_topics, vocabulary_size
        self.alpha, self.eta = alpha, eta
        self.num_iterations, self.document_length = num_iterations, document_length
        self.x_domain = Counts(vocabulary_size)
        uniform = Rows(num_topics, self.seed).uniform((vocabulary_size,), "topics")
        self.hold([0.5 + np.array(uniform)])

    def update(self, counts, words, gamma) -> tf.Tensor:
        """One update of `gamma = alpha + sum of phi` (equations 6 and 7).

        Args:
            counts: Float32 tensor of shape `(batch, vocabulary_size)`.
            words: Tensor of shape `(num_topics, vocabulary_size)`, from `maximize()`.
            gamma: Tensor of shape `(batch, num_topics)`, the parameters of the
                posterior Dirichlet distributions of proportions.
        """
        shares = tf.exp(expected_log(gamma))
        ratio = counts / (tf.matmul(shares, words) + _TINY)
        return self._alpha + shares * tf.matmul(ratio, words, transpose_b=True)

    def infer(self, counts, words) -> tf.Tensor:
        """The fixed point of `update()`, of shape `(batch, num_topics)`."""
        length = tf.reduce_sum(counts, axis=1, keepdims=True)
        start = self._alpha + length / self.num_topics + tf.zeros((1, self.num_topics))
        update = functools.partial(self.update, counts, words)
        return fixed_point(update, start, self.num_iterations)

    # Hooks

    def expect(self, x, parameters, training=False):
        counts, (words, rest) = tf.cast(x, "float32"), parameters
        gamma = self.infer(counts, words)
        expected = expected_log(gamma)
        likelihood = tf.matmul(tf.exp(expected), words) + _TINY
        bound = tf.reduce_sum(counts * tf.math.log(likelihood), axis=1) - rest
        bound -= dirichlet_divergence(gamma, expected, self._alpha)
        if not training:
            return bound, None
        # The expected counts of words by topics.
        sums = tf.matmul(tf.exp(expected), counts / likelihood, transpose_a=True)
        return bound, [words * sums / tf.cast(tf.shape(x)[0], "float32")]

    def maximize(self, statistics, num_examples):
        posterior = self._posterior(statistics[0], num_examples)
        if self.eta == 0.0:
            return [as_proportions(posterior), tf.constant(0.0)]
        expected = expected_log(posterior)
        rest = tf.reduce_sum(dirichlet_divergence(posterior, expected, self.eta))
        return [tf.exp(expected), rest / tf.maximum(num_examples, 1.0)]

    def _posterior(self, statistics, num_examples):
        # Before the first step the statistics are those of one document. A topic
        # that no document has any more is uniform.
        return max(float(self.eta), _TINY) + tf.maximum(num_examples, 1.0) * statistics

    def comparison(self, batch):
        counts = tf.cast(batch.x, "float32")
        length = tf.reduce_sum(counts, axis=1, keepdims=True)
        return counts, length * self.word_probabilities(batch.x)

    def noise_rows(self, rows):
        shape = (self.num_topics * _TRIES,)
        size = self.num_topics * (_TRIES + 1) + self.document_length
        uniform = rows.uniform((size,), "uniform")
        return tf.concat([rows.normal(shape, "candidates"), uniform], axis=1)

    def from_noise(self, noise):
        noise, shape = self.take("noise", noise), (-1, self.num_topics, _TRIES)
        sizes = [self.num_topics * _TRIES] * 2 + [self.num_topics, self.document_length]
        *tries, boost, words = tf.split(noise, sizes, axis=1)
        normal, uniform = (tf.reshape(part, shape) for part in tries)
        logs = log_gamma_sample(self._alpha, normal, uniform, boost)
        return draw_counts(tf.matmul(tf.nn.softmax(logs), self.topics()), words)

    # What users call

    def topics(self) -> tf.Tensor:
        """The probabilities of words, `(num_topics, vocabulary_size)`."""
        statistics = tf.convert_to_tensor(self._statistics[0])
        return as_proportions(self._posterior(statistics, self._num_examples))

    @marked(("x",), ("proportions",))
    def topic_proportions(self, x) -> tf.Tensor:
        """The expected proportions of topics in documents, `(batch, num_topics)`."""
        return as_proportions(self.infer(tf.cast(x, "float32"), self.parameters()[0]))

    @marked(("x",), ("word_probabilities",))
    def word_probabilities(self, x) -> tf.Tensor:
        """The probabilities of a further word of documents, with the shape of `x`."""
        return tf.matmul(self.topic_proportions(x), self.topics())

    @marked(("x",), ("bound",))
    def document_bound(self, x) -> tf.Tensor:
        """The bound on the log-likelihood of documents in nats, `(batch,)`."""
        return self.expect(x, [self.parameters()[0], 0.0])[0]

    def domain_of(self, name) -> Domain | None:
        own = {
            "proportions": Vectors(self.num_topics),
            "word_probabilities": Vectors(self.vocabulary_size),
            "bound": Scalars(),
        }
        return own.get(name) or super().domain_of(name)
