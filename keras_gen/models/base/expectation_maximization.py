"""The base of models that are fitted by expectation maximization."""

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import shown
from keras_gen.models.base.generative_model import GenerativeModel
from keras_gen.models.base.replicas import num_replicas


@keras.saving.register_keras_serializable(package="keras_gen")
class StepwiseRate(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate `(step + 2) ** -power` of stepwise expectation maximization.

    Args:
        power: Float in (0.5, 1]; a smaller one forgets old batches faster.

    Reference:
        Liang and Klein, "Online EM for unsupervised models", 2009, section 3.
    """

    def __init__(self, power=0.7):
        if not 0.5 < power <= 1.0:
            raise ValueError(f"`power` must lie in (0.5, 1]. Received: {shown(power)}")
        self.power = power

    def __call__(self, step):
        return (tf.cast(step, tf.float32) + 2.0) ** -self.power

    def get_config(self) -> dict:
        return {"power": self.power}


class PassOverData(keras.metrics.Metric):
    """What a pass over the data keeps until its end: the E-step's parameters.

    It is reset with the means of the loss, at the beginning of an epoch, and reports
    nothing. As a metric it is in checkpoints, since a pass may be resumed in its
    middle, and not among the weights of the model.

    Args:
        shapes: List of tuples, the shapes of the parameters.
    """

    def __init__(self, shapes, name="pass_over_data", **kwargs):
        super().__init__(name=name, **kwargs)
        # Equal on all replicas.
        options = {"initializer": "zeros", "aggregation": "mean"}
        self.num_examples = self.add_variable((), name="num_examples", **options)
        self.parameters = [
            self.add_variable(shape, name="parameter", **options) for shape in shapes
        ]

    def begin_step(self, maximize, num_rows) -> tuple:
        """The parameters of the pass, and the share of the pass that a batch is so far.

        Args:
            maximize: Function that returns the parameters of a new pass.
            num_rows: Float scalar, the examples of the batch on all replicas.
        """
        held = [tf.convert_to_tensor(variable) for variable in self.parameters]
        begins = tf.equal(self.num_examples, 0.0)
        parameters = tf.cond(begins, lambda: list(maximize()), lambda: held)
        for variable, value in zip(self.parameters, parameters, strict=True):
            variable.assign(value)
        return parameters, num_rows / self.count(num_rows)

    def count(self, num_rows) -> tf.Tensor:
        """Counts the examples of a batch; returns those of the pass so far."""
        num_examples = self.num_examples + num_rows
        self.num_examples.assign(num_examples)
        return num_examples

    def result(self) -> dict:
        return {}

    def reset_state(self) -> None:
        self.num_examples.assign(0.0)


class ExpectationMaximization(GenerativeModel):
    """Abstract: a model whose parameters are a function of mean statistics.

    The trainable weights are the means over examples of the expected sufficient
    statistics. A step moves them towards the mean of its batch, which is a step of SGD
    on half the squared distance to it.

    By default an epoch of `fit()` is one exact step of expectation maximization,
    whatever the batch size: the expectations of the whole epoch are taken under the
    parameters at its beginning, and the statistics are the running mean over its
    batches. So the bound on the likelihood of the training data never falls, and memory
    does not grow with their number. An epoch begins with `reset_metrics()`, which
    `fit()` calls; with `train_on_batch()` call it yourself.

    With `stepwise=True` each batch is a step, of a learning rate below 1. This learns
    faster from many examples, and from streams without an end.

    The reported `loss` is the negative mean of `expect()`, of the parameters before the
    step.

    Args:
        stepwise: Boolean, whether parameters change after each batch.
        seed: Integer in [0, 2**31).
        name: Optional string.

    Reference:
        Dempster, Laird and Rubin, "Maximum likelihood from incomplete data via the EM
        algorithm", 1977; Cappe and Moulines, "On-line expectation-maximization
        algorithm for latent data models", 2009, arXiv:0712.4273.
    """

    call_takes = ("x",)

    def __init__(self, *, stepwise=False, **kwargs):
        super().__init__(**kwargs)
        self.stepwise = stepwise
        # How many examples the statistics are the means of.
        self._num_examples = self.add_weight(
            shape=(),
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
            name="num_examples",
        )

    # Hooks

    def expect(self, x, parameters, training=False) -> tuple:
        """The expectation step, on one batch.

        Args:
            x: Tensor of shape `(batch, *x_domain.shape)`.
            parameters: List of tensors, from `maximize()`.
            training: Boolean; if False, only the bound is needed.

        Returns:
            The log-likelihood of each example or a lower bound on it, of shape
            `(batch,)`, and the list of mean statistics of the batch.
        """
        raise NotImplementedError

    def maximize(self, statistics, num_examples) -> list:
        """The maximization step: the parameters that fit the statistics best.

        Args:
            statistics: List of tensors, the mean statistics.
            num_examples: Float scalar, how many examples they are the means of.

        Returns:
            List of tensors of fixed shapes.
        """
        raise NotImplementedError

    def further_terms(self, parameters) -> dict:
        """Scalars that are reported beside `loss`, by name; none by default.

        Args:
            parameters: List of tensors, with which the expectations were taken.
        """
        return {}

    # What follows

    def call(self, x) -> tf.Tensor:
        """The same as the `default_method` of the model."""
        return getattr(self, self.default_method)(x)

    def hold(self, statistics) -> None:
        """Makes the trainable weights. A constructor calls it once.

        Args:
            statistics: List of arrays, the initial mean statistics.
        """
        self._statistics = [
            self.add_weight(value.shape, initializer="zeros", name="statistic")
            for value in statistics
        ]
        self.restart(statistics)
        shapes = [value.shape for value in self.parameters()]
        self._pass = PassOverData(shapes)

    def restart(self, statistics) -> None:
        """Assigns other mean statistics, a list of arrays, before a training."""
        for variable, value in zip(self._statistics, statistics, strict=True):
            variable.assign(value)

    def parameters(self) -> list:
        """The parameters of the model, a list of tensors, as `maximize()` gives them.

        In the middle of an epoch they are those of the batches seen so far.
        """
        statistics = [tf.convert_to_tensor(value) for value in self._statistics]
        return self.maximize(statistics, tf.convert_to_tensor(self._num_examples))

    def default_optimizer(self):
        return keras.optimizers.SGD(StepwiseRate() if self.stepwise else 1.0)

    def check_optimizer(self, optimizer):
        is_plain = isinstance(optimizer, keras.optimizers.SGD) and not (
            optimizer.momentum
            or optimizer.weight_decay
            or optimizer.use_ema
            or optimizer.gradient_accumulation_steps
            or optimizer.clipnorm
            or optimizer.clipvalue
            or optimizer.global_clipnorm
        )
        rate = float(np.asarray(optimizer.learning_rate)) if is_plain else None
        if is_plain and (rate == 1.0 or self.stepwise and 0.0 <= rate < 1.0):
            return
        allowed = "of a rate of at most 1" if self.stepwise else "of rate 1"
        raise ValueError(
            f"`optimizer` of {type(self).__name__} must be plain `SGD` {allowed}, "
            "which is expectation maximization; less needs `stepwise=True`. "
            f"Received: {type(optimizer).__name__}"
            + (f" of rate {rate:g}" if is_plain else "")
        )

    def loss_terms(self, batch, training):
        if not training:
            parameters = self.parameters()
            bound, _ = self.expect(batch.x, parameters)
            terms = self.further_terms(parameters)
            return {"loss": -tf.reduce_mean(bound), **terms}
        num_rows = tf.cast(tf.shape(batch.x)[0] * num_replicas(), tf.float32)
        if self.stepwise:
            parameters, share = self.parameters(), 1.0
            seen = tf.maximum(self._pass.count(num_rows), self._num_examples)
        else:
            parameters, share = self._pass.begin_step(self.parameters, num_rows)
            seen = tf.convert_to_tensor(self._pass.num_examples)
        self._num_examples.assign(seen)
        parameters = [tf.stop_gradient(value) for value in parameters]
        bound, statistics = self.expect(batch.x, parameters, training=True)
        # Zero, with the gradient of half the squared distance to the new statistics.
        pull = 0.0
        for variable, new in zip(self._statistics, statistics, strict=True):
            old = tf.convert_to_tensor(variable)
            way = tf.stop_gradient(share * (old - new))
            pull += tf.reduce_sum((old - tf.stop_gradient(old)) * way)
        terms = self.further_terms(parameters)
        return {"loss": pull - tf.reduce_mean(tf.stop_gradient(bound)), **terms}
