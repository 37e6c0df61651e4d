"""Files and folders that are whole or not there."""

import contextlib
import os
import shutil


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


@contextlib.contextmanager
def written_whole(path):
    """A path to write to, which takes the name `path` when the block has ended well.

    What stood at `path` is replaced then, and kept if the block raises.

    Args:
        path: `Path` of the file or folder; folders above it are made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    replaced = path.with_name(f".{path.name}.{os.getpid()}.replaced")
    try:
        yield partial
        if path.is_dir():
            # A folder takes the place of none but an empty one.
            os.rename(path, replaced)
        os.replace(partial, path)
        if replaced.exists():
            shutil.rmtree(replaced)
    finally:
        if partial.is_dir():
            shutil.rmtree(partial)
        else:
            partial.unlink(missing_ok=True)
