"""Results as text, for the terminal and for the tables."""

import math


def number(value, error=None, digits=4):
    """A number as text: to two digits of its error, else to so many of its own."""
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


def uncertainty(result):
    """The standard error of a result, or its standard deviation; None without."""
    return result.get("standard_error", result.get("standard_deviation"))


def result_of(result):
    """A result with uncertainty, unit and bounds, as text without its protocol."""
    text = (
        f"{result['metric']} {number(result['value'], uncertainty(result))} "
        f"{result['unit']}"
    )
    if "ceiling" not in result:
        return text
    floor, ceiling = number(result["floor"]), number(result["ceiling"])
    return f"{text} (perfect {floor}, without a model {ceiling})"


def protocol_of(result):
    """The protocol of a result, as text."""
    return ", ".join(
        f"{key.removeprefix('num_').replace('_', ' ')} {_plain(value)}"
        for key, value in result["protocol"].items()
    )


def columns_of(result):
    """The columns of distances: rows of `(name, model, floor, ceiling)`, as text."""
    return [
        (
            name.replace("_", " "),
            number(column["model"], column["standard_deviation"]),
            number(column["floor"]),
            number(column["ceiling"]),
        )
        for name, column in result.get("columns", {}).items()
    ]


def describe(result):
    """Lines of text for a result of `keras_gen.zoo.evaluate()`."""
    lines = [f"{result_of(result)} ({protocol_of(result)})"]
    for name, model, floor, ceiling in columns_of(result):
        lines.append(
            f"  {name:13} {model:22} training images {floor:10} noise {ceiling}"
        )
    return "\n".join(lines)


def _plain(value):
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
