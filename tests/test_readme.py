"""What the README shows runs as shown."""

import re
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
        "pip install -e '.[test]' && pytest",
    ]


@pytest.mark.parametrize(
    "line", re.findall(r"^keras-gen [^\n#]*", README, re.MULTILINE)
)
def test_the_commands_are_understood(line):
    for flag in cli.FLAGS:
        cli.FLAGS[flag].unparse()
    command, names = cli._command_of(cli.FLAGS(line.split())[1:])
    assert command in cli.USAGE
    assert all((ROOT / "zoo" / name).is_dir() for name in names)
