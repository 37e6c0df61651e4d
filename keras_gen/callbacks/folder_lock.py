"""Locks a folder, so that only one process at a time writes into it."""

import fcntl
import os
import socket

_HELD = {}


def lock(folder) -> None:
    """Locks a folder for this process until it ends.

    Args:
        folder: `Path` of a folder. A file `lock` is created in it, which stays; it has
            no effect when its process has ended.

    Raises:
        ValueError: If another process has locked the folder; the error names it.
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


def unlock(folder) -> None:
    """Releases a folder, if this process has locked it."""
    file = _HELD.pop(os.path.realpath(folder / "lock"), None)
    if file is not None:
        os.close(file)
