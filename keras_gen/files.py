"""Reads regular files only, and writes files and folders completely or not at all."""

import contextlib
import hashlib
import json
import os
import reprlib
import shutil
import stat
from pathlib import Path

_PARTIAL = ".partial-"
_MOST_JSON = 2**26
_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFDIR: "a folder", stat.S_IFSOCK: "a socket"}


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
        A `Path` in the same folder, with a name that ends in the name of `path`.

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


def open_file(path):
    """Opens a regular file to read its bytes.

    Pipes, devices and sockets are refused at once, because reading one can take for
    ever.

    Args:
        path: String or path.

    Returns:
        A binary file object.

    Raises:
        OSError: If there is no such file, it cannot be read, or it is not regular.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
    if kind != stat.S_IFREG:
        os.close(descriptor)
        raise shutil.SpecialFileError(
            f"{str(path)!r} must be a file. Received: {_KINDS.get(kind, 'a device')}"
        )
    return os.fdopen(descriptor, "rb")


def read_bytes(path):
    """The bytes of a regular file; raises an OSError as `open_file()` does."""
    with open_file(path) as file:
        return file.read()


def read_json(path, most=_MOST_JSON):
    """The object in a JSON file.

    Args:
        path: String or path.
        most: Integer, the most bytes that the file may have.

    Returns:
        A dict.

    Raises:
        OSError: If there is no such file, it cannot be read, or it is not regular.
        ValueError: If it is too large, no JSON, or holds something else than an object.
    """
    with open_file(path) as file:
        if os.fstat(file.fileno()).st_size > most:
            raise ValueError(f"{str(path)!r} must have at most {most:,} bytes.")
        text = file.read()
    try:
        contents = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{str(path)!r} is no JSON: {error}") from error
    if not isinstance(contents, dict):
        raise ValueError(
            f"{str(path)!r} must hold a JSON object. Received: {reprlib.repr(contents)}"
        )
    return contents


def sha256_of(path):
    """The sha256 of a file, as a string of 64 hexadecimal digits.

    Raises:
        OSError: As `open_file()` does.
    """
    with open_file(path) as file:
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
