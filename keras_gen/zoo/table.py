"""Writes the tables of the README and of the entries' cards from the entries.

Run as `python -m keras_gen.zoo.table`. Each table stands between two marks, and all
that is between them is replaced.
"""

import re
from pathlib import Path

from keras_gen.zoo.catalog import info, names, root

_BEGIN, _END = "<!-- table: begin -->", "<!-- table: end -->"


def models_table():
    """The README's table in Markdown: a row for each public model, with its file."""
    import keras_gen.models

    rows = ["| model | paper | file |", "|---|---|---|"]
    for name in keras_gen.models.__all__:
        model = getattr(keras_gen.models, name)
        path = model.__module__.replace(".", "/") + ".py"
        rows.append(f"| `{name}` | {reference_of(model)} | [{path}]({path}) |")
    return "\n".join(rows)


def entries_table():
    """The README's table in Markdown: a row for each pretrained entry."""
    rows = [
        "| entry | model | parameters | test result | trained in |",
        "|---|---|---|---|---|",
    ]
    for name in names():
        entry = info(name)
        full, training = entry.get("full"), entry.get("training")
        if full is None:
            continue
        link = f"[`{name}`](zoo/{name}/card.md)"
        minutes = f"{training['seconds'] / 60:.0f} min, {training['machine']}"
        rows.append(
            f"| {link} | `{entry['model']}` | {entry['parameters']:,} | "
            f"{result_of(full)} | {minutes} |"
        )
    return "\n".join(rows)


def card_table(name):
    """The table of one entry's card in Markdown."""
    entry = info(name)
    training = entry["training"]
    rows = [
        "| what | value |",
        "|---|---|",
        f"| model | `{entry['model']}`, {entry['parameters']:,} parameters |",
        f"| test result | {result_of(entry['full'])} |",
        f"| protocol | {protocol_of(entry['full'])} |",
        f"| quick result | {result_of(entry['quick'])} |",
        f"| quick protocol | {protocol_of(entry['quick'])} |",
        f"| training | {training['epochs']} epochs in "
        f"{training['seconds'] / 60:.0f} minutes, seed {training['seed']}, "
        f"{training['machine']} |",
        "| versions | "
        + ", ".join(f"{k} {v}" for k, v in training["versions"].items())
        + " |",
        f"| sha256 of the weights | `{entry['weights_sha256']}` |",
    ]
    return "\n".join(rows)


def result_of(measured):
    """A measured value with its standard error, as text."""
    return (
        f"{measured['metric']} {measured['value']:.2f} ± "
        f"{measured['standard_error']:.2f} {measured['unit']}"
    )


def protocol_of(measured):
    """The protocol of a measured value, as text."""
    return ", ".join(
        f"{key.replace('num_', '').replace('_', ' ')} "
        + (f"{value:.4f}" if isinstance(value, float) else str(value))
        for key, value in measured["protocol"].items()
    )


def reference_of(model):
    """The text after `Reference:` in the docstring of a model class, on one line."""
    found = re.search(r"Reference:\s*\n(.*?)(\n\s*\n|\Z)", model.__doc__, re.DOTALL)
    return " ".join(found.group(1).split()).split("; ")[0].rstrip(".")


def pages():
    """Every page with a table, and what it should hold: pairs of path and text."""
    readme = root().parent / "README.md"
    texts = [(readme, [entries_table(), models_table()])]
    texts += [
        (root() / name / "card.md", [card_table(name)])
        for name in names()
        if "full" in info(name)
    ]
    return [(path, _filled(path, tables)) for path, tables in texts]


def _filled(path, tables):
    text = Path(path).read_text(encoding="utf-8")
    parts = re.split(f"{_BEGIN}.*?{_END}", text, flags=re.DOTALL)
    if len(parts) != len(tables) + 1:
        raise ValueError(
            f"{path} must hold {len(tables)} tables between {_BEGIN} and {_END}. "
            f"Found: {len(parts) - 1}"
        )
    marked = [f"{_BEGIN}\n{table}\n{_END}" for table in tables]
    return "".join(part + mark for part, mark in zip(parts, [*marked, ""], strict=True))


if __name__ == "__main__":
    for page, contents in pages():
        page.write_text(contents, encoding="utf-8")
        print(f"wrote {page}")
