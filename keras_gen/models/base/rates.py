"""Learning rates, as they are when a training begins."""

import warnings


def warn_of_zero_rate(optimizer):
    """Warns if the learning rate of an optimizer is 0, so that no weight would change.

    Args:
        optimizer: Keras optimizer, or `PhaseOptimizers`.
    """
    for part in getattr(optimizer, "optimizers", [optimizer]):
        if float(part.learning_rate) == 0.0:
            warnings.warn(
                f"The learning rate of {type(part).__name__} is 0 at step "
                f"{int(part.iterations)}, so training changes no weight. Its schedule "
                "may be over: call `compile()` again to train longer.",
                stacklevel=3,
            )
