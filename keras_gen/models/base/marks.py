"""Marks: what a model can do, as its methods say it.

A public method that users may call on data carries a mark with the names of what it
takes and gives. Exports, measures, pictures, the command line, the server and the
contract tests walk the marks; none of them asks what class a model is.
"""

import functools
import inspect
from typing import NamedTuple

import tensorflow as tf

#: Names that a method takes where the model has them, and does without elsewhere.
OPTIONAL = ("y", "temperature")


class Mark(NamedTuple):
    """What a method takes and gives.

    Attributes:
        takes: Tuple of strings. Each names a domain of the model, see `domain_of()`. A
            method that takes `"noise"` is called with a seed in its place.
        gives: Tuple of strings, in the order of what the method returns.
        traced: String, the method that does the same as a pure function of tensors:
            called with what is taken, by name. None if there is no such.
    """

    takes: tuple
    gives: tuple
    traced: str | None


def marked(takes, gives, traced=""):
    """Marks a public method of a model.

    Args:
        takes: Tuple of strings, names of arguments and of their domains.
        gives: Tuple of strings, names of the domains of what is returned.
        traced: String, the pure function behind a method that fills in, checks and
            deals into batches by itself; None if there is none. By default the method
            itself is pure, and its arguments are checked before it is called: an
            override in a subclass is checked too.

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


def marks_of(model):
    """The marked methods that a model has, by name.

    A method counts where the model has a domain for all that it gives and takes;
    `OPTIONAL` names are left out of what it takes where there is none, or where the
    method has no such argument.

    Args:
        model: Any Keras model.

    Returns:
        Dict from names to `Mark`; empty for a network that is none of
        `keras_gen.models`.
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
    """The names of a method's arguments, a set; also of a `tf.function`."""
    function = getattr(type(model), name)
    function = getattr(function, "python_function", function)
    return set(inspect.signature(function).parameters)


def mark_overrides(cls):
    """Lets methods of a class that override marked ones keep their marks.

    An override without an argument for an `OPTIONAL` name does not take it.
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
        return function(*bound.args, **bound.kwargs)

    return checked


def is_symbolic(value):
    """Whether a value is a tensor of a graph, which has no numbers to be checked."""
    return tf.is_symbolic_tensor(value)
