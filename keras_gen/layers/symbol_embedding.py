"""Symbols as vectors."""

import keras
from keras import ops

from keras_gen.arguments import check_count


@keras.saving.register_keras_serializable(package="keras_gen")
class SymbolEmbedding(keras.layers.Layer):
    """A learned vector for each symbol, chosen by a product with its one-hot code.

    Unlike that of `keras.layers.Embedding` its gradient is dense. In a sparse gradient
    a symbol that occurs several times has several parts. The optimizers of Keras square
    these before they add them, so the second moments of Adam come out too small.

    Args:
        num_symbols: Integer of at least 1.
        units: Integer of at least 1, the size of a vector.
        scale: Positive float, the standard deviation of the first values.

    Raises:
        ValueError: If an argument is wrong.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import SymbolEmbedding
    >>> tuple(SymbolEmbedding(5, units=4)(np.array([[0, 3, 3]])).shape)
    (1, 3, 4)
    """

    def __init__(self, num_symbols, units, scale=0.05, **kwargs):
        super().__init__(**kwargs)
        check_count(num_symbols, "num_symbols", 1)
        check_count(units, "units", 1)
        self.num_symbols, self.units, self.scale = num_symbols, units, scale

    def build(self, input_shape) -> None:
        self.embeddings = self.add_weight(
            shape=(self.num_symbols, self.units),
            initializer=keras.initializers.RandomNormal(stddev=self.scale),
            name="embeddings",
        )

    def call(self, symbols):
        # Not `one_hot()`: the TFLite converter quantizes it to other numbers.
        symbols = ops.expand_dims(ops.cast(symbols, "int32"), axis=-1)
        codes = ops.equal(symbols, ops.arange(self.num_symbols, dtype="int32"))
        return ops.matmul(ops.cast(codes, self.compute_dtype), self.embeddings)

    def compute_output_shape(self, input_shape) -> tuple:
        return (*input_shape, self.units)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "num_symbols": self.num_symbols,
            "units": self.units,
            "scale": self.scale,
        }
