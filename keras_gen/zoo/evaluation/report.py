"""Results as text, for the terminal and for the tables."""

import math


def number(value, error=None, digits=4) -> str:
    """A number as text, with two digits of its error, else with `digits` digits."""
    if value is None:
        return "—"
    if isinstance(value, int):
        return f"{value:,}"
    if error is not None and error > 0.0:
        decimals = max(0, 1 - math.floor(math.log10(error)))
        return f"{value:,.{decimals}f} ± {error:,.{decimals}f}"
    if value == 0.0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{decimals}f}"


def result_of(result) -> str:
    """A result with its uncertainty and unit, as text without its protocol."""
    text = (
        f"{result['metric']} {number(result['value'], result.get('standard_error'))} "
        f"{result['unit']}"
    )
    for name, value in result.get("without_model", {}).items():
        text += f" ({name}: {number(value)})"
    if "bits_per_dimension" in result:
        text += f" ({number(result['bits_per_dimension'])} bits per dimension)"
    return text


def protocol_of(result) -> str:
    """The protocol of a result, as text."""
    return ", ".join(
        f"{key.removeprefix('num_').replace('_', ' ')} {_plain(value)}"
        for key, value in result["protocol"].items()
    )


def columns_of(result) -> list:
    """The columns of distances: rows of name, model, training images and noise."""
    return [
        (
            name.replace("_", " "),
            number(column["model"], column["standard_error"]),
            number(column["training_images"]),
            number(column["noise"]),
        )
        for name, column in result.get("columns", {}).items()
    ]


def describe(result) -> str:
    """Lines of text for a result of `keras_gen.zoo.evaluate()`."""
    lines = [f"{result_of(result)} ({protocol_of(result)})"]
    for name, model, training_images, noise in columns_of(result):
        lines.append(
            f"  {name:13} {model:22} training images {training_images:10} noise {noise}"
        )
    for name, cells in parts_of(result):
        lines.append(f"  {name:13} {', '.join(f'{n} {cell}' for n, cell in cells)}")
    return "\n".join(lines)


def parts_of(result) -> list:
    """The parts of a result: rows of a name, and pairs of a name and a number.

    An imputation has masks and methods; edits have attributes and methods; repeats have
    the lengths of phrases, of samples and of test data; translations have guesses and
    errors; enlargements have methods and numbers; scores have factors.
    """
    kinds = ("masks", "edits", "phrases", "translations", "enlargements", "scores")
    parts = next((result[kind] for kind in kinds if kind in result), {})

    def shown(found):
        return number(found["value"], found["standard_error"])

    return [
        (
            part.replace("_", " "),
            [(name.replace("_", " "), shown(found)) for name, found in some.items()],
        )
        for part, some in parts.items()
    ]


def _plain(value):
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
