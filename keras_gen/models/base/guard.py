"""Updates that are left out because a number in them is not finite."""

import keras
import tensorflow as tf

from keras_gen.models.base import replicas


class SkippedUpdates(keras.metrics.Metric):
    """Counts the updates that all replicas have skipped together."""

    def __init__(self, name="skipped_updates", **kwargs):
        super().__init__(name=name, **kwargs)
        # Each replica has counted all of them.
        self.count = self.add_variable((), "zeros", aggregation="mean", name="count")

    def update_state(self, finite):
        self.count.assign_add(1.0 - tf.cast(finite, tf.float32))

    def result(self):
        return keras.ops.convert_to_tensor(self.count)

    def reset_state(self):
        self.count.assign(0.0)


def check_labels(domain, y):
    """Lets a step fail if a label does not belong to the domain; not under XLA.

    Args:
        domain: `keras_gen.domains.Labels`.
        y: Int32 tensor of shape `(batch,)`.
    """
    low, high = domain.bounds
    is_label = tf.reduce_all((y >= low) & (y <= high))
    tf.debugging.Assert(is_label, [f"`y` must lie in [{low}, {high}]."])


def weights_before(model):
    """The weights that calls of layers change, if they may have to be restored.

    Args:
        model: `GenerativeModel`.

    Returns:
        List of tensors, empty unless updates may be skipped.
    """
    if not model.skip_nonfinite:
        return []
    return [
        tf.convert_to_tensor(weight.value) for weight in model.non_trainable_weights
    ]


def restoring(model, optimizer):
    """A function of `weights_before()` that undoes what a skipped update has changed.

    Args:
        model: `GenerativeModel`.
        optimizer: The optimizer of the update, whose count of steps goes on.
    """

    def restore(before):
        for weight, value in zip(model.non_trainable_weights, before, strict=True):
            replicas.assign_everywhere(weight, value)
        optimizer.iterations.assign_add(1)

    return restore


def all_finite(terms, gradients):
    """Whether the numbers of an update are finite on all replicas, a boolean scalar.

    Args:
        terms: Dict of float scalars.
        gradients: List of tensors; None for a variable without one.
    """
    # A sum of squares reads a gradient once. It overflows where an element is beyond
    # 1e19, whose square no optimizer could keep either.
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


def apply_or_restore(finite, apply, gradients, restore, before):
    """Calls `apply(gradients)` or else `restore(before)` on all replicas.

    Args:
        finite: Boolean scalar, the same on all replicas.
        apply: Function of a list of tensors, of which it takes all that differ between
            replicas.
        gradients: Its argument.
        restore: Such a function, called where `finite` is False.
        before: Its argument.
    """
    if replicas.num_replicas() == 1:
        tf.cond(finite, lambda: apply(gradients), lambda: restore(before))
        return

    # Optimizers merge the replicas, which no branch within one of them can do.
    def merge(strategy, finite, gradients, before):
        everywhere = strategy.extended.call_for_each_replica
        tf.cond(
            strategy.experimental_local_results(finite)[0],
            lambda: everywhere(apply, args=(gradients,)),
            lambda: everywhere(restore, args=(before,)),
        )

    context = tf.distribute.get_replica_context()
    context.merge_call(merge, args=(finite, gradients, before))
