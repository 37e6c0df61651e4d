"""One process at a time writes into a folder."""

import fcntl
import os
import socket

_HELD = {}


def lock(folder):
    """Makes this process the only one that may lock a folder, until it ends.

    Args:
        folder: `Path` of a folder, which gets a file `lock`. It stays, and means
            nothing once its process is gone.

    Raises:
        ValueError: If another process holds it, by its name.
        OSError: If the folder cannot be written to.
    """
    path = os.path.realpath(folder / "lock")
    if path in _HELD:
        return
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = os.read(file, 1000).decode(errors="replace")
        os.close(file)
        raise ValueError(
            f"Another process, {owner or 'just started'}, writes into the folder "
            f"{str(folder)!r}. Wait for it, or end it."
        ) from error
    os.truncate(file, 0)
    os.write(file, f"{os.getpid()} on {socket.gethostname()}".encode())
    _HELD[path] = file


def unlock(folder):
    """Lets other processes lock a folder that this one may have locked."""
    file = _HELD.pop(os.path.realpath(folder / "lock"), None)
    if file is not None:
        os.close(file)
