"""Imports on first access, and imports of modules that an extra installs."""

import importlib
import importlib.util


def lazy_names(room, homes):
    """The functions with which an `__init__.py` imports its names on access.

    Args:
        room: String, the `__name__` of the room.
        homes: Dict from the names to the modules of the room that define them.

    Returns:
        Functions `__getattr__` and `__dir__`, as of PEP 562. The second lists these
        names alone, so that completion shows what is public.
    """

    def getattr_of_room(name):
        if name in homes:
            return getattr(importlib.import_module(f"{room}.{homes[name]}"), name)
        raise AttributeError(f"module {room!r} has no attribute {name!r}")

    def dir_of_room():
        return sorted(homes)

    return getattr_of_room, dir_of_room


def is_installed(module) -> bool:
    """Whether a module that an extra of keras-gen installs can be imported."""
    return importlib.util.find_spec(module) is not None


def optional_import(module, extra, what):
    """A module that only an extra of keras-gen installs.

    Args:
        module: String, the name of the module.
        extra: String, the name of the extra.
        what: String, what needs the module; the error begins with it.

    Raises:
        ImportError: If the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.split(".")[0]:
            raise
        raise ImportError(
            f"{what} needs {error.name}: pip install 'keras-gen[{extra}]'"
        ) from error
