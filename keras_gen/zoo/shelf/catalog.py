"""The list of entries: each folder with a recipe is an entry."""

import difflib
from pathlib import Path

_PACKAGE = Path(__file__).parents[2]


def root() -> Path:
    """The folder of all entries, in an installed wheel or in the repository."""
    installed = _PACKAGE / "zoo" / "entries"
    return installed if installed.is_dir() else _PACKAGE.parent / "zoo"


def names() -> list:
    """Names of all entries, a sorted list of strings."""
    return sorted(recipe.parent.name for recipe in root().glob("*/recipe.py"))


def folder_of(name) -> Path:
    """The folder of an entry.

    Args:
        name: String, one of `names()`.

    Raises:
        ValueError: If there is no such entry; similar names are listed.
    """
    known = names()
    if name not in known:
        near = difflib.get_close_matches(str(name), known)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(
            f"There is no zoo entry {name!r}.{hint} Entries: {', '.join(known)}"
        )
    return root() / name
