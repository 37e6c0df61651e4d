"""Updates that are skipped because a number in them is not finite."""

from collections.abc import Callable

import keras
import tensorflow as tf

from keras_gen.models.base import replicas


class SkippedUpdates(keras.metrics.Metric):
    """Counts the updates that all replicas have skipped together."""

    def __init__(self, name="skipped_updates", **kwargs):
        super().__init__(name=name, **kwargs)
        # Each replica counts all of them.
        self.count = self.add_variable((), "zeros", aggregation="mean", name="count")

    def update_state(self, finite) -> None:
        self.count.assign_add(1.0 - tf.cast(finite, tf.float32))

    def result(self) -> tf.Tensor:
        return keras.ops.convert_to_tensor(self.count)

    def reset_state(self) -> None:
        self.count.assign(0.0)


def check_labels(domain, y) -> None:
    """Lets a step fail if a label does not belong to the domain; not under XLA.

    Args:
        domain: `keras_gen.domains.Labels`.
        y: Int32 tensor of shape `(batch,)`.
    """
    low, high = domain.bounds
    is_label = tf.reduce_all((y >= low) & (y <= high))
    tf.debugging.Assert(is_label, [f"`y` must lie in [{low}, {high}]."])


def weights_before(model) -> list:
    """The weights that layers change in a forward pass, if updates can be skipped.

    Args:
        model: `GenerativeModel`.

    Returns:
        List of tensors; empty if updates are not skipped.
    """
    if not model.skip_nonfinite:
        return []
    return [
        tf.convert_to_tensor(weight.value) for weight in model.non_trainable_weights
    ]


def restoring(model, optimizer) -> Callable:
    """A function that takes `weights_before()` and restores these weights.

    Args:
        model: `GenerativeModel`.
        optimizer: The optimizer of the update. It still counts the step.
    """

    def restore(before):
        for weight, value in zip(model.non_trainable_weights, before, strict=True):
            replicas.assign_everywhere(weight, value)
        optimizer.iterations.assign_add(1)

    return restore


def all_finite(terms, gradients) -> tf.Tensor:
    """Whether the numbers of an update are finite on all replicas, a boolean scalar.

    Args:
        terms: Dict of float scalars.
        gradients: List of tensors; None for a variable without one.
    """
    # A sum of squares reads a gradient once. It overflows if an element is beyond 1e19,
    # and no optimizer could keep such a square either.
    squares = [
        tf.nn.l2_loss(getattr(gradient, "values", gradient))
        for gradient in gradients
        if gradient is not None
    ]
    numbers = [tf.cast(number, tf.float32) for number in (*terms.values(), *squares)]
    finite = tf.reduce_all(tf.math.is_finite(tf.stack(numbers)))
    if replicas.num_replicas() == 1:
        return finite
    context = tf.distribute.get_replica_context()
    wrong = tf.cast(tf.logical_not(finite), tf.float32)
    return context.all_reduce(tf.distribute.ReduceOp.SUM, wrong) == 0.0


def apply_or_restore(finite, apply, gradients, restore, before) -> None:
    """Calls `apply(gradients)` or else `restore(before)` on all replicas.

    Args:
        finite: Boolean scalar, the same on all replicas.
        apply: Function of a list of tensors. The list must hold all tensors that the
            function uses and that differ between replicas.
        gradients: The argument of `apply`.
        restore: The same kind of function, called if `finite` is False.
        before: The argument of `restore`.
    """
    if replicas.num_replicas() == 1:
        tf.cond(finite, lambda: apply(gradients), lambda: restore(before))
        return

    # Optimizers merge the replicas, which a branch within one replica cannot do.
    def merge(strategy, finite, gradients, before):
        everywhere = strategy.extended.call_for_each_replica
        tf.cond(
            strategy.experimental_local_results(finite)[0],
            lambda: everywhere(apply, args=(gradients,)),
            lambda: everywhere(restore, args=(before,)),
        )

    context = tf.distribute.get_replica_context()
    context.merge_call(merge, args=(finite, gradients, before))
