"""Pure functions of tensors that return a scalar to minimize."""

from keras_gen.losses.reconstruction import squared_error

__all__ = ["squared_error"]
