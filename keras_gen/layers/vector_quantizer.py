"""Vector quantization: each vector becomes the nearest row of a codebook."""

import keras
from keras import ops

from keras_gen.arguments import check_count, check_reals, shown


@keras.saving.register_keras_serializable(package="keras_gen")
class VectorQuantizer(keras.layers.Layer):
    """Replaces each vector by the nearest row of a codebook.

    `call()` returns the rows and their numbers, which are the codes. In the backward
    pass, the gradient of a row goes to its vector unchanged ("straight through"), and
    the codebook gets none from there.

    With a `decay`, `update()` makes each row the moving average of its vectors. Without
    one the codebook is trainable, and a model adds a loss that draws rows to their
    vectors. Rows and moving averages are equal on all replicas if `update()` gets the
    vectors of the whole batch.

    Args:
        num_codes: Integer of at least 2, the rows of the codebook.
        decay: Float in [0, 1), how much of the moving averages a batch leaves; None for
            a trainable codebook.
        restart_below: Float of at least 0. `update()` replaces a row by a vector of the
            batch if the moving average of its uses in a batch falls below this number,
            which is 1 after a restart: with 0.5 and a decay of 0.99, a row has 69
            batches to be used. 0 for never. It needs a `decay`.

    Raises:
        ValueError: If an argument is outside its range.

    Reference:
        van den Oord, Vinyals and Kavukcuoglu, Neural Discrete Representation Learning,
        2017 (arXiv:1711.00937), section 3.2 and appendix A.1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import VectorQuantizer
    >>> quantizer = VectorQuantizer(num_codes=4)
    >>> rows, codes = quantizer(np.zeros((2, 7, 7, 3)))
    >>> tuple(rows.shape), tuple(codes.shape)
    ((2, 7, 7, 3), (2, 7, 7))
    """

    def __init__(self, num_codes, decay=0.99, restart_below=0.0, **kwargs):
        # Distances of half precision would often name another row.
        super().__init__(autocast=False, **kwargs)
        check_count(num_codes, "num_codes", 2)
        if decay is not None:
            check_reals(decay=decay)
            if not 0 <= decay < 1:
                raise ValueError(
                    f"`decay` must lie in [0, 1), or be None. Received: {shown(decay)}"
                )
        check_reals(restart_below=restart_below)
        if not restart_below >= 0 or restart_below and decay is None:
            raise ValueError(
                "`restart_below` must be a number of at least 0, and 0 if `decay` is "
                f"None. Received: {shown(restart_below)} and decay={shown(decay)}"
            )
        self.num_codes = num_codes
        self.decay = decay
        self.restart_below = restart_below

    def build(self, input_shape) -> None:
        reach, learns = 1.0 / self.num_codes, self.decay is None
        options = {"dtype": "float32", "autocast": False, "trainable": learns}
        if not learns:
            options["aggregation"] = "only_first_replica"
        self.codebook = self.add_weight(
            (self.num_codes, input_shape[-1]),
            initializer=keras.initializers.RandomUniform(-reach, reach),
            name="codebook",
            **options,
        )
        if not learns:
            self.uses = self.add_weight(
                (self.num_codes,), initializer="zeros", name="uses", **options
            )

    def call(self, inputs):
        codes = self.codes_of(inputs)
        rows = ops.cast(ops.stop_gradient(self.rows(codes)), inputs.dtype)
        # Zero, with a gradient of one. The sum is the rows to the last bit.
        return rows + (inputs - ops.stop_gradient(inputs)), codes

    def codes_of(self, inputs):
        """The numbers of the nearest rows, int32.

        Args:
            inputs: Tensor of shape `(..., size)`.

        Returns:
            Tensor of shape `(...)`. Of two rows that are equally near, the first.
        """
        inputs = ops.cast(inputs, "float32")
        codebook = ops.convert_to_tensor(self.codebook)
        # Squared distances, but for the square of the vector itself.
        squares = ops.sum(ops.square(codebook), axis=-1)
        products = ops.matmul(inputs, ops.transpose(codebook))
        distances = squares - 2.0 * products
        # Keras' `argmin` of floats needs operations that TFLite lacks.
        is_nearest = distances <= ops.min(distances, axis=-1, keepdims=True)
        return ops.argmax(ops.cast(is_nearest, "int32"), axis=-1)

    def rows(self, codes):
        """Rows of the codebook, float32 of shape `(..., size)`.

        Args:
            codes: Int32 tensor of shape `(...)`, below `num_codes`.
        """
        return ops.take(ops.convert_to_tensor(self.codebook), codes, axis=0)

    def update(self, inputs, codes, uniform=None) -> None:
        """Moves the rows towards their vectors, and restarts those without uses.

        Args:
            inputs: Tensor of shape `(..., size)`, the vectors of a whole batch.
            codes: Int32 tensor of shape `(...)`, their codes.
            uniform: Tensor of shape `(num_codes,)` in [0, 1). Its numbers choose the
                vectors that rows restart from. Only needed with `restart_below`.
        """
        size = self.codebook.shape[-1]
        vectors = ops.reshape(ops.cast(inputs, "float32"), (-1, size))
        vectors = ops.stop_gradient(vectors)
        is_used = ops.one_hot(ops.reshape(codes, (-1,)), self.num_codes)
        codebook = ops.convert_to_tensor(self.codebook)
        share = 1.0 - self.decay
        new = share * ops.sum(is_used, axis=0)
        sums = share * ops.matmul(ops.transpose(is_used), vectors)
        uses = self.decay * ops.convert_to_tensor(self.uses) + new
        # A row without new uses stays exactly where it is.
        way = sums - new[:, None] * codebook
        codebook = codebook + way / ops.maximum(uses, 1e-30)[:, None]
        if self.restart_below:
            num = ops.cast(ops.shape(vectors)[0], "float32")
            index = ops.cast(ops.floor(uniform * num), "int32")
            is_dead = uses < self.restart_below
            others = ops.take(vectors, index, axis=0)
            codebook = ops.where(is_dead[:, None], others, codebook)
            uses = ops.where(is_dead, 1.0, uses)
        self.codebook.assign(codebook)
        self.uses.assign(uses)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "num_codes": self.num_codes,
            "decay": self.decay,
            "restart_below": self.restart_below,
        }
