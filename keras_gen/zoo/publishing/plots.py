"""Figures of an entry: the curves of its training, and the bias of its distance."""

import csv
import math
from functools import partial
from pathlib import Path

import numpy as np

from keras_gen.files import written_whole
from keras_gen.lazy import optional_import

#: Rows of a history that an entry keeps.
_MOST_ROWS = 200
#: Columns of a history that do not measure the model.
_NOT_DRAWN = ("epoch", "seconds", "val_seconds", "learning_rate")
_COLUMNS = 3


def thin(history, most_rows=_MOST_ROWS) -> str:
    """Shortens a history for an entry: fewer rows, and no columns without a number.

    Args:
        history: String, the contents of a `history.csv`.
        most_rows: Integer, the largest number of rows to keep. The first and the last
            row are kept. Half of the rows are evenly spaced; the other half are denser
            at the beginning, where the numbers change fastest.
    """
    header, *rows = csv.reader(history.splitlines())
    if len(rows) > most_rows:
        half = most_rows // 2
        index = [np.linspace(1, len(rows), half), np.geomspace(1, len(rows), half)]
        index = np.unique(np.concatenate(index).round().astype(int)) - 1
        rows = [rows[row] for row in index]
    kept = [
        column
        for column in range(len(header))
        if any(math.isfinite(_number(row[column])) for row in rows)
    ]
    lines = [",".join(row[column] for column in kept) for row in [header, *rows]]
    return "\n".join(lines) + "\n"


def read_history(path) -> dict:
    """The columns of a `history.csv`, a dict of float arrays.

    A number that was not measured after an epoch is NaN.
    """
    header, *rows = csv.reader(Path(path).read_text(encoding="utf-8").splitlines())
    values = [[_number(text) for text in row] for row in rows]
    return dict(zip(header, np.array(values).T, strict=True))


def save_plots(folder, results) -> Path:
    """Draws `training.png` of an entry from its `history.csv` and its results.

    There is a panel for the losses and one for each other number. They are drawn over
    the epochs, or over the time if there are validation images. Models with a rate and
    a distortion have a panel with the path of the two. If the Fréchet distance was
    measured for several numbers of samples, the last panel shows it.

    Args:
        folder: Path of the entry.
        results: Dict, the results in its `metrics.json`.

    Returns:
        The path of the figure.

    Raises:
        ValueError: If there is no `history.csv`, or nothing in it to draw.
        ImportError: If matplotlib, of the extra `plots`, is not installed.
    """
    folder = Path(folder)
    if not (folder / "history.csv").is_file():
        raise ValueError(f"{str(folder)!r} holds no history.csv to draw.")
    panels = _training_panels(read_history(folder / "history.csv"))
    curve = results.get("distances", {}).get("curve", {})
    if len(curve.get("num_samples", ())) > 1:
        metric = results["distances"]["metric"]
        panels.append(lambda axes: _draw_curve(axes, curve, metric))
    if not panels:
        raise ValueError(f"{str(folder / 'history.csv')!r} holds no number to draw.")
    return _save(folder / "training.png", panels)


def _training_panels(history):
    """Functions that draw one panel each, into the axes that you pass."""
    names = [name for name in history if name not in _NOT_DRAWN]
    groups = {}
    has_path = {"rate", "distortion"} <= set(names)
    for name in names:
        plain = name.removeprefix("val_")
        if has_path and plain in ("rate", "distortion"):
            continue
        groups.setdefault("loss" if plain.endswith("loss") else plain, []).append(name)
    panels = [
        partial(_draw_progress, title=title, names=names, history=history)
        for title, names in sorted(groups.items(), key=lambda group: group[0] != "loss")
    ]
    return panels + [lambda axes: _draw_path(axes, history)] * has_path


def _draw_progress(axes, title, names, history):
    values = np.concatenate([history[name] for name in names])
    xlabel, progress = "epoch", history["epoch"] + 1
    if "seconds" in history and any(name.startswith("val_") for name in names):
        xlabel, progress = "minutes", history["seconds"] / 60
    for name in names:
        # The line has no gap at an epoch without a measurement.
        measured = np.isfinite(history[name])
        axes.plot(
            progress[measured], history[name][measured], label=name, linewidth=1.2
        )
    axes.set(xlabel=xlabel, ylabel=title.replace("_", " "))
    finite = values[np.isfinite(values)]
    # On a linear scale, the first epochs would flatten the others.
    if finite.min() > 0 and finite.max() > 5 * finite.min():
        axes.set_yscale("log")
    if len(names) > 1:
        axes.legend(frameon=False)


def _draw_path(axes, history):
    """The path in the plane of rate and distortion, with marks at a few epochs."""
    rate, distortion = history["rate"], history["distortion"]
    axes.plot(rate, distortion, linewidth=1.0, color="0.6", zorder=1)
    epochs = history["epoch"] + 1
    marked = np.unique(np.searchsorted(epochs, np.geomspace(1, epochs[-1], 6) - 0.5))
    axes.scatter(rate[marked], distortion[marked], s=14, zorder=2)
    for index in marked:
        place = (rate[index], distortion[index])
        text = f"{epochs[index]:.0f}"
        axes.annotate(text, place, (4, 4), textcoords="offset points", fontsize=8)
    axes.set(xlabel="rate (nats); numbers are epochs", ylabel="distortion (nats)")
    axes.margins(x=0.15)


def _draw_curve(axes, curve, metric):
    for name in ("model", "training_images"):
        label = name.replace("_", " ")
        axes.plot(curve["num_samples"], curve[name], marker="o", label=label)
    axes.set(xscale="log", yscale="log", xlabel="samples")
    axes.set_ylabel(metric, fontsize=8)
    axes.set_xticks(curve["num_samples"], [f"{n:,}" for n in curve["num_samples"]])
    axes.minorticks_off()
    axes.legend(frameon=False)


def _save(path, panels):
    # pyplot keeps figures globally and chooses a window system, so it is not used.
    optional_import("matplotlib", "plots", "A figure of a training")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = min(_COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = Figure(figsize=(4.0 * columns, 3.2 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for index, draw in enumerate(panels):
        axes = figure.add_subplot(rows, columns, index + 1)
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
    with written_whole(path) as partial:
        # Without the version of matplotlib, equal figures have equal bytes.
        figure.savefig(partial, dpi=100, metadata={"Software": None})
    return path


def _number(text):
    """A number of a history; NaN if it was not measured."""
    return float(text) if text not in ("", "NA") else math.nan
