"""The arrows between rooms, and what every public model must have."""

import ast
import re
from pathlib import Path

import pytest
from contracts import contract_of, public_models

from keras_gen.zoo.publishing.table import reference_of

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "keras_gen"
MODELS = PACKAGE / "models"
GROUND = {
    "arguments",
    "domains",
    "files",
    "images",
    "latents",
    "lazy",
    "media",
    "random",
    "schedules",
}

# What each room may import beside itself and the ground.
ALLOWED = {
    "arguments": set(),
    "domains": set(),
    "files": set(),
    "media": set(),
    "random": set(),
    "images": set(),
    "latents": set(),
    "lazy": set(),
    "schedules": set(),
    "layers": set(),
    "losses": set(),
    "compression": set(),
    "distributions": set(),
    "datasets": set(),
    "metrics": set(),
    "networks": {"layers", "losses"},
    "models": {"networks", "layers", "losses", "distributions", "compression"},
    "callbacks": {"models", "metrics"},
    "zoo": {"callbacks", "models", "datasets", "metrics"},
    "export": {"zoo", "models", "metrics"},
    "serving": {"export", "zoo"},
    "cli": {"serving", "export", "zoo", "models", "datasets"},
}


def imported_rooms(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "keras_gen" and len(parts) > 1:
                yield parts[1]


def sources():
    return sorted(set(PACKAGE.rglob("*.py")) - {PACKAGE / "__init__.py"})


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert room in ALLOWED, f"{room} is not a room of docs/architecture.md"
    allowed = ALLOWED[room] | GROUND | {room}
    assert set(imported_rooms(path)) <= allowed


@pytest.mark.parametrize("room", ["layers", "losses", "networks"])
def test_backend_neutral_rooms_do_not_name_tensorflow(room):
    for path in (PACKAGE / room).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = [
            name.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for name in node.names
        ]
        modules += [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        roots = {module.split(".")[0] for module in modules}
        assert not roots & {"tensorflow", "tensorflow_probability"}, path
        assert not {"keras_gen.random", "keras_gen.images"} & set(modules), path


@pytest.mark.parametrize("model", public_models(), ids=lambda m: m.__name__)
def test_every_public_model_has_a_reference_an_example_and_a_test(model):
    assert re.search(r"(19|20)\d\d", reference_of(model)), model
    assert ">>>" in model.__doc__
    assert "Args:" in model.__doc__
    assert contract_of(model) is not None


@pytest.mark.parametrize("model", public_models(), ids=lambda m: m.__name__)
def test_models_are_final(model):
    assert not model.__subclasses__()


def test_model_files_are_short():
    for path in (PACKAGE / "models").rglob("*.py"):
        if path.parent.name != "base":
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 200, path


def test_randomness_comes_from_one_file():
    pattern = re.compile(r"\b(np|numpy)\.random\.|\btf\.random\.|keras\.random\.")
    for path in [*sources(), *ROOT.glob("zoo/*/recipe.py")]:
        assert not pattern.search(path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize(
    "room", sorted(p.name for p in PACKAGE.iterdir() if p.is_dir() and p != MODELS)
)
def test_nothing_outside_asks_what_class_a_model_is(room):
    """What a model can do, its marks say; what its data are, its domains."""
    for path in (PACKAGE / room).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        classes = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            and (node.module or "").startswith("keras_gen.models")
            for alias in node.names
        }
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            text = f"{path.relative_to(PACKAGE)}:{call.lineno}: {ast.unparse(call)}"
            if call.func.id in ("isinstance", "issubclass"):
                assert not classes & names_in(call.args[1]), text
            if call.func.id in ("hasattr", "getattr") and is_model(call.args[0]):
                # Methods are got by their marks; Keras' functional models have this.
                attribute = call.args[1]
                is_literal = isinstance(attribute, ast.Constant)
                assert not is_literal or attribute.value == "operations", text


def names_in(expression):
    found = (
        n for n in ast.walk(expression) if isinstance(n, (ast.Name, ast.Attribute))
    )
    return {n.id if isinstance(n, ast.Name) else n.attr for n in found}


def is_model(expression):
    """Whether an expression is called a model."""
    name = ast.unparse(expression).split(".")[-1]
    return name in ("model", "opened")
