"""The private parts of Keras that the models need.

`tests/models/base/test_keras_seams.py` has a test for each, which fails by its name if
Keras changes.
"""


def layers_of(model) -> list:
    """All layers of a model and the layers inside them, in no order."""
    return list(model._flatten_layers())


def steps_taken(optimizer):
    """The number of updates asked of an optimizer, an int32 variable.

    `iterations` does not count updates whose gradients are only accumulated.
    """
    return getattr(optimizer, "inner_optimizer", optimizer)._iterations


def clipped(optimizer, gradients) -> list:
    """Gradients as an optimizer clips them before it applies them."""
    return optimizer._clip_gradients(gradients)


def clips(optimizer) -> bool:
    """Whether an optimizer clips gradients."""
    names = ("clipnorm", "global_clipnorm", "clipvalue")
    return any(getattr(optimizer, name) is not None for name in names)


def trained_variables(optimizer) -> list:
    """The variables that an optimizer was built for, a list."""
    return optimizer._trainable_variables


def moments_of(optimizer, variable) -> tuple:
    """The first and second moment that `keras.optimizers.Adam` has of a variable."""
    index = optimizer._get_variable_index(variable)
    return optimizer._momentums[index], optimizer._velocities[index]


def unbuilt_metrics(model) -> list:
    """Metrics given to `compile()` that have no variables yet, a list."""
    return [metric for metric in model.metrics if not getattr(metric, "built", True)]


def own_variables(optimizer) -> list:
    """An optimizer's own variables, a list; `variables` may be overridden."""
    return optimizer._variables[:]


def origin(tensor) -> tuple:
    """What made a tensor of a built network, and from which tensors.

    Args:
        tensor: Keras tensor, such as `network.outputs[0]`.

    Returns:
        A pair: the layer or operation, that of a network within the network if there is
        one, and the list of its inputs.
    """
    operation, node_index, tensor_index = tensor._keras_history
    inner = getattr(operation, "outputs", None)
    if inner is not None:
        return origin(inner[tensor_index])
    return operation, operation._inbound_nodes[node_index].input_tensors
