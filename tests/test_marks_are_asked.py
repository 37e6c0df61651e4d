"""Outside of `models/`, what a model can do is read from its marks, never guessed."""

import ast
from pathlib import Path

import pytest
from contracts import public_models

from keras_gen.models import base

PACKAGE = Path(__file__).parents[1] / "keras_gen"
CLASSES = {name for name in base.__all__ if isinstance(getattr(base, name), type)} | {
    model.__name__ for model in public_models()
}


def guesses(tree):
    """Calls that ask a model for its class or for an attribute, as text."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        kind, arguments = node.func.id, node.args
        if kind in ("isinstance", "issubclass"):
            named = {n.id for n in ast.walk(arguments[1]) if isinstance(n, ast.Name)}
            named |= {
                n.attr for n in ast.walk(arguments[1]) if isinstance(n, ast.Attribute)
            }
            if named & CLASSES:
                yield ast.unparse(node)
        elif kind in ("hasattr", "getattr"):
            asked = ast.unparse(arguments[0]).split(".")[-1]
            # By a name that a mark gives, it is not a guess.
            is_guess = isinstance(arguments[1], ast.Constant)
            if is_guess and asked.removeprefix("_") == "model":
                yield ast.unparse(node)


def sources():
    return [p for p in sorted(PACKAGE.rglob("*.py")) if "models" not in p.parts]


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_models_are_asked_by_their_marks(path):
    assert not list(guesses(ast.parse(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    "text",
    [
        "isinstance(self.model, AutoregressiveModel)",
        "isinstance(x, (int, models.VAE))",
        "issubclass(kind, base.Sampler)",
        "hasattr(model, 'sample')",
        "getattr(self.model, 'num_classes', None)",
    ],
)
def test_a_guess_is_found(text):
    assert list(guesses(ast.parse(text))) == [text]


def test_what_is_no_guess_passes():
    for text in ("getattr(model, mark.traced)", "isinstance(model, keras.Model)"):
        assert not list(guesses(ast.parse(text)))
