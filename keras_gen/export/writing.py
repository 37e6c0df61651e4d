"""Where exports are written: not over a file by accident, and without old remains."""

import os

from keras_gen.files import remove_abandoned


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


def make_room(folder):
    """Makes a folder, if need be, and removes what killed exports have left in it."""
    folder.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder)
