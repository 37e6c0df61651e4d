"""The `keras-gen` command: a function for each of its commands."""

import difflib
import os
import sys

import keras_gen
from keras_gen.cli.command import Command, table
from keras_gen.cli.compression import compress, decompress
from keras_gen.cli.deployment import export, serve
from keras_gen.cli.editing import edit
from keras_gen.cli.embedding import embed
from keras_gen.cli.entries import evaluate, info, list_
from keras_gen.cli.methods import apply
from keras_gen.cli.pictures import complete, interpolate, reconstruct, sample
from keras_gen.cli.scoring import score
from keras_gen.cli.training import train

_FUNCTIONS = (
    list_,
    info,
    train,
    sample,
    complete,
    reconstruct,
    interpolate,
    edit,
    embed,
    apply,
    compress,
    decompress,
    score,
    evaluate,
    export,
    serve,
)
#: The commands by their names.
COMMANDS = {command.name: command for command in map(Command, _FUNCTIONS)}

_FOOT = """
keras-gen train --help shows the flags of train, and so for each command; keras-gen
--version shows the version. A NAME is one that `list` shows, or the folder of a run.
"""


def main():
    """Runs a command; an error in what the user gave is one line and exit code 2."""
    try:
        _run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads the output has seen enough, as `head` has. Python flushes it at the
        # end of the process once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (ValueError, OSError, ImportError) as error:
        _fail(error)
    except KeyboardInterrupt:
        _fail("interrupted; what was written stays")


def _run(arguments):
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:], "--help"]
    if arguments == ["--version"]:
        print(f"keras-gen {keras_gen.__version__}")
        return
    words = [word for word in arguments if word not in ("--help", "-h")]
    wants_help = len(words) < len(arguments)
    if not words:
        print(_overview(), end="")
        sys.exit(0 if wants_help else 2)
    command = _command_named(words[0])
    if wants_help:
        print(command.help(), end="")
    else:
        command.run(words[1:])


def _overview():
    rows = [(command.name, command.summary) for command in COMMANDS.values()]
    usage = "Usage: keras-gen COMMAND [NAME ...] [--flag=value ...]"
    return f"{usage}\n\n{table(rows)}{_FOOT}"


def _command_named(name):
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise ValueError(
            f"there is no command {name!r}.{hint} Commands: {', '.join(COMMANDS)}. "
            "keras-gen --help says what they do"
        )
    return COMMANDS[name]


def _fail(message):
    text = " ".join(str(message).split())
    print(f"keras-gen: {text}", file=sys.stderr)
    sys.exit(2)
