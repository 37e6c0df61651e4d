"""The entries of the zoo: each is a folder, and the folders are the registry."""

import ast
import difflib
import json
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def root():
    """The folder of entries: the copy in an installed wheel, else the checkout's."""
    installed = _PACKAGE / "zoo" / "entries"
    return installed if installed.is_dir() else _PACKAGE.parent / "zoo"


def names():
    """Names of all entries, a sorted list of strings."""
    return sorted(recipe.parent.name for recipe in root().glob("*/recipe.py"))


def folder_of(name):
    """The folder of an entry.

    Args:
        name: String, one of `names()`.

    Raises:
        ValueError: If there is no such entry; near names are listed.
    """
    known = names()
    if name not in known:
        near = difflib.get_close_matches(str(name), known)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(
            f"There is no zoo entry {name!r}.{hint} Entries: {', '.join(known)}"
        )
    return root() / name


def metrics_of(name):
    """The contents of an entry's `metrics.json`, a dict; empty if it has none yet."""
    path = folder_of(name) / "metrics.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def info(name):
    """What is known of an entry.

    Args:
        name: String, one of `names()`.

    Returns:
        Dict with `name`, `description` (the recipe's docstring), `folder`, and all of
        `metrics.json`: model, parameters, training, results with their protocols and
        the sha256 of the weights.

    Raises:
        ValueError: If there is no such entry.
    """
    folder = folder_of(name)
    source = (folder / "recipe.py").read_text(encoding="utf-8")
    description = ast.get_docstring(ast.parse(source)) or ""
    return {
        "name": name,
        "description": description,
        "folder": str(folder),
        **metrics_of(name),
    }
