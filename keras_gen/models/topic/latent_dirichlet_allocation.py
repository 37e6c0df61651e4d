"""Latent Dirichlet allocation (Blei, Ng and Jordan, 2003)."""

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, check_reals, shown
from keras_gen.distributions.gamma_functions import (
    digamma,
    log_gamma,
    log_gamma_sample,
)
from keras_gen.domains import Counts, Domain, Scalars, Vectors
from keras_gen.models.base import ExpectationMaximization, Sampler, marked
from keras_gen.random import Rows

_TINY = 1e-30
_TRIES = 8


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
    >>> np.round(model.topic_proportions(x[:3])).numpy()[:, 0].tolist() in (
    ...     [1.0, 1.0, 0.0], [0.0, 0.0, 1.0])
    True
    """

    default_method = "topic_proportions"
    call_takes = ("x",)

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
        for name, count in {
            "num_topics": num_topics,
            "vocabulary_size": vocabulary_size,
            "num_iterations": num_iterations,
            "document_length": document_length,
        }.items():
            check_count(count, name, 1)
        _check_priors(alpha, eta)
        self.num_topics = num_topics
        self.vocabulary_size = vocabulary_size
        self.alpha = alpha
        self.eta = eta
        self.num_iterations = num_iterations
        self.document_length = document_length
        self._alpha = 1.0 / num_topics if alpha is None else float(alpha)
        self.x_domain = Counts(vocabulary_size)
        uniform = Rows(num_topics, self.seed).uniform((vocabulary_size,), "topics")
        self.hold([0.5 + np.array(uniform)])

    # Expectation and maximization

    def infer(self, counts, words) -> tf.Tensor:
        """The parameters of the posterior Dirichlet distributions of proportions.

        They are a fixed point of `gamma = alpha + sum of phi` (equations 6 and 7).

        Args:
            counts: Float32 tensor of shape `(batch, vocabulary_size)`.
            words: Tensor of shape `(num_topics, vocabulary_size)`, from `maximize()`.

        Returns:
            Float32 tensor of shape `(batch, num_topics)`.
        """
        length = tf.reduce_sum(counts, axis=1, keepdims=True)
        gamma = self._alpha + length / self.num_topics
        gamma += tf.zeros((1, self.num_topics))
        return tf.while_loop(
            lambda index, _: index < self.num_iterations,
            lambda index, gamma: (index + 1, self.update(counts, words, gamma)),
            (tf.constant(0), gamma),
        )[1]

    def update(self, counts, words, gamma) -> tf.Tensor:
        """One update of `gamma`; arguments as in `infer()`."""
        shares = tf.exp(expected_log(gamma))
        ratio = counts / (tf.matmul(shares, words) + _TINY)
        return self._alpha + shares * tf.matmul(ratio, words, transpose_b=True)

    def expect(self, x, parameters, training=False):
        counts = tf.cast(x, "float32")
        words, rest = parameters
        gamma = self.infer(counts, words)
        expected = expected_log(gamma)
        likelihood = tf.matmul(tf.exp(expected), words) + _TINY
        bound = tf.reduce_sum(counts * tf.math.log(likelihood), axis=1) - rest
        bound -= dirichlet_divergence(gamma, expected, self._alpha)
        if not training:
            return bound, None
        # The expected counts of words by topics.
        sums = tf.matmul(tf.exp(expected), counts / likelihood, transpose_a=True)
        num_rows = tf.cast(tf.shape(x)[0], "float32")
        return bound, [words * sums / num_rows]

    def maximize(self, statistics, num_examples):
        posterior, num_examples = self._posterior(statistics[0], num_examples)
        if self.eta == 0.0:
            total = tf.reduce_sum(posterior, axis=1, keepdims=True)
            return [posterior / total, tf.constant(0.0)]
        expected = expected_log(posterior)
        rest = dirichlet_divergence(posterior, expected, self.eta)
        return [tf.exp(expected), tf.reduce_sum(rest) / num_examples]

    def _posterior(self, statistics, num_examples):
        # Before the first step the statistics are those of one document.
        num_examples = tf.maximum(num_examples, 1.0)
        return float(self.eta) + num_examples * statistics, num_examples

    # What users call

    def topics(self) -> tf.Tensor:
        """The probabilities of words, `(num_topics, vocabulary_size)`."""
        statistics = tf.convert_to_tensor(self._statistics[0])
        posterior, _ = self._posterior(statistics, self._num_examples)
        return posterior / tf.reduce_sum(posterior, axis=1, keepdims=True)

    @marked(("x",), ("proportions",))
    def topic_proportions(self, x) -> tf.Tensor:
        """Computes the expected proportions of topics given the words of documents.

        Args:
            x: Integer array or tensor of shape `(batch, vocabulary_size)`.

        Returns:
            Float32 tensor of shape `(batch, num_topics)`, whose rows sum to 1.
        """
        gamma = self.infer(tf.cast(x, "float32"), self.parameters()[0])
        return gamma / tf.reduce_sum(gamma, axis=1, keepdims=True)

    @marked(("x",), ("word_probabilities",))
    def word_probabilities(self, x) -> tf.Tensor:
        """Computes the probabilities of a further word of documents.

        Args:
            x: Integer array or tensor of shape `(batch, vocabulary_size)`.

        Returns:
            Float32 tensor of shape `(batch, vocabulary_size)`, whose rows sum to 1.
        """
        return tf.matmul(self.topic_proportions(x), self.topics())

    @marked(("x",), ("bound",))
    def document_bound(self, x) -> tf.Tensor:
        """Computes the variational bound on the log-likelihood of documents.

        Args:
            x: Integer array or tensor of shape `(batch, vocabulary_size)`.

        Returns:
            Float32 tensor of shape `(batch,)`, in nats.
        """
        return self.expect(x, [self.parameters()[0], 0.0])[0]

    def call(self, x) -> tf.Tensor:
        """The same as `topic_proportions()`."""
        return self.topic_proportions(x)

    def comparison(self, batch):
        counts = tf.cast(batch.x, "float32")
        length = tf.reduce_sum(counts, axis=1, keepdims=True)
        return counts, length * self.word_probabilities(batch.x)

    def domain_of(self, name) -> Domain | None:
        if name == "proportions":
            return Vectors(self.num_topics)
        if name == "word_probabilities":
            return Vectors(self.vocabulary_size)
        return Scalars() if name == "bound" else super().domain_of(name)

    def noise_rows(self, rows):
        shape = (self.num_topics * _TRIES,)
        size = self.num_topics * (_TRIES + 1) + self.document_length
        uniform = rows.uniform((size,), "uniform")
        return tf.concat([rows.normal(shape, "candidates"), uniform], axis=1)

    def from_noise(self, noise):
        noise = self.take("noise", noise)
        sizes = [self.num_topics * _TRIES] * 2 + [self.num_topics, self.document_length]
        normal, uniform, boost, words = tf.split(noise, sizes, axis=1)
        shape = (-1, self.num_topics, _TRIES)
        logs = log_gamma_sample(
            self._alpha, tf.reshape(normal, shape), tf.reshape(uniform, shape), boost
        )
        probabilities = tf.matmul(tf.nn.softmax(logs), self.topics())
        ends = tf.cumsum(probabilities, axis=1)[:, :-1]

        def beyond(index, count):
            number = tf.gather(words, index, axis=1)[:, None]
            return index + 1, count + tf.cast(number >= ends, "int32")

        # How many words come after each word of the vocabulary.
        count = tf.while_loop(
            lambda index, _: index < self.document_length,
            beyond,
            (tf.constant(0), tf.cast(0.0 * ends, "int32")),
        )[1]
        before = tf.pad(count, [[0, 0], [1, 0]], constant_values=self.document_length)
        return before - tf.pad(count, [[0, 0], [0, 1]])


def expected_log(parameters) -> tf.Tensor:
    """The expected logs of proportions under Dirichlet distributions, row by row."""
    total = tf.reduce_sum(parameters, axis=1, keepdims=True)
    return digamma(parameters) - digamma(total)


def dirichlet_divergence(parameters, expected, prior) -> tf.Tensor:
    """The divergence of Dirichlet distributions from a symmetric one, row by row.

    Args:
        parameters: Tensor of shape `(rows, size)`.
        expected: `expected_log(parameters)`.
        prior: Float, the parameter of the symmetric distribution.
    """
    size = parameters.shape[1]
    found = log_gamma(tf.reduce_sum(parameters, axis=1))
    found -= tf.reduce_sum(log_gamma(parameters), axis=1)
    found -= log_gamma(tf.constant(size * prior)) - size * log_gamma(tf.constant(prior))
    return found + tf.reduce_sum((parameters - prior) * expected, axis=1)


def _check_priors(alpha, eta):
    check_reals(eta=eta, **({} if alpha is None else {"alpha": alpha}))
    if alpha is not None and not 0.0 < alpha < float("inf"):
        raise ValueError(f"`alpha` must be positive. Received: {shown(alpha)}")
    if not 0.0 <= eta < float("inf"):
        raise ValueError(f"`eta` must be at least 0. Received: {shown(eta)}")
