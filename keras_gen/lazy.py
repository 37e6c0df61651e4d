"""Names of a room that are imported when they are first asked for."""

import importlib


def lazy_names(room, homes):
    """What a room's `__init__.py` defines so that its names are imported on access.

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
