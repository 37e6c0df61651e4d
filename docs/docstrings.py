"""An extension of griffe: how the docstrings of the package become pages."""

import re
import textwrap

import griffe

_EXAMPLE = re.compile(r"^(?P<title>Examples?:)\n\n?(?P<code>>>> (?:.+\n?)*)", re.M)
_RETURNS = re.compile(r"^Returns:\n(?P<text>(?:(?: {4}.*)?\n)+|(?: {4}.*\n?)+)", re.M)


class HouseStyle(griffe.Extension):
    """Makes code of the doctests under `Example:`, and a sentence of `Returns:`."""

    def on_instance(self, *, obj, **kwargs):
        """Changes the docstring of each object that has one."""
        if obj.docstring is not None:
            # The text is without indentation and not parsed yet.
            text = _EXAMPLE.sub(_fenced, obj.docstring.value + "\n")
            obj.docstring.value = _RETURNS.sub(_stated, text).rstrip()


def _fenced(found):
    code = found["code"].rstrip("\n")
    return f"**{found['title'].rstrip(':')}:**\n\n```pycon\n{code}\n```\n"


def _stated(found):
    return f"**Returns:**\n\n{textwrap.dedent(found['text'])}\n"
