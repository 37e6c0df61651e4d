"""Makes several replicas of a model take the step of one device together.

Each replica sees its part of a batch. Noise is numbered over the whole batch, and
losses are divided by the number of replicas, because Keras sums their gradients. This
file has the rest: checks of what replicas cannot do, normalization, clipping, and
batches that can be divided.
"""

import keras
import tensorflow as tf

from keras_gen.models.base import keras_seams


def num_replicas() -> int:
    """The number of replicas of the strategy in whose scope or step you call this."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def check_compile(model, optimizers, jit_compile, steps_per_execution) -> dict:
    """Raises a ValueError if the replicas cannot train with these arguments.

    Args:
        model: `GenerativeModel`.
        optimizers: List of its optimizers.
        jit_compile: As in `keras.Model.compile()`.
        steps_per_execution: Integer.

    Returns:
        Dict of the last two. On several replicas, "auto" turns XLA off, and an
        execution has one step, because Keras fails with more.
    """
    strategy = tf.distribute.get_strategy()
    for weight in model.weights:
        if not strategy.extended.variable_created_in_scope(weight.value):
            raise ValueError(
                "Networks and models must be made, and models compiled, in the scope "
                f"of one strategy. {weight.path!r} was not made in the present scope, "
                f"that of {type(strategy).__name__}."
            )
    if num_replicas() == 1:
        return {
            "jit_compile": jit_compile,
            "steps_per_execution": steps_per_execution,
        }
    if jit_compile is True:
        raise ValueError(
            "`jit_compile` must be left out on several replicas, whose gradients XLA "
            "cannot reduce here. Received: True"
        )
    if "float16" in model.dtype_policy.name.split("_"):
        raise ValueError(
            f"{model.dtype_policy.name} does not train on several replicas, where each "
            "would scale its loss by itself: use mixed_bfloat16."
        )
    for optimizer in optimizers:
        steps = optimizer.gradient_accumulation_steps
        if steps:
            raise ValueError(
                "`gradient_accumulation_steps` must be left out on several replicas, "
                f"which would not add up the same. Received: {steps}"
            )
    return {"jit_compile": False, "steps_per_execution": 1}


def synchronize_normalization(model) -> None:
    """Lets batch normalization take the moments of the whole batch on all replicas."""
    for layer in keras_seams.layers_of(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True


def apply(optimizer, gradients, variables) -> None:
    """Applies the gradients of a replica, clipped as those of one device would be.

    Args:
        optimizer: Keras optimizer.
        gradients: List of tensors, of a loss divided by the number of replicas.
        variables: List of variables.
    """
    if keras_seams.clips(optimizer) and num_replicas() > 1:
        context = tf.distribute.get_replica_context()
        gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
        # The optimizer clips again, which does not change these parts, and sums them.
        clipped = keras_seams.clipped(optimizer, gradients)
        gradients = [gradient / num_replicas() for gradient in clipped]
    scales = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    if tf.distribute.has_strategy() or scales:
        optimizer.apply(gradients, variables)
    else:
        # Within a replica, Keras would sum over this one replica. That sum is a node
        # through which all gradients pass, and after it TensorFlow's optimizer of
        # graphs drops the order of the updates of a variable in a step. If losses are
        # scaled, Keras must be within a replica, but then a step has one update.
        context = tf.distribute.get_replica_context()
        context.merge_call(lambda strategy: optimizer.apply(gradients, variables))


def results(of_replica) -> dict:
    """The results of a step; with a first axis on several machines, as Keras needs."""
    strategy = tf.distribute.get_strategy()
    if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return {name: value[None] for name, value in of_replica.items()}
    return of_replica


def check_batches(x, batch_size, divisor):
    """Checks that every batch of `x` can be divided among the replicas.

    Args:
        x: What `fit()` takes, checked.
        batch_size: Optional integer; for arrays it defaults to 32.
        divisor: Integer. The number of examples in a batch must be a multiple of it.

    Returns:
        `x`; a `tf.data.Dataset` raises a `tf.errors.InvalidArgumentError` at the first
        batch that does not divide.

    Raises:
        ValueError: If the batches of an array do not divide.
    """
    advice = (
        f"must be a multiple of {divisor}, so that each replica sees as much of it as "
        "the others, in whole shares"
    )
    if hasattr(x, "shape"):
        batch_size = batch_size or 32
        for size in {min(batch_size, len(x)), len(x) % batch_size} - {0}:
            if size % divisor:
                raise ValueError(
                    f"Every batch {advice}. Received {len(x)} examples in batches of "
                    f"{batch_size}, of which one has {size}."
                )
    if isinstance(x, tf.data.Dataset):

        def check(*parts):
            num_rows = tf.shape(tf.nest.flatten(parts)[0])[0]
            message = f"Every batch of the dataset {advice} (see `drop_remainder`)."
            tf.debugging.assert_equal(num_rows % divisor, 0, message)
            return parts if len(parts) > 1 else parts[0]

        return x.map(check)
    return x


def assign_everywhere(variable, value) -> None:
    """Assigns a value that all replicas have in common to a variable of each."""

    def merge(strategy, value):
        strategy.extended.update(
            variable.value, lambda v, new: v.assign(new), args=(value,)
        )

    tf.distribute.get_replica_context().merge_call(merge, args=(value,))


def whole_batch(tensor) -> tf.Tensor:
    """The rows of all replicas, for terms that couple the examples of a batch.

    Gradients flow back to the rows of each replica.

    Args:
        tensor: Tensor whose first axis is the replica's part of the batch.

    Returns:
        Tensor whose first axis is the whole batch, in its order.
    """
    if num_replicas() == 1:
        return tensor
    return tf.distribute.get_replica_context().all_gather(tensor, axis=0)
