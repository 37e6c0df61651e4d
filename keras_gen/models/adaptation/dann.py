"""Domain-adversarial network (Ganin et al., 2016)."""

import keras
import tensorflow as tf
from keras import ops

from keras_gen import domains
from keras_gen.distributions.likelihoods import REALS
from keras_gen.layers import GradientReversal
from keras_gen.models.base import (
    Classifier,
    GenerativeModel,
    at_step,
    check_number,
    check_reaches,
    num_replicas,
    whole_batch,
)
from keras_gen.networks import check_classifier, check_judge, check_network


@keras.saving.register_keras_serializable(package="keras_gen")
class DANN(Classifier, GenerativeModel):
    """Classifies examples of a target domain, of which it knows no labels.

    It learns from labelled examples of a source domain and from examples of the target
    domain, whose label is -1 (`keras_gen.datasets.adaptation()` makes such batches). A
    discriminator tells from the features which domain an example comes from. Its
    gradient is reversed on the way to the extractor, so the extractor learns features
    that do not show the domain. Images lie in [0, 1] unless you pass another
    `x_domain`.

    Reports `cross_entropy` and `accuracy` of the labelled examples, and
    `domain_cross_entropy` and `domain_accuracy` of the discriminator, which are log 2
    and 0.5 if it cannot tell the domains. `loss` is the sum of the cross-entropies, so
    less is not better: the extractor works against the second one. Choose nothing by
    labels of the target. `evaluate()` on labelled examples of the target gives their
    `accuracy`; the terms of the domain then mean nothing.

    NOTE: The domain loss is the mean of those of the two domains, where eq. 10 of the
    paper has their sum. The default optimizer has a constant rate. The schedules of the
    paper are `reversal=SigmoidRise(num_steps)` and a rate of `PowerDecay(0.01,
    num_steps)`, of `keras_gen.schedules`.

    The reversed loss has no upper bound. If the domains are told easily, features can
    grow without end: `domain_cross_entropy` is then far above log 2. Choose a smaller
    factor, such as `SigmoidRise(num_steps, highest=0.1)`, or learning rate.

    NOTE: Batch normalization in the extractor takes moments over both domains.

    Args:
        extractor: Network from examples to features of any shape.
        classifier: Network from features to logits, one for each class.
        discriminator: Network from features to one logit, that of the source domain.
        reversal: Float of at least 0, the factor of the reversed gradient (lambda), or
            a Keras schedule. With 0 the extractor learns from the source alone.
        x_domain: Optional `keras_gen.domains.Domain` of the examples.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or `reversal` is negative.

    Reference:
        [Domain-Adversarial Training of Neural
        Networks](https://arxiv.org/abs/1505.07818), 2016.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import DANN
    >>> from keras_gen.networks import mlp
    >>> heads = mlp((8,), [], (3,)), mlp((8,), [8], (1,))
    >>> model = DANN(mlp((4, 4, 1), [], (8,)), *heads)
    >>> model.compile()
    >>> y = [0, 1, 2, -1, -1, -1]  # the last three images are of the target
    >>> _ = model.fit(np.zeros((6, 4, 4, 1)), np.array(y), verbose=0)
    >>> model.classify(np.zeros((2, 4, 4, 1))).shape
    TensorShape([2, 3])
    """

    term_names = (
        "loss",
        "cross_entropy",
        "accuracy",
        "domain_cross_entropy",
        "domain_accuracy",
    )

    def __init__(
        self,
        extractor,
        classifier,
        discriminator,
        reversal=1.0,
        x_domain=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_network("extractor", extractor, 1)
        features = extractor.output_shape[1:]
        num_classes = check_classifier("classifier", classifier, features)
        check_judge("discriminator", discriminator, features)
        check_reaches("classifier", classifier, REALS, "logits")
        check_reaches("discriminator", discriminator, REALS, "logits")
        check_number(reversal, "reversal", 0)
        self.extractor = extractor
        self.classifier = classifier
        self.discriminator = discriminator
        self.reversal = reversal
        self.x_domain = domains.for_network("x_domain", x_domain, extractor)
        self.y_domain = domains.Labels(num_classes, optional=True)
        self._reverse = GradientReversal(name="reversal")

    def default_optimizer(self):
        return keras.optimizers.SGD(0.01, momentum=0.9)

    def loss_terms(self, batch, training):
        features = self.extractor(batch.x, training=training)
        reversed_ = self._reverse(features, factor=at_step(self, self.reversal))
        logits = ops.cast(self.classifier(features, training=training), "float32")
        score = ops.cast(self.discriminator(reversed_, training=training), "float32")
        is_source = batch.y >= 0
        source, target = _weights(is_source), _weights(~is_source)

        cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(
            tf.maximum(batch.y, 0), logits
        )
        is_right = ops.argmax(logits, axis=-1) == batch.y
        sign = tf.where(is_source, -1.0, 1.0)
        domain_loss = ops.softplus(sign * score[:, 0])
        is_told = (score[:, 0] > 0) == is_source
        both = 0.5 * (source + target)
        terms = {
            "cross_entropy": source * cross_entropy,
            "accuracy": source * ops.cast(is_right, "float32"),
            "domain_cross_entropy": both * domain_loss,
            "domain_accuracy": both * ops.cast(is_told, "float32"),
        }
        terms = {name: ops.sum(values) for name, values in terms.items()}
        loss = terms["cross_entropy"] + terms["domain_cross_entropy"]
        return {"loss": loss, **terms}

    def classify(self, x):
        features = self.extractor(x, training=False)
        logits = self.classifier(features, training=False)
        return tf.nn.softmax(ops.cast(logits, "float32"))


def _weights(chosen):
    """Weights of examples, equal for those chosen, with a mean over replicas of 1.

    The weights of a replica sum to its part of the chosen of the whole batch, times the
    number of replicas. If none is chosen they are zero.
    """
    chosen = tf.cast(chosen, tf.float32)
    num_chosen = tf.reduce_sum(whole_batch(chosen))
    return chosen * (num_replicas() / tf.maximum(num_chosen, 1.0))
