"""Tests of functions as commands."""

from typing import Literal

import pytest

from keras_gen import __version__, cli
from keras_gen.cli.command import Command, table
from keras_gen.cli.kinds import kind_of


def draw_(
    name,
    other,
    *,
    num: int = 4,
    size: float | None = None,
    loud: bool = False,
    words: list[str] | None = None,
    numbers: list[int] | None = None,
    rows: int | Literal["any"] | None = None,
    color: Literal["red", "blue"] = "red",
):
    """Draws something.

    At length, in a second paragraph.

    Args:
        name: What to draw,
            over two lines.
        other: What else.
        num: How often.
        size: How large.
        loud: Loudly.
        words: Words.
        numbers: Numbers.
        rows: Rows.
        color: Color.
    """
    return name, other, num, size, loud, words, numbers, rows, color


def list_(*names):
    """Lists names.

    Args:
        *names: What to list.
    """
    return names


DRAW = Command(draw_)


def test_flags_are_keyword_arguments_of_their_types():
    defaults = DRAW.run(["a", "b"])
    assert defaults == ("a", "b", 4, None, False, None, None, None, "red")
    flags = "--num=3 --size 1e-2 --loud --words=x,y --numbers=1,2 --rows=any"
    given = DRAW.run(["a", *flags.split(), "b", "--color=blue"])
    expected = ("a", "b", 3, 0.01, True, ["x", "y"], [1, 2], "any", "blue")
    assert given == expected
    assert DRAW.run(["a", "b", "--rows=7", "--noloud"])[-2] == 7
    # Nothing of one call is left in the next.
    assert DRAW.run(["a", "b"]) == defaults


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], r"draw takes one name and one other. Received: \[\]"),
        (["a", "b", "c"], "draw takes one name and one other"),
        (["a", "b", "--num=x"], "flag --num=x: must be a whole number"),
        (["a", "b", "--num"], "num"),
        (["a", "b", "--size=x"], "flag --size=x: must be a number"),
        (["a", "b", "--numbers=1,x"], "--numbers=1,x: must be whole numbers with com"),
        (["a", "b", "--rows=x"], "flag --rows=x: must be a whole number or any"),
        (["a", "b", "--color=x"], "flag --color=x: must be red or blue"),
        (["a", "b", "--loud=x"], "loud"),
        (["a", "b", "--colour=x"], "draw takes no --colour. Did you mean --color?"),
        (["a", "b", "--xyz"], "draw takes no --xyz. See keras-gen draw --help"),
    ],
)
def test_wrong_flags_and_names_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        DRAW.run(arguments)


def test_several_names_are_taken_together():
    command = Command(list_)
    assert command.name == "list"
    assert command.run(["a", "b"]) == ("a", "b")
    assert command.usage == "keras-gen list NAME ..."
    with pytest.raises(ValueError, match="list takes one or more names"):
        command.run([])


def test_the_help_is_the_docstring():
    assert DRAW.summary == "Draws something."
    assert DRAW.help().splitlines() == [
        "Usage: keras-gen draw NAME OTHER [--flag=value ...]",
        "",
        "Draws something.",
        "",
        "At length, in a second paragraph.",
        "",
        "  NAME               What to draw, over two lines.",
        "  OTHER              What else.",
        "  --num=N            How often. Default: 4.",
        "  --size=X           How large.",
        "  --loud             Loudly.",
        "  --words=TEXT,TEXT  Words.",
        "  --numbers=N,N      Numbers.",
        "  --rows=N|any       Rows.",
        "  --color=red|blue   Color. Default: red.",
    ]


def test_a_table_wraps_its_second_column_and_puts_long_names_above():
    first, second, *_, above, below = table(
        [("a", "word " * 30), ("a" * 40, "b")]
    ).splitlines()
    assert first.startswith("  a" + " " * 25 + "word")
    assert second.startswith(" " * 28 + "word")
    assert max(map(len, (first, second))) <= 88
    assert (above.strip(), below.strip()) == ("a" * 40, "b")


def test_unknown_types_are_no_kinds():
    with pytest.raises(KeyError):
        kind_of(dict)


def test_the_version_is_shown(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["keras-gen", "--version"])
    cli.main()
    assert capsys.readouterr().out == f"keras-gen {__version__}\n"


def test_help_names_a_command_that_can_be_typed(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["keras-gen", "COMMAND", "--help"])
    with pytest.raises(SystemExit):
        cli.main()
    assert "keras-gen --help says what they do" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["keras-gen", "--help"])
    with pytest.raises(SystemExit):
        cli.main()
    assert "keras-gen train --help shows the flags" in capsys.readouterr().out
