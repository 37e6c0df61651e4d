"""Latents of images as points: a table, or a picture of two dimensions."""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_gen.files import written_whole
from keras_gen.lazy import optional_import
from keras_gen.media import check_suffix
from keras_gen.zoo.evaluation.latents import (
    NUM_REFERENCES,
    components_of,
    labelled,
)
from keras_gen.zoo.evaluation.measures import flat, latents_of
from keras_gen.zoo.shelf.recipes import first_examples


class Embedding(NamedTuple):
    """Points of some examples.

    Attributes:
        latents: Float array of shape `(num, size)`.
        components: Float array of the same shape, principal components of the training
            examples.
        labels: Integer array of shape `(num,)`; None if the data have none.
        class_names: List of strings, by label.
    """

    latents: np.ndarray
    components: np.ndarray
    labels: np.ndarray | None
    class_names: list


def embedding(model, recipe, num, download=False) -> Embedding:
    """The latents of the first test examples of a recipe, and principal components.

    Args:
        model: A model of the recipe that encodes.
        recipe: A recipe, from `load_recipe()`.
        num: Integer, the number of examples.
        download: Boolean, whether TFDS may download missing data.

    Returns:
        `Embedding`.
    """
    options = {"download": True} if download else {}
    known = labelled(recipe, f"train[:{NUM_REFERENCES}]", **options)
    data = labelled(recipe, "test", **options)
    x, *y = first_examples(data, num)
    labels = y[0] if y else None
    latents = latents_of(model, x, labels)
    components = components_of(
        first_examples(known, NUM_REFERENCES)[0], latents.shape[1]
    )
    names = list(getattr(data, "class_names", []))
    return Embedding(latents, components(flat(x)), labels, names)


def check_path(path, model) -> None:
    """Raises a ValueError unless the latents of a model can be written to a path.

    Args:
        path: String that ends in `.csv`, or in `.png` for two latents.
        model: A model that encodes.
    """
    check_suffix(path, ".csv", ".png")
    size = math.prod(model.domain_of("latents").shape)
    if path.endswith(".png") and size != 2:
        raise ValueError(
            f"A picture shows two latents, and the model has {size}: write a table, to "
            f"a file that ends in .csv. Received: {path!r}"
        )


def save_points(path, points) -> None:
    """Writes an embedding as a table or, for two latents, as a picture.

    Args:
        path: String, see `check_path()`.
        points: `Embedding`.

    Raises:
        ImportError: If a picture is asked for and matplotlib is not installed.
    """
    save = _save_table if path.endswith(".csv") else _save_picture
    save(Path(path), points)


def _save_table(path, points):
    """A header, then for each example its label, its latents and its components."""
    blocks = {"latent": points.latents, "component": points.components}
    header = [f"{k}_{i}" for k, v in blocks.items() for i in range(v.shape[1])]
    rows = np.concatenate(list(blocks.values()), axis=1).tolist()
    if points.labels is not None:
        header = ["label", *header]
        rows = [[int(y), *row] for y, row in zip(points.labels, rows, strict=True)]
    lines = [",".join(map(str, row)) for row in [header, *rows]]
    with written_whole(path) as partial:
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _save_picture(path, points):
    """The two panels side by side: latents, and principal components."""
    optional_import("matplotlib", "plots", "A picture of latents")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    panels = {"latents": points.latents, "principal components": points.components}
    for index, (title, values) in enumerate(panels.items()):
        axes = figure.add_subplot(1, 2, index + 1)
        axes.set(title=title, xticks=[], yticks=[])
        _draw_points(axes, values, points.labels, points.class_names)
    if points.labels is not None:
        figure.legend(
            *axes.get_legend_handles_labels(),
            loc="outside right center",
            frameon=False,
            markerscale=3,
        )
    with written_whole(path) as partial:
        # Without the version of matplotlib, equal figures have equal bytes.
        figure.savefig(partial, dpi=100, metadata={"Software": None}, format="png")


def _draw_points(axes, values, labels, class_names):
    if labels is None:
        axes.scatter(*values.T, s=4, linewidths=0)
        return
    for label in np.unique(labels):
        name = class_names[label] if label < len(class_names) else str(label)
        chosen = values[labels == label]
        axes.scatter(*chosen.T, s=5, linewidths=0, color=f"C{label % 10}", label=name)
