"""The base of models whose networks learn in turn, each by its own objective."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from keras_gen.models.base import replicas
from keras_gen.models.base.generative_model import GenerativeModel
from keras_gen.models.base.phase_optimizers import PhaseOptimizers


class Phase(NamedTuple):
    """One part of a training step: some variables descend on one loss.

    Attributes:
        name: String. The phase minimizes the term `"<name>_loss"`, and its optimizer is
            given to `compile()` as `<name>_optimizer`.
        terms: Function `(batch, training)` to a dict of float32 scalars.
        variables: List of the variables that learn.
        steps: Integer of at least 1, the updates in one training step.
        after_update: Function without arguments, called after each update.
    """

    name: str
    terms: Callable[..., Any]
    variables: list
    steps: int = 1
    after_update: Callable[..., Any] = lambda: None


class AlternatingModel(GenerativeModel):
    """Abstract: phases in order, one optimizer each.

    Where a phase takes `k` updates in a training step, the batch is dealt into `k`
    shares, `images[j::k]`, and its update `j` sees share `j`; a phase with fewer
    updates sees the first shares. A batch of `k * m` images is thus `k` minibatches of
    `m`.

    A subclass implements `phases()` and `default_optimizers()`.
    """

    def phases(self):
        """The phases in their order, a list of `Phase`."""
        raise NotImplementedError

    def default_optimizers(self):
        """What `compile()` takes, a dict from the name of each phase to its optimizer.

        They are made anew by each call.
        """
        raise NotImplementedError

    @property
    def num_shares(self):
        """Integer, the shares into which a batch is dealt."""
        return max(phase.steps for phase in self.phases())

    def compile(self, optimizer=None, **kwargs):
        """Configures training.

        Args:
            optimizer: Optional `PhaseOptimizers`, all optimizers at once.
            **kwargs: `<phase>_optimizer` for each phase whose optimizer is not to be
                the paper's; `skip_nonfinite` as in `GenerativeModel.compile()`, where
                each update counts by itself; the others as in `keras.Model.compile()`,
                except `loss`: the objectives are the model's own. Metrics compare the
                images of a batch with as many samples.

        Raises:
            ValueError: If a `loss` is given, `optimizer` is one for all phases, or
                weights are kept in float16, whose losses Keras scales for one optimizer
                only.
        """
        phases = self.phases()
        if optimizer is not None and not isinstance(optimizer, PhaseOptimizers):
            names = ", ".join(f"`{phase.name}_optimizer`" for phase in phases)
            raise ValueError(
                f"{type(self).__name__} has an optimizer for each phase: give {names} "
                f"instead of `optimizer`. Received: {optimizer!r}"
            )
        if self.dtype_policy.name == "mixed_float16":
            raise ValueError(
                f"{type(self).__name__} does not train in mixed_float16, where Keras "
                "scales the loss of one optimizer only: use mixed_bfloat16."
            )
        by_phase = self.default_optimizers()
        for name in by_phase:
            given = kwargs.pop(f"{name}_optimizer", None)
            if given is not None:
                by_phase[name] = keras.optimizers.get(given)
        optimizer = PhaseOptimizers(by_phase) if optimizer is None else optimizer
        if set(optimizer.by_phase) != set(by_phase):
            raise ValueError(
                f"`optimizer` must hold one for each of {', '.join(by_phase)}. "
                f"Received: {', '.join(optimizer.by_phase)}"
            )
        # Under a distribution strategy variables cannot be made inside the step.
        for phase in phases:
            optimizer.by_phase[phase.name].build(phase.variables)
        optimizer.built = True
        super().compile(optimizer, **kwargs)

    def loss_terms(self, batch, training):
        terms = {}
        for phase in self.phases():
            terms |= phase.terms(batch, training)
        return terms

    def train_step(self, data):
        batch = self._batch(data, step=self._steps_taken())
        num_shares = self.num_shares
        for phase in self.phases():
            for index in range(phase.steps):
                self._update(phase, batch.share(index, num_shares))
        self.optimizer.iterations.assign_add(1)
        return self._results(batch)

    def _update(self, phase, batch):
        """One update of the variables of a phase, on the loss of the same name."""
        optimizer = self.optimizer.by_phase[phase.name]
        before = self._before_update()
        # Watching nothing else, the tape keeps nothing of the other phases' networks.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in phase.variables])
            terms = phase.terms(batch, training=True)
            loss = self._loss_of_replica(optimizer, terms[f"{phase.name}_loss"])
        variables = [variable.value for variable in phase.variables]

        def apply(gradients):
            replicas.apply(optimizer, gradients, phase.variables)
            phase.after_update()

        gradients = tape.gradient(loss, variables)
        self._learn(optimizer, apply, gradients, terms, batch, before)

    def check_batch(self, data):
        super().check_batch(data)
        images = keras.utils.unpack_x_y_sample_weight(data)[0]
        if len(images) < self.num_shares:
            raise ValueError(
                f"{type(self).__name__} deals each batch into {self.num_shares} shares,"
                f" so a batch must have at least so many images. Received: "
                f"{len(images)}"
            )
