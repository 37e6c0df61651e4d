"""Conditional variational autoencoder (Sohn et al., 2015)."""

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.distributions.likelihoods import REALS
from keras_gen.domains import Labels, of_shape
from keras_gen.models.base import VariationalModel, check_reaches, marked
from keras_gen.models.base.batches import full_batches
from keras_gen.models.base.variational_model import normal_of
from keras_gen.networks import check_network


@keras.saving.register_keras_serializable(package="keras_gen")
class ConditionalVAE(VariationalModel):
    """Learns to generate images given their class, or given something else of them.

    Both networks take a list of two inputs; the second one is the condition `y`. With
    `num_classes` it is a label, as the networks of `keras_gen.networks` take it with
    `num_classes`. Else it is an image in [0, 1], such as a part of `x`, or a vector.

    `fit` takes images and conditions. `sample(num, y=...)` takes one for each sample or
    one for all; without `y` the first sample has the first class, and so on.
    `log_likelihood(x, y=...)` bounds the likelihood given the condition, and
    `classify(x)` compares the bounds of all classes.

    Images lie in [0, 1]. Reports `rate`, the divergence between posterior and prior,
    `distortion`, the negative log likelihood of an image given one draw of its latents,
    both in nats for an image, and `loss`, their sum: the negative bound given the
    condition.

    NOTE: By default latents do not depend on the condition. `prior_network` is the
    prior of the paper, which does. The paper also mixes this loss with one whose
    latents are drawn from the prior, which is not here.

    Args:
        encoder: Network from `[images, y]` to `2 * latent_dim` numbers: the means of
            the posterior, then the logs of its scales.
        decoder: Network from `[latents, y]` to the parameters of `output_distribution`.
        output_distribution: `keras_gen.distributions.Likelihood`, the distribution of
            images given the decoder's outputs.
        num_classes: Integer of at least 2 if conditions are labels, else None.
        prior_network: Optional network from `y` to `2 * latent_dim` numbers: the means
            of the prior, then the logs of its scales. Defaults to the standard normal
            distribution.
        **kwargs: Options of every model: `x_domain`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Learning Structured Output Representation using Deep Conditional Generative
        Models](https://papers.nips.cc/paper/5775), 2015, section 4.

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import BernoulliLikelihood
    >>> from keras_gen.models import ConditionalVAE
    >>> from keras_gen.networks import mlp
    >>> encoder = mlp((8, 8, 1), [16], (4,), num_classes=3)
    >>> decoder = mlp((2,), [16], (8, 8, 1), num_classes=3)
    >>> model = ConditionalVAE(encoder, decoder, BernoulliLikelihood(), num_classes=3)
    >>> model.compile()
    >>> history = model.fit(np.zeros((6, 8, 8, 1)), np.arange(6) % 3, verbose=0)
    >>> model.sample(2, seed=0, y=[2, 0]).shape
    (2, 8, 8, 1)
    >>> model.classify(np.zeros((5, 8, 8, 1))).shape
    (5, 3)
    """

    term_names = ("loss", "rate", "distortion")
    num_inputs = 2

    def __init__(
        self,
        encoder,
        decoder,
        output_distribution,
        num_classes=None,
        prior_network=None,
        **kwargs,
    ):
        super().__init__(encoder, decoder, output_distribution, **kwargs)
        self.num_classes = num_classes
        self.y_domain = _condition_of(encoder, decoder, num_classes)
        if prior_network is not None:
            _check_prior(prior_network, self.y_domain.shape, 2 * self.latent_dim)
        self.prior_network = prior_network

    def prior(self, y=None):
        if y is None or self.prior_network is None:
            return super().prior()
        return normal_of(self.prior_network(y))

    def loss_terms(self, batch, training):
        halves = self.bound_terms(batch, training)[:2]
        rate, distortion = map(tf.reduce_mean, halves)
        return {"loss": distortion + rate, "rate": rate, "distortion": distortion}

    @marked(("x",), ("probabilities",), traced="class_probabilities")
    def classify(self, x, batch_size=64) -> np.ndarray:
        """Computes class probabilities by Bayes' rule, with equal prior probabilities.

        The importance-weighted bound of 16 draws stands for the likelihood of an
        example given its class. It is the score `"bound"` of `anomaly_score()`.

        Args:
            x: Array of shape `(num, *x_domain.shape)`.
            batch_size: Integer of at least 1. It limits memory and does not change the
                result.

        Returns:
            Float32 array of shape `(num, num_classes)`, with a sum of 1 for each
            example.

        Raises:
            ValueError: If an argument is wrong, or the model has no classes.
        """
        if self.num_classes is None:
            raise ValueError("This ConditionalVAE has no classes: num_classes=None")
        self.x_domain.check(x, "x")
        check_count(batch_size, "batch_size", 1)
        parts = {"x": np.asarray(x, self.x_domain.dtype)}
        batches = full_batches(parts, batch_size)
        found = [self._traced_probabilities(**some).numpy() for some in batches]
        return np.concatenate(found)[: len(x)]

    def class_probabilities(self, x) -> tf.Tensor:
        """The class probabilities of a batch, without checks.

        Args:
            x: Tensor of shape `(batch, *x_domain.shape)`.

        Returns:
            Float32 tensor of shape `(batch, num_classes)`.
        """
        # All examples with each class.
        y = tf.repeat(tf.range(self.num_classes), tf.shape(x)[0])
        many = tf.tile(x, (self.num_classes, *[1] * (len(x.shape) - 1)))
        scores = tf.reshape(self.scores(many, y, "bound"), (self.num_classes, -1))
        return tf.nn.softmax(-tf.transpose(scores))

    @tf.function(autograph=False)
    def _traced_probabilities(self, x):
        return self.class_probabilities(x)


def _condition_of(encoder, decoder, num_classes):
    """The checked domain of the second input of both networks."""
    shape = tuple(encoder.inputs[1].shape[1:])
    if num_classes is not None:
        check_count(num_classes, "num_classes", 2)
        domain = Labels(num_classes)
    elif not shape:
        raise ValueError(
            "`num_classes` must be given, because `encoder` takes labels. Received: "
            "None"
        )
    else:
        domain = of_shape(shape)
    for name, network in (("encoder", encoder), ("decoder", decoder)):
        found = tuple(network.inputs[1].shape[1:])
        if found != domain.shape:
            raise ValueError(
                f"`{name}` must take {domain.noun} of shape {domain.shape} as its "
                f"second input, with num_classes={num_classes}. Received shape: {found}"
            )
    return domain


def _check_prior(network, taken, num_outputs):
    check_network("prior_network", network, 1)
    shapes = [tuple(t.shape[1:]) for t in (network.inputs[0], network.outputs[0])]
    if shapes != [taken, (num_outputs,)]:
        raise ValueError(
            f"`prior_network` must map conditions of shape {taken} to {num_outputs} "
            "numbers, a mean and a log scale for each latent. Received shapes: "
            f"{shapes[0]} and {shapes[1]}"
        )
    check_reaches("prior_network", network, REALS, "means and logs of scales")
