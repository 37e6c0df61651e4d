"""A function as a command: its keyword arguments are flags, its docstring is the help.

A command is a function such as

    def sample(name, *, num: int = 64, labels: list[int] | None = None):
        \"\"\"Draws samples.

Args:
            name: A zoo entry.
            num: How many.
            labels: Their classes, in turn.
        \"\"\"

so that `sample vae_mnist --num=4 --labels=0,1` calls `sample("vae_mnist", num=4,
labels=[0, 1])`. A flag is a bool or of a kind that `kind_of()` knows, and None if it is
absent and has no default.
"""

import difflib
import inspect
import textwrap
import typing

from absl import flags

from keras_gen.cli.kinds import kind_of

_WIDTH = 88
#: What stands before the second column of a table, at most.
_WIDEST = 24


class Command:
    """A command of the command line.

    Args:
        function: Function of strings by position and of flags by keyword. A trailing
            underscore of its name is left out.
    """

    def __init__(self, function):
        self.function = function
        self.name = function.__name__.rstrip("_")
        parameters = inspect.signature(function).parameters.values()
        self.named = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
        self.flags = {p.name: p for p in parameters if p.kind is p.KEYWORD_ONLY}
        self.description, self.texts = _parts_of(function.__doc__)
        self._types = typing.get_type_hints(function)

    @property
    def summary(self):
        """The first line of the description."""
        return self.description.splitlines()[0]

    @property
    def usage(self):
        """The command as it is typed."""
        words = ["keras-gen", self.name]
        words += map(_shown, self.named)
        return " ".join(words + ["[--flag=value ...]"] * bool(self.flags))

    def run(self, arguments):
        """Runs the command with the list of what was typed after its name.

        Raises:
            ValueError: If it takes other names or flags, or a flag has a wrong value.
        """
        values = flags.FlagValues()
        for name, flag in self.flags.items():
            self._define(name, flag.default, values)
        try:
            names = values([self.name, *arguments])[1:]
        except flags.UnrecognizedFlagError as error:
            raise ValueError(self._refusal(error.flagname)) from error
        except flags.Error as error:
            raise ValueError(str(error)) from error
        self._check_names(names)
        return self.function(
            *names, **{name: values[name].value for name in self.flags}
        )

    def help(self):
        """The text that `--help` shows."""
        rows = [(_shown(p), self.texts[p.name]) for p in self.named]
        rows += [self._row(name, flag.default) for name, flag in self.flags.items()]
        text = f"Usage: {self.usage}\n\n{self.description}\n"
        return text + ("\n" + table(rows) if rows else "")

    def _define(self, name, default, values):
        text = self.texts[name]
        if self._types[name] is bool:
            flags.DEFINE_boolean(name, default, text, flag_values=values)
        else:
            parser = _Parser(kind_of(self._types[name]))
            flags.DEFINE(parser, name, default, text, flag_values=values)

    def _row(self, name, default):
        """A flag with what it takes, and its help with the default."""
        text = self.texts[name]
        if self._types[name] is bool:
            return f"--{name}", text
        if default is not None:
            text = f"{text} Default: {default}."
        return f"--{name}={kind_of(self._types[name]).placeholder}", text

    def _refusal(self, flag):
        near = difflib.get_close_matches(flag, self.flags, n=1)
        hint = f" Did you mean --{near[0]}?" if near else ""
        return f"{self.name} takes no --{flag}.{hint} See keras-gen {self.name} --help"

    def _check_names(self, names):
        if any(p.kind is p.VAR_POSITIONAL for p in self.named):
            wanted, right = f"one or more {self.named[-1].name}", bool(names)
        else:
            wanted = " and ".join(f"one {p.name}" for p in self.named) or "no name"
            right = len(names) == len(self.named)
        if not right:
            raise ValueError(f"{self.name} takes {wanted}. Received: {names}")


def table(rows):
    """Pairs of strings as text of two columns, the second one wrapped."""
    width = min(max(len(first) for first, _ in rows), _WIDEST)
    lines = []
    for first, second in rows:
        wrapped = textwrap.wrap(second, _WIDTH - width - 4)
        if len(first) > width:
            lines.append(f"  {first}")
            first = ""
        for line in wrapped:
            lines.append(f"  {first:{width}}  {line}")
            first = ""
    return "".join(f"{line}\n" for line in lines)


class _Parser(flags.ArgumentParser):
    """Converts the text of a flag, and says what it must be if that fails."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def parse(self, argument):
        """The value for a text; a default is one already."""
        if not isinstance(argument, str):
            return argument
        try:
            return self.kind.convert(argument)
        except ValueError as error:
            raise ValueError(f"must be {self.kind.wanted}") from error


def _shown(parameter):
    """What stands for a name in the usage."""
    if parameter.kind is parameter.VAR_POSITIONAL:
        return f"{parameter.name.removesuffix('s').upper()} ..."
    return parameter.name.upper()


def _parts_of(docstring):
    """The description of a docstring, and the texts of its `Args:` by their names."""
    description, _, arguments = inspect.cleandoc(docstring).partition("\nArgs:\n")
    texts, name = {}, None
    for line in textwrap.dedent(arguments).splitlines():
        if line.startswith(" "):
            texts[name] += f" {line.strip()}"
        else:
            name, _, text = line.partition(":")
            name = name.lstrip("*")
            texts[name] = text.strip()
    return description.rstrip(), texts
