"""The base of every model: config, training step, reporting."""

import keras
import tensorflow as tf
from keras import ops

from keras_gen.arguments import shown
from keras_gen.domains import Domain, Labels, Vectors
from keras_gen.losses import total
from keras_gen.models.base import guard, keras_seams, replicas
from keras_gen.models.base.batch import Batch
from keras_gen.models.base.calling import Calling
from keras_gen.models.base.config import ConfigBySignature
from keras_gen.models.base.door import Door
from keras_gen.models.base.phases import (
    Phase,
    PhaseOptimizers,
    choose_optimizer,
    optimizer_of,
)
from keras_gen.random import Rows, check_seed


class GenerativeModel(ConfigBySignature, Door, Calling, keras.Model):
    """Abstract: a model with its own objective, whose config is its signature.

    The constructor of a subclass receives or builds the networks and sets `x_domain`,
    and `y_domain` if the model learns from pairs. It keeps every argument on `self`
    under its own name, which is all that `get_config()` needs. A subclass names the
    scalars that it reports in `term_names`, and implements `loss_terms()`, or
    `phases()` if its networks learn in turn.

    Keyword-only arguments of a base are options. A subclass passes them on as
    `**kwargs`, and they belong to its config.

    Args:
        seed: Integer in [0, 2**31). The noise of training and evaluation is a function
            of this seed, the step and the position of the example in the batch.
        name: Optional string, the name of the model.

    Raises:
        ValueError: If `seed` is not such an integer.
    """

    #: Names of the scalars that a training step reports.
    term_names = ("loss",)
    #: `keras_gen.domains.Domain` of the data.
    x_domain = None
    #: Domain of what the data are paired with, such as `Labels`; None without.
    y_domain = None
    #: The marked method that `call()` is, and an export does by default.
    default_method = None
    #: Whether methods that draw noise run under XLA. It compiles for some seconds, once
    #: for each batch size, and makes a long loop of small operations faster. Set it to
    #: False on a model that draws a single batch.
    compiled_sampling = False
    #: The losses of a game of two players that has stopped: a dict of `won`, the loss
    #: of a discriminator that tells all fakes from data, and `drawn`, the losses of
    #: both if it tells none. None if losses do not show that the game has stopped.
    stopped_losses = None
    #: Whether `compile()` was asked to skip updates that are not finite.
    skip_nonfinite = False

    def __init__(self, *, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.seed = check_seed(seed)
        self._trackers = [keras.metrics.Mean(name=name) for name in self.term_names]
        self._compares = False
        # The examples seen since the last reset. With it, the noise of an example in an
        # evaluation does not depend on the batch size.
        self._evaluated_rows = self.add_weight(
            shape=(),
            dtype="int32",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
            name="evaluated_rows",
        )
        # Keras builds a model by a call. The networks of this one are built already.
        self.built = True

    # Hooks

    def loss_terms(self, batch, training) -> dict:
        """The scalars of one batch by name; `"loss"` is minimized.

        Args:
            batch: `Batch`.
            training: Boolean, whether layers behave as in training.

        Returns:
            Dict from names among `term_names` to float32 scalars.
        """
        raise NotImplementedError

    def phases(self) -> list[Phase]:
        """The phases of a training step in their order, a list of `Phase`.

        If a phase makes `k` updates in a training step, the batch is divided into `k`
        shares, `x[j::k]`, and update `j` sees share `j`. A phase with fewer updates
        sees the first shares. So a batch of `k * m` examples is `k` minibatches of `m`.
        """
        return [Phase("", self.loss_terms, self.trainable_variables)]

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """The optimizer of each phase, if `compile()` gets none."""
        return keras.optimizers.Adam(1e-3)

    def comparison(self, batch) -> tuple:
        """The two tensors that the metrics of `compile()` compare."""
        return batch.x, self(batch.x if batch.y is None else (batch.x, batch.y))

    def domain_of(self, name) -> Domain | None:
        """The domain of an input or output of marked methods, or None.

        Args:
            name: String, such as "x", "y" or "latents".
        """
        if name == "probabilities" and isinstance(self.y_domain, Labels):
            return Vectors(self.y_domain.num_classes)
        return {"x": self.x_domain, "y": self.y_domain}.get(name)

    # Training

    def compile(
        self, optimizer=None, loss=None, *, skip_nonfinite=False, **kwargs
    ) -> None:
        """Configures training.

        Args:
            optimizer: Keras optimizer. Defaults to the paper's. A model with several
                phases takes `<phase>_optimizer` for each, or a `PhaseOptimizers`.
            skip_nonfinite: Boolean. If True, an update whose loss terms or gradients
                are NaN or infinite is skipped: weights, optimizer state and reported
                means do not change, and `"skipped_updates"` counts it. The optimizer
                still counts the step, so that schedules and noise stay in step with the
                data.
            **kwargs: As in `keras.Model.compile()`, without `loss`: the model has its
                own objective. Metrics compare the tensors of `comparison()`. On several
                replicas `steps_per_execution` is 1, because Keras fails with more.

        Raises:
            ValueError: If you pass a `loss`, or an argument that is not known; if an
                optimizer does not match the phases; if the model was made in the scope
                of a strategy with several replicas and is not compiled there, or is
                compiled with XLA, float16 or gradient accumulation there; or if
                `skip_nonfinite`, or a model with several phases, is used with
                mixed_float16.
        """
        optimizer = choose_optimizer(self, optimizer, kwargs)
        if loss is not None:
            raise ValueError(
                f"{type(self).__name__} brings its own objective, so `loss` must be "
                f"left out. Received: loss={shown(loss)}"
            )
        kwargs |= replicas.check_compile(
            self,
            getattr(optimizer, "optimizers", [optimizer]),
            kwargs.get("jit_compile", "auto"),
            kwargs.get("steps_per_execution", 1),
        )
        if replicas.num_replicas() > 1:
            replicas.synchronize_normalization(self)
        if skip_nonfinite and self.dtype_policy.name == "mixed_float16":
            raise ValueError(
                "`skip_nonfinite` must be left out in mixed_float16, where Keras skips "
                "such updates itself to find the scale of the loss. Received: "
                f"{skip_nonfinite}"
            )
        self.skip_nonfinite = skip_nonfinite
        if skip_nonfinite:
            self._skipped = guard.SkippedUpdates()
        self._compares = bool(kwargs.get("metrics") or kwargs.get("weighted_metrics"))
        super().compile(optimizer=optimizer, **kwargs)
        # Under a distribution strategy variables cannot be made inside the step.
        for phase in self.phases():
            optimizer_of(phase, self.optimizer).build(phase.variables)
        self.optimizer.built = True

    def get_compile_config(self) -> dict:
        config = super().get_compile_config()
        if self.compiled and self.skip_nonfinite:
            config["skip_nonfinite"] = True
        return config

    def compile_from_config(self, config) -> None:
        self.compile(**keras.saving.deserialize_keras_object(config))

    @property
    def num_shares(self) -> int:
        """Integer, the number of shares of a training batch."""
        return max(phase.steps for phase in self.phases())

    def train_step(self, data) -> dict:
        batch = self._batch(data, step=keras_seams.steps_taken(self.optimizer))
        phases = self.phases()
        num_shares = max(phase.steps for phase in phases)
        for phase in phases:
            for index in range(phase.steps):
                self._update(phase, batch.share(index, num_shares))
        if isinstance(self.optimizer, PhaseOptimizers):
            self.optimizer.iterations.assign_add(1)
        return self._results(batch)

    def _update(self, phase, batch):
        """One update of the variables of a phase, on its loss."""
        optimizer = optimizer_of(phase, self.optimizer)
        before = guard.weights_before(self)
        variables = [variable.value for variable in phase.learning]
        # The tape watches these only, so it keeps nothing of other phases' networks.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            terms = phase.named_terms(batch, True, self.term_names)
            # With regularization. Gradients are summed over the replicas.
            loss = total([terms[phase.loss], *self.losses]) / replicas.num_replicas()
            loss = optimizer.scale_loss(loss)

        def apply(gradients):
            replicas.apply(optimizer, gradients, phase.learning)
            phase.after_update()

        gradients = tape.gradient(loss, variables)
        if not self.skip_nonfinite:
            apply(gradients)
            self._track(terms, batch)
            return
        finite = guard.all_finite(terms, gradients)
        restore = guard.restoring(self, optimizer)
        guard.apply_or_restore(finite, apply, gradients, restore, before)
        terms = {name: tf.where(finite, term, 0.0) for name, term in terms.items()}
        self._track(terms, batch, tf.cast(finite, tf.int32))
        self._skipped.update_state(finite)

    def test_step(self, data) -> dict:
        batch = self._batch(data, step=-1, first_row=self._evaluated_rows.value)
        num_rows = ops.shape(batch.x)[0] * replicas.num_replicas()
        self._evaluated_rows.assign_add(num_rows)
        for phase in self.phases():
            self._track(phase.named_terms(batch, False, self.term_names), batch)
        return self._results(batch)

    def reset_metrics(self) -> None:
        if self._is_fitting:
            # Before an epoch and a validation: a bad batch is told early.
            self.look_for_bad_batch()
        super().reset_metrics()
        self._evaluated_rows.assign(0)

    @property
    def metrics(self) -> list:
        skipped = [self._skipped] if self.skip_nonfinite else []
        own = [*self._trackers, *skipped]
        # Keras also has a mean of a loss of its own, and keeps the counter of skipped
        # updates of an earlier `compile()`.
        names = {"loss", "skipped_updates"}
        return own + [
            m for m in super().metrics if m not in own and m.name not in names
        ]

    def _batch(self, data, step, first_row=0):
        """One batch with its random numbers, by the position in the global batch."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        num_rows = ops.shape(x)[0]
        rows = Rows(num_rows, self.seed, first_row + replica * num_rows, step)
        y = None if self.y_domain is None else self.y_domain.cast(y)
        if isinstance(self.y_domain, Labels) and not self.jit_compile:
            guard.check_labels(self.y_domain, y)
        return Batch(self.x_domain.cast(x), rows, y)

    def _track(self, terms, batch, weight=1):
        """Updates the running means, weighted by rows."""
        num_rows = weight * ops.shape(batch.x)[0]
        for tracker in self._trackers:
            if tracker.name in terms:
                tracker.update_state(terms[tracker.name], sample_weight=num_rows)

    def _results(self, batch):
        if self._compares:
            self.compute_metrics(None, *self.comparison(batch))
        return replicas.results(self.get_metrics_result())
