"""What the pages show is there: tests, names, files and models."""

import ast
import doctest
import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest

import keras_gen.models

ROOT = Path(__file__).parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [*sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("*.md"))]
}
ABOUT_TO_BE_MADE = ("SparseAutoencoder", "RelativisticGAN")


def blocks_of(page):
    return re.findall(r"```python\n(.*?)```", PAGES[page], re.DOTALL)


def imports_of(block):
    """Names that a block imports from the package, as pairs `(module, name)`."""
    for node in ast.walk(ast.parse(block)):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("keras_gen"):
            yield from ((node.module, alias.name) for alias in node.names)


@pytest.mark.parametrize("page", PAGES)
def test_tests_and_files_that_a_page_names_are_there(page):
    there = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")
    )
    # Names of files end in `.py`.
    for name in re.findall(r"`(test_\w+)`", PAGES[page]):
        assert f"def {name}(" in there, name
    for path in re.findall(r"`((?:keras_gen|tests|zoo|docs)/[\w/.]+)`", PAGES[page]):
        made = any(name in PAGES[page] for name in ABOUT_TO_BE_MADE)
        assert (ROOT / path).exists() or made, path


@pytest.mark.parametrize("page", PAGES)
def test_names_that_a_page_imports_are_there(page):
    for block in blocks_of(page):
        if block.startswith("@marked"):
            continue
        for module, name in imports_of(block):
            if name not in ABOUT_TO_BE_MADE:
                assert hasattr(importlib.import_module(module), name), (module, name)


@pytest.mark.parametrize("page", ["docs/lectures.md"])
def test_classes_and_functions_that_a_page_names_are_there(page):
    rooms = "models|networks|layers|losses|distributions|latents|metrics|callbacks"
    for room, name in re.findall(rf"`({rooms})\.(\w+)", PAGES[page]):
        module = importlib.import_module(f"keras_gen.{room}")
        assert hasattr(module, name), (room, name)


@pytest.mark.parametrize("name", ABOUT_TO_BE_MADE)
def test_the_models_to_add_do_what_their_examples_show(name, monkeypatch):
    (block,) = (b for b in blocks_of("docs/adding_a_model.md") if f"class {name}(" in b)
    module = ModuleType(f"made.{name}")
    exec(block, module.__dict__)
    model = getattr(module, name)
    model.__module__ = module.__name__
    monkeypatch.setattr(keras_gen.models, name, model, raising=False)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    examples = doctest.DocTestFinder().find(model, name, module=False)
    runner = doctest.DocTestRunner(optionflags=flags)
    for example in examples:
        runner.run(example)
    assert runner.summarize(verbose=False).attempted > 0
    assert runner.failures == 0
