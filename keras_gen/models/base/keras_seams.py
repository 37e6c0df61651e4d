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


def unbuilt_metrics(model) -> list:
    """Metrics given to `compile()` that have no variables yet, a list."""
    return [metric for metric in model.metrics if not getattr(metric, "built", True)]


def own_variables(optimizer) -> list:
    """An optimizer's own variables, a list; `variables` may be overridden."""
    return optimizer._variables[:]
