"""Learning rates at the beginning of a training."""

import warnings

import numpy as np


def warn_of_zero_rate(optimizer) -> None:
    """Warns if the learning rate of an optimizer is 0, so that no weight would change.

    Args:
        optimizer: Keras optimizer, or `PhaseOptimizers`.
    """
    for part in getattr(optimizer, "optimizers", [optimizer]):
        # An array first: variables of several replicas are no numbers.
        if float(np.asarray(part.learning_rate)) == 0.0:
            step = int(np.asarray(part.iterations))
            warnings.warn(
                f"The learning rate of {type(part).__name__} is 0 at step {step}, so "
                "training changes no weight. Its schedule may be over: call "
                "`compile()` again to train longer.",
                stacklevel=3,
            )
