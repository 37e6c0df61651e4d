"""Serves exported models by the Open Inference Protocol.

Nothing heavy is imported before it is used.
"""

from keras_gen.lazy import lazy_names

__all__ = ["serve", "write_repository"]

__getattr__, __dir__ = lazy_names(
    __name__, {"serve": "server", "write_repository": "repository"}
)
