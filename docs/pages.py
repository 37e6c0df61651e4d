"""Hooks of MkDocs: the site is the repository's pages, and pages made of docstrings.

Pages keep their places, so a relative link means in the site what it means in the
repository. A page of the API lists the public names of one room, read from its
`__init__.py` without importing it.
"""

import ast
import re
from pathlib import Path

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md")
CARDS = ("benchmarks/README.md", "zoo/*/card.md", "keras_gen/datasets/mnist/LICENSE.md")
ROOMS = {
    "models": "Models",
    "models/base": "Abstract models",
    "networks": "Networks",
    "layers": "Layers",
    "losses": "Losses",
    "distributions": "Distributions",
    "compression": "Compression",
    "datasets": "Data sets",
    "metrics": "Metrics",
    "callbacks": "Callbacks",
    "zoo": "Zoo",
    "export": "Export",
    "serving": "Serving",
}
GROUND = ("domains", "latents", "random", "images")


def on_files(files, config):
    """The files of the site: pages, what they link to, and pages of the API."""
    theme = [file for file in files if not file.src_uri.endswith((".md", ".py"))]
    theme = [file for file in theme if file.inclusion.is_included()]
    paths = {p for pattern in PAGES + CARDS for p in ROOT.glob(pattern)}
    paths |= {linked for page in paths for linked in _linked_by(page)}
    found = [
        File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=path)
        for path in sorted(paths)
    ]
    api = [
        File.generated(config, f"api/{_slug(room)}.md", content=_page_of(room))
        for room in (*ROOMS, *GROUND)
    ]
    api.append(File.generated(config, "api/cli.md", content=_page_of_commands()))
    kept = {file.src_uri for file in found}
    return Files([f for f in theme if f.src_uri not in kept] + found + api)


def public_names(room):
    """The names that a room exports: a dict from a name to its module.

    Args:
        room: String, a folder or file of `keras_gen` without its ending.
    """
    path = _init_of(room)
    module = f"keras_gen.{room.replace('/', '.')}"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    homes = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            homes |= {alias.name: node.module for alias in node.names}
        elif isinstance(node, ast.Dict):
            homes |= {
                key.value: f"{module}.{value.value}"
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(value, ast.Constant)
            }
    exported = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    if exported:
        return {name: homes.get(name, module) for name in sorted(exported[0])}
    defined = (ast.ClassDef, ast.FunctionDef)
    names = [node.name for node in tree.body if isinstance(node, defined)]
    return {name: module for name in names if not name.startswith("_")}


def _page_of(room):
    title = ROOMS.get(room, room.capitalize())
    module = f"keras_gen.{room.replace('/', '.')}"
    about = ast.get_docstring(ast.parse(_init_of(room).read_text(encoding="utf-8")))
    lines = [f"# {title}", "", f"`{module}`", "", about, ""]
    for name, home in public_names(room).items():
        lines += [f"::: {home}.{name}", ""]
    return "\n".join(lines)


def _page_of_commands():
    """A page of the commands, which are functions whose arguments are the flags."""
    lines = [
        *("# Command line", ""),
        "A parameter without a default is a name that you give after the command. The "
        "others are flags: `--num=16`. `keras-gen COMMAND --help` prints the same.",
        "",
    ]
    tree = ast.parse(_init_of("cli").read_text(encoding="utf-8"))
    homes = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    (functions,) = (
        node.value.elts
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_FUNCTIONS"
    )
    for function in functions:
        heading = f"keras-gen {function.id.rstrip('_')}"
        lines += [f"::: {homes[function.id]}.{function.id}", "    options:"]
        lines += [f"      heading: {heading}", f"      toc_label: {heading}"]
        lines += ["      show_signature: false", "      separate_signature: false", ""]
    return "\n".join(lines)


def _linked_by(page):
    """The files of the repository that a page links to."""
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:\s]+)[)#]", text):
        path = (page.parent / target).resolve()
        if path.is_file() and path.is_relative_to(ROOT):
            yield path


def _init_of(room):
    path = ROOT / "keras_gen" / room
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _slug(room):
    return room.replace("/", "_")
