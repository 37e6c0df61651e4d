"""Marks: what a model can do, as its methods state it.

A public method on data carries a mark with the names of what it takes and gives.
Exports, measures, pictures, the command line, the server and the contract tests use the
marks. None of them asks for the class of a model.
"""

import functools
import inspect
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

#: Names of arguments that a method takes only if the model has a domain for them.
OPTIONAL = ("seed", "y", "temperature", "truncation")
#: Those that are a number for each example, which is 1 if it is left out.
ONE_BY_DEFAULT = ("temperature", "truncation")


class Mark(NamedTuple):
    """What a method takes and gives.

    Attributes:
        takes: Tuple of strings, the names of arguments and of their domains, see
            `domain_of()`. In place of `"noise"` the method takes a seed. Where the
            method takes `"seed"`, the function behind it takes a pair (seed, row) for
            each example.
        gives: Tuple of strings, the names of the returned values and of their domains.
        traced: String, the name of the pure function of tensors behind the method,
            which takes the arguments by name. None if there is none.
    """

    takes: tuple
    gives: tuple
    traced: str | None

    @property
    def draws(self) -> bool:
        """Whether the method draws something random."""
        return not {"noise", "seed"}.isdisjoint(self.takes)

    def named(self, outputs) -> dict:
        """What the method returned, as a dict by the names in `gives`."""
        several = outputs if len(self.gives) > 1 else (outputs,)
        return dict(zip(self.gives, several, strict=True))


def marked(takes, gives, traced="") -> Callable:
    """Marks a public method of a model.

    Args:
        takes: Tuple of strings, the names of arguments and of their domains.
        gives: Tuple of strings, the names of the domains of the returned values.
        traced: String, the name of the pure function of tensors behind a method that
            checks its arguments and works in batches; None if there is none. By default
            the method itself is pure. Then its arguments are checked before each call,
            also if a subclass overrides it.

    Returns:
        A decorator.
    """

    def mark(function):
        if traced == "":
            stated = Mark(tuple(takes), tuple(gives), function.__name__)
            function = _checked(function, stated)
        else:
            stated = Mark(tuple(takes), tuple(gives), traced)
        function.mark = stated
        return function

    return mark


def marks_of(model) -> dict:
    """The marked methods that a model has, by name.

    The model has a method if it has a domain for everything that the method takes and
    gives. The names in `OPTIONAL` are left out if the model has no domain for them, or
    the method has no such argument.

    Args:
        model: Any Keras model.

    Returns:
        Dict from names to `Mark`; empty for a plain Keras network.
    """
    found = {}
    for name, function in inspect.getmembers(type(model), inspect.isfunction):
        mark = getattr(function, "mark", None)
        if mark is None:
            continue
        there = {n for n in (*mark.takes, *mark.gives) if model.domain_of(n)}
        needed = {n for n in mark.takes if n not in OPTIONAL} | set(mark.gives)
        if needed <= there:
            there -= set(OPTIONAL) - _arguments_of(model, mark.traced or name)
            takes = tuple(n for n in mark.takes if n in there)
            found[name] = mark._replace(takes=takes)
    return found


def _arguments_of(model, name):
    """The set of the names of the arguments of a method or `tf.function`."""
    function = getattr(type(model), name)
    function = getattr(function, "python_function", function)
    return set(inspect.signature(function).parameters)


def mark_overrides(cls) -> None:
    """Gives methods that override marked ones the same marks.

    A method without an argument for an `OPTIONAL` name does not take it.
    """
    for name, function in vars(cls).copy().items():
        if not inspect.isfunction(function) or hasattr(function, "mark"):
            continue
        above = (vars(base).get(name) for base in cls.__mro__[1:])
        mark = next((f.mark for f in above if hasattr(f, "mark")), None)
        if mark is not None and mark.traced == name:
            told = inspect.signature(function).parameters
            takes = [n for n in mark.takes if n in told or n not in OPTIONAL]
            setattr(cls, name, marked(takes, mark.gives)(function))


def _checked(function, mark):
    signature = inspect.signature(function)

    @functools.wraps(function)
    def checked(self, *args, **kwargs):
        bound = signature.bind(self, *args, **kwargs)
        for name in mark.takes:
            value = bound.arguments.get(name)
            if value is not None or name not in OPTIONAL:
                bound.arguments[name] = self.take(name, value)
        given = [name for name in mark.takes if bound.arguments.get(name) is not None]
        if "y" in mark.takes and "y" not in given:
            self.check_y_left_out()
        rows = {name: bound.arguments[name].shape[0] for name in given}
        if len({num for num in rows.values() if num is not None}) > 1:
            raise ValueError(
                f"`{given[-1]}` must have as many rows as `{given[0]}`. Received rows: "
                f"{rows}"
            )
        return function(*bound.args, **bound.kwargs)

    return checked


def is_symbolic(value) -> bool:
    """Whether a value is a tensor of a graph, whose numbers cannot be checked."""
    return tf.is_symbolic_tensor(value)
