"""Exported models behind a server of the Open Inference Protocol.

Nothing heavy is imported before it is used.
"""

import importlib

__all__ = ["serve", "write_repository"]

_HOMES = {"serve": "server", "write_repository": "repository"}


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_HOMES})
