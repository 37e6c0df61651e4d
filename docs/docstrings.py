"""An extension of griffe: how the examples in docstrings become code in the site."""

import re

import griffe

_EXAMPLE = re.compile(r"^(?P<title>Examples?:)\n\n?(?P<code>>>> (?:.+\n?)*)", re.M)


class Examples(griffe.Extension):
    """Puts the doctests under `Example:` into a block of code."""

    def on_instance(self, *, obj, **kwargs):
        """Changes the docstring of each object that has one."""
        if obj.docstring is not None:
            # Parsing starts from the cleaned text, so that indentation is gone here.
            text = _EXAMPLE.sub(_fenced, obj.docstring.value)
            obj.docstring.value = text


def _fenced(found):
    code = found["code"].rstrip("\n")
    return f"**{found['title'].rstrip(':')}**\n\n```pycon\n{code}\n```\n"
