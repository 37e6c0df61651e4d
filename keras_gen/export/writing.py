"""What stands already where an export is to be written."""

import os


def check_absent(path, overwrite, name):
    """Raises a ValueError if something stands at `path` that is to be kept.

    Args:
        path: `Path`.
        overwrite: Boolean, whether what is there may be replaced.
        name: String, the argument that the path came from.
    """
    if os.path.lexists(path) and not overwrite:
        raise ValueError(
            f"`{name}` must be free, or `overwrite` True: {str(path)!r} exists."
        )
