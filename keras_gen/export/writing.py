"""Checks that an export does not replace a file by accident."""

import os


def check_absent(path, overwrite, name):
    """Raises a ValueError if `path` exists and must not be replaced.

    Args:
        path: `Path`.
        overwrite: Boolean, whether an existing file may be replaced.
        name: String, the argument that the path comes from.
    """
    if os.path.lexists(path) and not overwrite:
        raise ValueError(
            f"`{name}` must be free, or `overwrite` True: {str(path)!r} exists."
        )
