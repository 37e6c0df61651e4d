"""An end to trainings that have left the numbers."""

import math

import keras


class StopAtDivergence(keras.callbacks.Callback):
    """Stops training with an error once a reported number is NaN or infinite.

    It looks at every number that the model reports after every execution, where
    `keras.callbacks.TerminateOnNaN` looks at `"loss"` alone and lets the epoch's other
    callbacks run. Put it before those that save, so that what they saved stays good.

    Raises:
        ValueError: From `fit()`, with the name of the number, when it happens.

    Example:
    >>> import keras
    >>> import numpy as np
    >>> from keras_gen.callbacks import StopAtDivergence
    >>> from keras_gen.models import Autoencoder
    >>> from keras_gen.networks import mlp
    >>> model = Autoencoder(mlp((4, 4, 1), [], (2,)), mlp((2,), [], (4, 4, 1)))
    >>> model.compile(keras.optimizers.SGD(1e30))
    >>> model.fit(
    ...     np.ones((8, 4, 4, 1)), epochs=9, callbacks=[StopAtDivergence()], verbose=0
    ... )
    Traceback (most recent call last):
    ValueError: Training diverged: `loss` became ...
    """

    def on_train_batch_end(self, batch, logs=None):
        for name, value in (logs or {}).items():
            if not math.isfinite(value):
                raise ValueError(
                    f"Training diverged: `{name}` became {value} within "
                    f"{int(self.model.optimizer.iterations.numpy())} steps. A lower "
                    "learning rate or clipped gradients (`clipnorm` of the optimizer) "
                    "may help. What was saved before stays."
                )
