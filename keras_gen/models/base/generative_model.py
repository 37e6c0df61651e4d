"""The base of every model: config, training step, reporting, checks of the data."""

import copy
import inspect
import itertools

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_gen.images import to_uint8
from keras_gen.models.base import guard, replicas
from keras_gen.models.base.batch import Batch
from keras_gen.random import Rows, check_seed


class GenerativeModel(keras.Model):
    """Abstract: a model trained by its own objective, restored by its own signature.

    A subclass keeps every constructor argument on `self` under its own name, which is
    all that `get_config()` needs, receives networks that are already built, names the
    scalars that it reports in `term_names` and implements `loss_terms()`. One whose
    networks learn in turn is an `AlternatingModel`, which trains in its own way.

    Args:
        seed: Integer in [0, 2**31). Noise of training and evaluation is a function of
            this seed, the step and the position of the example in the batch.
        name: Optional string, the name of the model.

    Raises:
        ValueError: If `seed` is not such an integer.
    """

    #: Names of the scalars that `loss_terms()` returns.
    term_names = ("loss",)
    #: Lowest and highest pixel value of the model's images.
    image_range = (0.0, 1.0)
    #: Shape of one image, without the batch; a subclass sets it in its constructor.
    image_shape = None
    #: Parts into which a training step deals its batch.
    num_shares = 1
    #: Number of classes if the model learns from labelled images, else None.
    num_classes = None
    #: Whether `compile()` was asked to leave out updates that are not finite.
    skip_nonfinite = False

    def __init__(self, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.seed = check_seed(seed)
        self._trackers = [keras.metrics.Mean(name=name) for name in self.term_names]
        # Rows of the data seen since the last reset, so that each example of an
        # evaluation has noise of its own, whatever the batch size.
        self._evaluated_rows = self.add_weight(
            shape=(),
            dtype="int32",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
            name="evaluated_rows",
        )
        # Keras calls a model to build it. This one has its own `train_step()`, so that
        # would never happen, and it is made of networks that are built already.
        self.built = True

    def get_config(self):
        parameters = inspect.signature(type(self).__init__).parameters.values()
        names = [
            parameter.name
            for parameter in parameters
            if parameter.name != "self" and parameter.kind != parameter.VAR_KEYWORD
        ]
        config = {
            name: keras.saving.serialize_keras_object(getattr(self, name))
            for name in names
        }
        dtype = keras.saving.serialize_keras_object(self.dtype_policy)
        return {"name": self.name, "dtype": dtype, **config}

    @classmethod
    def from_config(cls, config):
        # Keras takes the configs of networks apart as it reads them.
        config = copy.deepcopy(config)
        return cls(
            **{
                name: keras.saving.deserialize_keras_object(value)
                for name, value in config.items()
            }
        )

    # Training

    def default_optimizer(self):
        """The optimizer that `compile()` takes when it is given none."""
        return keras.optimizers.Adam(1e-3)

    def compile(self, optimizer=None, skip_nonfinite=False, **kwargs):
        """Configures training.

        Args:
            optimizer: Keras optimizer. Defaults to the paper's.
            skip_nonfinite: Boolean. If True, an update of which a reported term or a
                gradient is NaN or infinite leaves all weights and moments as they were
                and all means without it, and `"skipped_updates"` reports how many such
                there were. Only the optimizer's count of steps goes on, so that
                schedules and noise keep in step with the data.
            **kwargs: As in `keras.Model.compile()`, except `loss`: the objective is
                the model's own. Metrics compare the images with what `call()` makes of
                them; labels are not theirs. On several replicas an execution has one
                step whatever `steps_per_execution` says, as Keras has no more there.

        Raises:
            ValueError: If a `loss` is given; or if the model was made in the scope of a
                strategy of several replicas and is not compiled there, or with what
                does not work there: XLA, float16, gradient accumulation; or
                `skip_nonfinite` is given for mixed_float16.
        """
        if kwargs.get("loss") is not None:
            raise ValueError(
                f"{type(self).__name__} brings its own objective, so `loss` must be "
                f"left out. Received: loss={kwargs['loss']!r}"
            )
        optimizer = self.default_optimizer() if optimizer is None else optimizer
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
        super().compile(optimizer=optimizer, **kwargs)
        # Under a distribution strategy variables cannot be made inside the step.
        self.optimizer.build(self.trainable_variables)

    def get_compile_config(self):
        config = super().get_compile_config()
        if self.compiled and self.skip_nonfinite:
            config["skip_nonfinite"] = True
        return config

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    def loss_terms(self, batch, training):
        """Named scalars of one batch; `"loss"` is the one to minimize.

        Args:
            batch: `Batch` of images.
            training: Boolean, whether layers behave as in training.

        Returns:
            Dict from each of `term_names` to a float32 scalar.
        """
        raise NotImplementedError

    def train_step(self, data):
        batch = self._batch(data, step=self._steps_taken())
        before = self._before_update()
        with tf.GradientTape() as tape:
            terms = self.loss_terms(batch, training=True)
            loss = self._loss_of_replica(self.optimizer, terms["loss"])
        variables = self.trainable_variables
        gradients = tape.gradient(loss, variables)

        def apply(gradients):
            replicas.apply(self.optimizer, gradients, variables)

        self._learn(self.optimizer, apply, gradients, terms, batch, before)
        return self._results(batch)

    def test_step(self, data):
        batch = self._batch(data, step=-1, first_row=self._evaluated_rows.value)
        num_rows = ops.shape(batch.images)[0] * replicas.num_replicas()
        self._evaluated_rows.assign_add(num_rows)
        self._track(self.loss_terms(batch, training=False), batch)
        return self._results(batch)

    def comparison(self, batch):
        """What metrics given to `compile()` compare the images of a batch with."""
        return self(batch.images)

    def reset_metrics(self):
        super().reset_metrics()
        self._evaluated_rows.assign(0)

    @property
    def metrics(self):
        compiled = self._compile_metrics if self.compiled else None
        skipped = [self._skipped] if self.skip_nonfinite else []
        return [*self._trackers, *skipped, *([] if compiled is None else [compiled])]

    def _batch(self, data, step, first_row=0):
        """One batch with its randomness, by the position in the global batch."""
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        images = ops.cast(images, "float32")
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        num_rows = ops.shape(images)[0]
        rows = Rows(num_rows, self.seed, first_row + replica * num_rows, step)
        if self.num_classes is None:
            return Batch(images, rows)
        return Batch(images, rows, ops.cast(labels, "int32"))

    def _steps_taken(self):
        # Not `iterations`, which stands still while gradients are accumulated.
        optimizer = getattr(self.optimizer, "inner_optimizer", self.optimizer)
        return optimizer._iterations

    def _loss_of_replica(self, optimizer, loss):
        """A loss as its gradient is taken: regularized, scaled, of this replica."""
        loss = sum(self.losses, loss)
        # Gradients are summed over the replicas, not averaged.
        loss = loss / replicas.num_replicas()
        return optimizer.scale_loss(loss)

    def _before_update(self):
        """The weights that calls of layers change, if they may have to be restored."""
        if not self.skip_nonfinite:
            return []
        weights = self.non_trainable_weights
        return [tf.convert_to_tensor(weight.value) for weight in weights]

    def _learn(self, optimizer, apply, gradients, terms, batch, before):
        """Calls `apply(gradients)` and tracks the terms, unless both are to be skipped.

        Args:
            optimizer: Keras optimizer, the one that `apply` applies gradients by.
            apply: Function of a list of gradients.
            gradients: That list.
            terms: Dict of float32 scalars.
            batch: `Batch` that they are of.
            before: What `_before_update()` gave before the terms were computed.
        """
        if not self.skip_nonfinite:
            apply(gradients)
            self._track(terms, batch)
            return

        def restore(before):
            for weight, value in zip(self.non_trainable_weights, before, strict=True):
                self.assign_everywhere(weight, value)
            optimizer.iterations.assign_add(1)

        finite = guard.all_finite(terms, gradients)
        guard.apply_or_restore(finite, apply, gradients, restore, before)
        terms = {name: tf.where(finite, term, 0.0) for name, term in terms.items()}
        self._track(terms, batch, tf.cast(finite, tf.int32))
        self._skipped.update_state(finite)

    def assign_everywhere(self, variable, value):
        """Assigns the value that all replicas have found to a variable of theirs."""

        def merge(strategy, value):
            strategy.extended.update(
                variable.value, lambda v, new: v.assign(new), args=(value,)
            )

        tf.distribute.get_replica_context().merge_call(merge, args=(value,))

    def _track(self, terms, batch, weight=1):
        """Updates the running means, weighted by rows."""
        num_rows = weight * ops.shape(batch.images)[0]
        for tracker in self._trackers:
            if tracker.name in terms:
                tracker.update_state(terms[tracker.name], sample_weight=num_rows)

    def _results(self, batch):
        results = {tracker.name: tracker.result() for tracker in self._trackers}
        if self.skip_nonfinite:
            results[self._skipped.name] = self._skipped.result()
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(batch.images, self.comparison(batch))
            results.update(self._compile_metrics.result())
        return replicas.results(results)

    # Checks at the door, since a traced step cannot raise

    def fit(self, x=None, y=None, batch_size=None, epochs=1, **kwargs):
        """Trains on `x`: images, or a dataset of images or of (images, labels) pairs.

        Everything is as in `keras.Model.fit()`, except that all examples weigh the
        same: there is no `sample_weight` and no `class_weight`. Labels are left unused
        by models that do not state `num_classes`.

        Raises:
            ValueError: If the first batch is empty, has the wrong shape or dtype, or
                holds NaN, values outside `image_range` or weights; or if it has no
                labels, or wrong ones, for a model that learns from them.
        """
        x = self._checked(x, y, kwargs)
        validation = kwargs.get("validation_data")
        if isinstance(validation, tuple):
            self.check_batch(validation)
            size = kwargs.get("validation_batch_size") or batch_size
            self._divisible(validation[0], size)
        elif validation is not None:
            validation = self._checked(validation, None, {})
            kwargs["validation_data"] = self._divisible(validation, None)
        x = self._divisible(x, batch_size, self.num_shares)
        if not hasattr(x, "shape"):
            # Keras shuffles arrays, and warns of datasets that it cannot shuffle.
            kwargs.setdefault("shuffle", False)
        return super().fit(x, y, batch_size, epochs, **kwargs)

    def evaluate(self, x=None, y=None, batch_size=None, **kwargs):
        """Means of the reported terms over `x`, as in `keras.Model.evaluate()`.

        Raises:
            ValueError: As in `fit()`.
        """
        # `fit()` evaluates on validation data that it has checked.
        if not kwargs.get("_use_cached_eval_dataset"):
            x = self._divisible(self._checked(x, y, kwargs), batch_size)
        return super().evaluate(x, y, batch_size, **kwargs)

    def check_images(self, images):
        """Raises a ValueError unless `images` is a batch of this model's images.

        Args:
            images: Array or tensor, expected of shape `(batch, *image_shape)` with
                values in `image_range`.
        """
        self.check_shape(images)
        low, high = self.image_range
        values = np.asarray(images)
        least, most = values.min(), values.max()
        if least < low or most > high:
            raise ValueError(
                f"`x` must lie in [{low}, {high}] for this {type(self).__name__}, the "
                "range that its `image_range` states. Received values from "
                f"{least} to {most}"
            )

    def check_shape(self, images):
        """Raises a ValueError unless `images` are numbers of this model's shape.

        Args:
            images: Array or tensor, expected of shape `(batch, *image_shape)`.
        """
        if not hasattr(images, "shape"):
            raise ValueError(f"`x` must be an array of images. Received: {images!r}")
        shape = tuple(images.shape)
        if len(shape) == 0 or shape[0] == 0:
            raise ValueError(f"`x` holds no images. Received shape: {shape}")
        self._check_image_shape(shape)
        values = np.asarray(images)
        if values.dtype.kind not in "fiu":
            raise ValueError(f"`x` must hold numbers. Received dtype: {values.dtype}")
        if np.isnan(values.min()):
            count = int(np.isnan(values).sum())
            raise ValueError(f"`x` holds NaN: {count} of {values.size} values.")

    def check_labels(self, labels, num_labels):
        """Raises a ValueError unless `labels` are classes, one for each of so many.

        Args:
            labels: Integer array or tensor, expected of shape `(num_labels,)` with
                values in `[0, num_classes)`.
            num_labels: Integer.
        """
        name = type(self).__name__
        if labels is None:
            raise ValueError(
                f"{name} learns from labels: give `y`, or a dataset of (images, "
                "labels). Received images alone."
            )
        labels = np.asarray(labels)
        if labels.shape != (num_labels,) or labels.dtype.kind not in "iu":
            raise ValueError(
                f"Labels must be integers of shape {(num_labels,)} for this {name}. "
                f"Received: {labels.dtype} of shape {labels.shape}"
            )
        if labels.min() < 0 or labels.max() >= self.num_classes:
            raise ValueError(
                f"Labels must lie in [0, {self.num_classes}) for this {name}. Received "
                f"values from {labels.min()} to {labels.max()}"
            )

    def labels_of_samples(self, num_samples, labels=None, first_row=0):
        """One label for each sample, int32: those given, one for all, or all in turn.

        Args:
            num_samples: Integer.
            labels: Optional integer, or integer array of shape `(num_samples,)`.
                Defaults to the classes in turn, of which row 0 has the first.
            first_row: Integer, the row of the first sample.

        Raises:
            ValueError: If `labels` are not as stated.
        """
        if labels is None:
            labels = (first_row + np.arange(num_samples)) % self.num_classes
        labels = np.asarray(labels)
        if labels.ndim == 0:
            labels = np.full(num_samples, labels)
        self.check_labels(labels, num_samples)
        return labels.astype(np.int32)

    def _check_image_shape(self, shape):
        if shape[1:] != tuple(self.image_shape):
            raise ValueError(
                f"`x` must have shape (batch, {', '.join(map(str, self.image_shape))}) "
                f"for this {type(self).__name__}. Received shape: {shape}"
            )

    def _checked(self, x, y, kwargs):
        """`x`, once its first batch has passed the checks."""
        for name in ("sample_weight", "class_weight"):
            if kwargs.get(name) is not None:
                raise ValueError(
                    f"{type(self).__name__} weighs all examples equally: `{name}` must "
                    "be left out."
                )
        if x is None:
            raise ValueError("`x` must be given: images, or a dataset of images.")
        if isinstance(x, tf.distribute.DistributedDataset):
            return x
        if hasattr(x, "shape"):
            self.check_batch((x, y))
            return x
        if isinstance(x, keras.utils.PyDataset):
            self.check_batch(x[0] if len(x) else None)
            return x
        if isinstance(x, tf.data.Dataset):
            self.check_batch(next(iter(x.take(1)), None))
            return x
        if not hasattr(x, "__iter__") or isinstance(x, (list, tuple, dict, str)):
            raise ValueError(
                "`x` must be an array of images, a `tf.data.Dataset`, a "
                f"`keras.utils.PyDataset` or a generator. Received: {x!r}"
            )
        batches = iter(x)
        first = next(batches, None)
        self.check_batch(first)
        if batches is not x:
            return x
        return (batch for batch in itertools.chain([first], batches))

    def _divisible(self, x, batch_size, num_shares=1):
        """`x`, once its batches can be dealt to the replicas."""
        count = self.distribute_strategy.num_replicas_in_sync
        if count == 1:
            return x
        return replicas.check_batches(x, batch_size, count * num_shares)

    def check_batch(self, data):
        """Raises a ValueError unless `data` is a batch that this model trains on.

        Args:
            data: Images, or a tuple that begins with images; None if there was none.
        """
        if data is None:
            raise ValueError("`x` is empty: it gave no batch.")
        if isinstance(data, dict):
            raise ValueError(
                "`x` must give images or (images, labels). Received a dict with keys: "
                f"{sorted(data)}"
            )
        if isinstance(data, tuple) and len(data) > 2:
            raise ValueError(
                f"{type(self).__name__} weighs all examples equally: `x` must give "
                f"images or (images, labels). Received {len(data)} parts."
            )
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        self.check_images(images)
        if self.num_classes is not None:
            self.check_labels(labels, len(images))

    def to_uint8(self, images):
        """Images in `image_range` as uint8, rounded to the nearest of 256 levels."""
        return to_uint8(images, self.image_range)
