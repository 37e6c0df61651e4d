"""Writes files and folders completely or not at all."""

import contextlib
import hashlib
import json
import os
import shutil
from pathlib import Path

_PARTIAL = ".partial-"


@contextlib.contextmanager
def written_whole(path, durable=False):
    """A path to write to, which is renamed to `path` when the block ends.

    If the block raises, an existing file at `path` is kept and nothing else is left. A
    process that is killed leaves an unfinished file, which `remove_partials()` removes.

    Args:
        path: String or path of a file or folder, in a folder that exists. An existing
            one is replaced.
        durable: Boolean, whether to wait until the file is on the disk, so that it
            survives a power failure.

    Yields:
        A `Path` in the same folder, whose name ends like that of `path`.

    Example:
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "greeting.txt"
    >>> with written_whole(path) as partial:
    ...     _ = partial.write_text("hello")
    >>> path.read_text()
    'hello'
    """
    path = Path(path)
    partial = path.with_name(f"{_PARTIAL}{os.getpid()}-{path.name}")
    replaced = path.with_name(f"{_PARTIAL}{os.getpid()}-old-{path.name}")
    _remove(partial)
    try:
        yield partial
        if durable:
            _synchronize(partial)
        if path.is_dir():
            # A folder cannot be renamed onto a folder that is not empty.
            os.rename(path, replaced)
        os.replace(partial, path)
        if durable:
            # The name of a file is stored in its folder.
            _synchronize(path.parent)
    except BaseException:
        if replaced.exists() and not path.exists():
            os.rename(replaced, path)
        raise
    finally:
        for left in (partial, replaced):
            _remove(left)


def remove_partials(folder):
    """Removes the unfinished files that killed processes have left in a folder.

    Call it only if no other process writes into the folder.
    """
    for left in Path(folder).glob(f"{_PARTIAL}*"):
        _remove(left)


def remove_abandoned(folder):
    """Removes the unfinished files in a folder whose processes have ended.

    Other processes of this machine may write into the folder at the same time.
    """
    for left in Path(folder).glob(f"{_PARTIAL}*"):
        process = left.name.removeprefix(_PARTIAL).split("-")[0]
        if process.isdecimal() and not _runs(int(process)):
            _remove(left)


def write_text(path, text):
    """Writes a text file in UTF-8, whole or not at all."""
    with written_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path, contents):
    """Writes a JSON file, whole or not at all."""
    write_text(path, json.dumps(contents, indent=1) + "\n")


def read_json(path):
    """The contents of a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def sha256_of(path):
    """The sha256 of a file, as a string of 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _synchronize(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _runs(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # It is of another user.
        return True
    return True


def _remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
