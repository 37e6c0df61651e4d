"""Measures of a model during training."""

import math

import keras

from keras_gen.arguments import check_count


class MeasureEvery(keras.callbacks.Callback):
    """Adds measures of the model to the logs, after every few epochs.

    The values appear in the history, in TensorBoard and in a `CSVLogger`; put this
    callback before it in the list. After the other epochs the values are NaN. You must
    pass the names, because a `CSVLogger` fixes its columns in the first epoch.

    Args:
        measure: Function from the model to a dict from each of `names` to a float.
        names: List of strings, the names of the measures.
        epochs: Integer of at least 1. The model is measured after epoch `epochs`,
            `2 * epochs` and so on.

    Raises:
        ValueError: If `names` is not a list of at least one string, or `epochs` is
            wrong; in training, if `measure` returns other names, or a name that the
            model reports itself.

    Example:
    >>> import numpy as np
    >>> from keras_gen.callbacks import MeasureEvery
    >>> from keras_gen.models import Autoencoder
    >>> from keras_gen.networks import mlp
    >>> model = Autoencoder(mlp((4, 4, 1), [], (2,)), mlp((2,), [], (4, 4, 1)))
    >>> model.compile()
    >>> def ink(model):
    ...     return {"ink": np.mean(model.predict(np.ones((8, 4, 4, 1)), verbose=0) > 0)}
    >>> callback = MeasureEvery(ink, ["ink"], epochs=2)
    >>> images = np.ones((8, 4, 4, 1), "float32")
    >>> history = model.fit(images, epochs=3, callbacks=[callback], verbose=0).history
    >>> np.isnan(history["ink"]).tolist()
    [True, False, True]
    """

    def __init__(self, measure, names, epochs=1):
        super().__init__()
        is_list = isinstance(names, (list, tuple)) and len(names) > 0
        if not is_list or not all(isinstance(name, str) for name in names):
            raise ValueError(
                f"`names` must be a list of at least one string. Received: {names!r}"
            )
        check_count(epochs, "epochs", 1)
        self.measure = measure
        self.names = tuple(names)
        self.epochs = epochs

    def on_epoch_end(self, epoch, logs=None) -> None:
        taken = [name for name in self.names if name in logs]
        if taken:
            raise ValueError(
                f"`names` holds {', '.join(taken)}, which the model reports itself. "
                f"Received: {list(self.names)}"
            )
        if (epoch + 1) % self.epochs:
            logs.update(dict.fromkeys(self.names, math.nan))
            return
        values = self.measure(self.model)
        if set(values) != set(self.names):
            raise ValueError(
                f"`measure` must return the `names` {sorted(self.names)}. Received: "
                f"{sorted(values)}"
            )
        logs.update({name: float(values[name]) for name in self.names})
