"""What a flag takes, by the type of the argument behind it."""

import types
import typing
from collections.abc import Callable


class Kind(typing.NamedTuple):
    """What a flag takes.

    Attributes:
        convert: Function from the text of a flag to its value; raises a ValueError
            where the text has none.
        wanted: String, what the text must be, as an error says it.
        placeholder: String that stands for the text in the help.
    """

    convert: Callable
    wanted: str
    placeholder: str


_PLAIN = {
    str: Kind(str, "text", "TEXT"),
    int: Kind(int, "a whole number", "N"),
    float: Kind(float, "a number", "X"),
}
_MANY = {str: "words", int: "whole numbers", float: "numbers"}


def kind_of(hint):
    """The kind of a type.

    Args:
        hint: `str`, `int`, `float`, a list of one of these, a `Literal` of strings, or
            a union of some of these and None.

    Example:
    >>> kind_of(list[int] | None).convert("3,4")
    [3, 4]
    """
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return _choice(typing.get_args(hint))
    if origin in (typing.Union, types.UnionType):
        kinds = [kind_of(k) for k in typing.get_args(hint) if k is not types.NoneType]
        return kinds[0] if len(kinds) == 1 else _either(kinds)
    if origin is list:
        (item,) = typing.get_args(hint)
        return _several(_PLAIN[item], _MANY[item])
    return _PLAIN[hint]


def _choice(choices):
    def convert(text):
        if text not in choices:
            raise ValueError(text)
        return text

    return Kind(convert, " or ".join(choices), "|".join(choices))


def _several(item, wanted):
    def convert(text):
        return [item.convert(part.strip()) for part in text.split(",")]

    placeholder = f"{item.placeholder},{item.placeholder}"
    return Kind(convert, f"{wanted} with commas between them", placeholder)


def _either(kinds):
    def convert(text):
        for kind in kinds[:-1]:
            try:
                return kind.convert(text)
            except ValueError:
                continue
        return kinds[-1].convert(text)

    return Kind(
        convert,
        " or ".join(kind.wanted for kind in kinds),
        "|".join(kind.placeholder for kind in kinds),
    )
