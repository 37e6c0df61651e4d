"""Methods of Keras that call a model: they check their inputs."""

import keras
import numpy as np
import tensorflow as tf

from keras_gen.models.base.batches import first_batch, is_dataset


class Calling:
    """Abstract: `predict()` and `export()` that know what `call()` takes."""

    #: Names of what `call()` takes. A model without a domain for one does not take it.
    call_takes = ()

    def predict(
        self, x, batch_size=None, verbose="auto", steps=None, callbacks=None
    ) -> np.ndarray:
        """Calls the model on batches, like `keras.Model.predict()`.

        Raises:
            ValueError: If `x`, or the first batch of a dataset, is wrong.
        """
        if is_dataset(x):
            first, x = first_batch(x)
            if first is not None:
                self._check_call(keras.utils.unpack_x_y_sample_weight(first)[0])
        elif not isinstance(x, tf.distribute.DistributedDataset):
            self._check_call(x)
        return super().predict(x, batch_size, verbose, steps, callbacks)

    def predict_on_batch(self, x) -> np.ndarray:
        """Calls the model on one batch, like `keras.Model.predict_on_batch()`.

        Raises:
            ValueError: If `x` is wrong.
        """
        self._check_call(x)
        return super().predict_on_batch(x)

    def export(
        self,
        filepath,
        format="tf_saved_model",
        verbose=None,
        input_signature=None,
        **kwargs,
    ) -> None:
        """Writes `call()` alone, like `keras.Model.export()`.

        `keras_gen.export.export_saved_model` writes all marked methods, such as
        sampling with a seed, and `export_tflite` compares the file with the model.

        Raises:
            ValueError: If `input_signature` is missing and what `call()` takes is not
                known.
        """
        if input_signature is None:
            input_signature = self._specs_of_call()
        super().export(filepath, format, verbose, input_signature, **kwargs)

    def _specs_of_call(self):
        """What `call()` takes, a list of its one argument."""
        found = [self.domain_of(name) for name in self.call_takes]
        specs = [
            keras.InputSpec(shape=(None, *domain.shape), dtype=domain.dtype)
            for domain in found
            if domain is not None
        ]
        if not specs:
            raise ValueError(
                "`input_signature` must be given, because what `call()` takes is not "
                "known. Or use `keras_gen.export.export_saved_model(model, path)`, "
                f"which writes all marked methods of {type(self).__name__}."
            )
        return [specs] if specs[1:] else specs

    def _check_call(self, inputs):
        """Checks what `call()` takes. It says itself what is missing or too much."""
        parts = inputs if isinstance(inputs, (tuple, list)) else (inputs,)
        for name, values in zip(self.call_takes, parts, strict=False):
            if self.domain_of(name) is not None:
                self.take(name, values)
