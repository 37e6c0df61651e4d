"""What the README shows runs as shown."""

import re
import shlex
from pathlib import Path

import pytest

from keras_gen import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_code_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 3
    scope = {}
    for block in blocks:
        exec(block, scope)
    assert scope["digits"].shape == (16, 28, 28, 1)


def test_the_two_commands_are_there():
    commands = re.findall(r"^pip install .*$", README, re.MULTILINE)
    assert commands == [
        "pip install -e . && keras-gen train vae_mnist --epochs 3",
        "pip install -e '.[test]' && pytest -n 2 --dist loadfile",
    ]


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
PAGES += [*ROOT.glob("docs/*.md"), *ROOT.glob("zoo/*/card.md")]
LINES = sorted(
    {
        line.strip()
        for page in PAGES
        for line in re.findall(
            r"^ *keras-gen [^\n#]*", page.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
)


@pytest.mark.parametrize("line", LINES)
def test_the_commands_are_understood(line, monkeypatch):
    name, *arguments = shlex.split(line)[1:]
    command = cli.COMMANDS[name]
    called = []
    monkeypatch.setattr(
        command, "function", lambda *names, **flags: called.append(names)
    )
    command.run(arguments)
    (names,) = called
    entries = names[:1] if name == "apply" else names
    made = (
        "my_entry",
        "my_recipe.py",
        "my_topics.py",
        "runs/mine",
        "binary.png",
        "binary.kgc",
    )
    for entry in entries:
        is_there = (ROOT / "zoo" / entry).is_dir() or (ROOT / entry).is_file()
        assert is_there or entry in made, entry
