"""Writes the tables of the README and of the entries' cards from the entries.

Run `python -m keras_gen.zoo.publishing.table`. It replaces the text between each pair
of marks.
"""

import math
import re
from pathlib import Path

import numpy as np

from keras_gen.files import write_text
from keras_gen.zoo.evaluation.report import (
    columns_of,
    number,
    parts_of,
    protocol_of,
    result_of,
)
from keras_gen.zoo.shelf.catalog import names, root
from keras_gen.zoo.shelf.entry import Entry

_BEGIN, _END = "<!-- table: begin -->", "<!-- table: end -->"


def models_table() -> str:
    """The README's table of models in Markdown, with a row for each public model."""
    import keras_gen.models

    rows = ["| model | paper | file |", "|---|---|---|"]
    for name in keras_gen.models.__all__:
        model = getattr(keras_gen.models, name)
        path = model.__module__.replace(".", "/") + ".py"
        rows.append(f"| `{name}` | {reference_of(model)} | [{path}]({path}) |")
    return "\n".join(rows)


def entries_table(entries) -> str:
    """The README's table of entries in Markdown.

    Args:
        entries: List of `Entry`, which have results.
    """
    rows = ["| entry | model | result on test data | paper |", "|---|---|---|---|"]
    for entry in entries:
        metric, result = next(iter(entry.report["results"].items()))
        paper = paper_of(entry.recipe, metric, result)
        cells = [
            f"[`{entry.name}`](zoo/{entry.name}/card.md)",
            _linked_model_of(entry.report["model"]),
            _short_result(entry) + (", distilled" if _distilled(entry) else ""),
            "" if paper is None else str(paper["value"]),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def card_tables(entry) -> str:
    """The tables of one entry's card in Markdown."""
    tables, results = [_facts(entry)], entry.report["results"]
    if "distances" in results:
        distances = results["distances"]
        tables += [_columns_table(entry.name, distances)]
        tables += [_classes_table(distances["classes"])]
        tables += [_curve_table(distances["curve"])]
    of_parts = {
        "imputation": _masks_table,
        "counterfactuals": _edits_table,
        "translation": _guesses_table,
        "upscaling": _enlargements_table,
        "repeats": _phrases_table,
        "disentanglement": _scores_table,
    }
    tables += [
        table(results[metric])
        for metric, table in of_parts.items()
        if metric in results
    ]
    if "training_seeds" in entry.report:
        tables += [_seeds_table(entry.report["training_seeds"])]
    return "\n\n".join(tables)


def _short_result(entry):
    """The first result in a few words. The card has its extractor and protocol."""
    result, *_ = entry.report["results"].values()
    error, seeds = result.get("standard_error"), entry.report.get("training_seeds", {})
    name = result["metric"].partition("[")[0].removesuffix(" of a symbol")
    found = [values[name] for values in seeds.values() if name in values]
    if len(found) > 1:
        error = math.hypot(error, np.std(found, ddof=1))
    value = number(result["value"], error)
    is_short = result["unit"] in ("nats", "nats a symbol", "%", "dB")
    unit = f" {result['unit']}" if is_short else ""
    text = f"{name} {value}{unit}"
    if name not in result.get("columns", {}):
        return text
    others = number(result["columns"][name]["training_images"], digits=2)
    return f"{text} (training images {others})"


def paper_of(recipe, metric, result) -> dict | None:
    """The number of a recipe's paper, a dict; None if the protocol is another one.

    Args:
        recipe: A recipe, from `load_recipe()`.
        metric: String, the name of the measure.
        result: Dict, the measured result.
    """
    paper = getattr(recipe, "paper", {}).get(metric)
    if paper is None:
        return None
    measured = result["protocol"]
    same = all(measured.get(key) == value for key, value in paper["protocol"].items())
    return paper if same else None


def _facts(entry):
    """The facts of an entry, and its results with their protocols."""
    report = entry.report
    training = report["training"]
    versions = ", ".join(f"{key} {v}" for key, v in training["versions"].items())
    rows = [
        "| what | value | protocol |",
        "|---|---|---|",
        f"| model | {_model_of(report['model'])}, {report['parameters']:,} parameters "
        "| |",
        f"| training | {training['epochs']} epochs in {_training_time(entry)} | "
        f"seed {training['seed']}, {versions} |",
        f"| sha256 of the weights | `{report['weights_sha256']}` | |",
    ]
    for metric, result in report["results"].items():
        rows.append(
            f"| `{metric}` | {_value_of(metric, result)}"
            f"{_beside(entry.recipe, metric, result)} | {protocol_of(result)} |"
        )
    rows += [
        f"| quick `{metric}` | {_value_of(metric, result)} | {protocol_of(result)} |"
        for metric, result in report["quick"].items()
    ]
    command = f"`keras-gen evaluate {entry.name} --metrics=NAME`"
    return "\n".join(rows) + (
        f"\n\n{command} computes a number again; add `--quick` for a quick one."
    )


def _masks_table(result):
    return _parts_table("missing", result) + (
        "\n\nThe log-loss of the missing pixels alone, in nats a pixel, with its "
        "standard error over the test images that were filled in, "
        f"{result['protocol']['num_imputed_images']:,} of them."
    )


def _edits_table(result):
    return _parts_table("attribute", result) + (
        "\n\nThe squared error to the image that differs in this attribute alone, "
        "summed over an image, with its standard error over the pairs. Edited: the "
        "decoded latents, moved by the difference of the mean latents of both classes. "
        "Change added: the image itself plus the change of the decoded latents. "
        "Unedited: the image as it is. Floor: the reconstruction of the true image."
    )


def _guesses_table(result):
    return _parts_table("translation", result) + (
        "\n\nOf values in [0, 1], with standard errors over the pairs. L1: the mean "
        "absolute error of a value. PSNR in dB. Patches: the sliced Wasserstein "
        "distance of patches of 7 x 7 pixels from those of the true images, which is "
        "large if colours or edges are missing; that of training images is its floor. "
        "Input: the source itself, taken as the translation. Mean image and mean "
        f"colour: those of {result['protocol']['num_training_pairs']:,} training pairs."
    )


def _enlargements_table(result):
    return _parts_table("enlarged by", result) + (
        "\n\nMeans over the images with their standard errors, of the luma without a "
        "border. PSNR and gain, the PSNR above that of bicubic interpolation, are in "
        "dB. Texture is the sliced Wasserstein distance of small patches from patches "
        "at other places of the true image, in levels of 256, after bicubic "
        "interpolation was subtracted from both: less is nearer to the texture of "
        "photographs. Floor: the true image itself."
    )


def _phrases_table(result):
    return _parts_table("phrases of", result) + (
        "\n\nThe percentage of phrases that occur in the training data, with its "
        "standard error over the windows, "
        f"{result['protocol']['num_sampled_windows']:,} of them sampled. A model that "
        "repeats more than test data do has learned phrases by heart."
    )


def _scores_table(result):
    protocol = result["protocol"]
    return _parts_table("score", result) + (
        f"\n\nOf 1, for the {protocol['num_latents']} means of the posterior as codes. "
        "MIG: of the mutual information with a factor, by how much the best code is "
        "ahead of the second best, as a share of the entropy of the factor; codes are "
        f"cut into {protocol['num_bins']} bins. SAP: the same of squared correlations, "
        f"for {', '.join(protocol['ordered_factors'])}. FactorVAE score: the share of "
        f"{protocol['num_votes']} votes that find the factor that is equal in a group "
        f"of {protocol['group_size']} images; chance is 1 of {len(protocol['factors'])}"
        ". Standard errors are over the test images, or over the votes."
    )


def _parts_table(title, result):
    parts = parts_of(result)
    names = [name for name, _ in parts[0][1]]
    rows = [f"| {title} | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    rows += [f"| {part} | {' | '.join(n for _, n in some)} |" for part, some in parts]
    return "\n".join(rows)


def _columns_table(name, result):
    rows = [
        "| | samples | training images | noise |",
        "|---|---|---|---|",
    ]
    rows += [f"| {' | '.join(column)} |" for column in columns_of(result)]
    protocol = result["protocol"]
    seeds = ", ".join(map(str, protocol["seeds"]))
    expected = result["classes"]["expected_chi_square"]
    return "\n".join(rows) + (
        f"\n\n{protocol['num_samples']:,} samples against {protocol['num_images']:,} "
        f"test images, in the features of `{protocol['extractor']}`: the mean over the "
        f"sampling seeds {seeds}, and its standard error over samples and test images. "
        "The other columns are the results of training images and of uniform noise in "
        "place of samples. Chi square compares the classes of samples with those of "
        f"test images; {number(expected, digits=2)} is expected if both have the same "
        "distribution. Memorization is the probability that a "
        "sample is closer to its nearest training image than a test image is to its "
        "own. Near copies are the share of samples that are closer to a training image "
        "than 99% of test images are, so 0.01 is expected; there are "
        f"{protocol['num_training_images']:,} training images. `keras-gen evaluate "
        f"{name} --metrics=distances` computes these numbers again."
    )


def _classes_table(classes):
    rows = {
        "samples of one seed": classes["counts"],
        "expected from the test images": map(round, classes["expected"]),
    }
    return _wide_table("class", range(len(classes["counts"])), rows)


def _curve_table(curve):
    sizes = [f"{size:,}" for size in curve["num_samples"]]
    rows = {
        row.replace("_", " "): map(number, curve[row])
        for row in ("model", "training_images")
    }
    return _wide_table("FD over the number of samples", sizes, rows)


def _seeds_table(seeds):
    """The results of trainings with different seeds, means over sampling seeds."""
    columns = list(next(iter(seeds.values())))
    rows = {
        f"seed {seed}": map(number, found.values()) for seed, found in seeds.items()
    }
    values = np.array([list(found.values()) for found in seeds.values()])
    spread = zip(values.mean(axis=0), values.std(axis=0, ddof=1), strict=True)
    rows["mean and standard deviation"] = [number(*pair) for pair in spread]
    return _wide_table("training", [c.replace("_", " ") for c in columns], rows)


def _wide_table(title, header, rows):
    """A table of a few long rows; `rows` is a dict from their names to their cells."""
    lines = [[title, *header], ["---"] * (1 + len(header))]
    lines += [[name, *cells] for name, cells in rows.items()]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _beside(recipe, metric, result):
    """The paper's number in brackets, and whether the two compare; empty without."""
    paper = paper_of(recipe, metric, result)
    if paper is None:
        return ""
    text = f" (paper: {paper['value']}, {paper['source']})"
    distilled = getattr(recipe, "distilled", None)
    if distilled is None:
        return text
    return (
        f"{text}, distilled: the model also learned from {distilled['num_samples']:,} "
        f"samples of `{distilled['teacher']}`, so the two numbers are not on an equal "
        "footing"
    )


def _distilled(entry):
    return hasattr(entry.recipe, "distilled")


def _model_of(name):
    """The class of an entry's model, with a link to its paper if there is one."""
    import keras_gen.models

    if name not in keras_gen.models.__all__:
        return "`keras.Model`"
    reference = reference_of(getattr(keras_gen.models, name))
    return f"`{name}`, {reference}"


def _linked_model_of(name):
    """The class of an entry's model, as a link to its paper with the year."""
    import keras_gen.models

    if name not in keras_gen.models.__all__:
        return "`keras.Model`"
    reference = reference_of(getattr(keras_gen.models, name))
    url = re.search(r"\((https?://[^)]+)\)", reference)
    doi = re.search(r"doi:(\S+)", reference)
    link = url.group(1) if url else f"https://doi.org/{doi.group(1)}"
    year = re.search(
        r"\b(19|20)\d\d\b", re.sub(r"\(http[^)]*\)|doi:\S+", "", reference)
    )
    return f"[`{name}`]({link}), {year.group()}"


def _training_time(entry):
    """The machine and the time of a training, the teacher's included."""
    training = entry.report["training"]
    own = round(training["seconds"] / 60)
    text = f"{own} min"
    if _distilled(entry):
        distilled = entry.recipe.distilled
        teacher = Entry(distilled["teacher"]).report["training"]
        teaching = round(teacher["seconds"] / 60)
        drawing = round(distilled["drawing_seconds"] / 60)
        text += (
            f", after {teaching} min for the training of the teacher and {drawing} min "
            f"for its samples: {own + teaching + drawing} min in all"
        )
    return f"{text}, {training['machine']}"


def _value_of(metric, result):
    """A result without its name."""
    name = metric.replace("_", " ")
    return result_of(result).removeprefix(f"{name} ")


def reference_of(model) -> str:
    """The text after `Reference:` in the docstring of a model class, on one line."""
    found = re.search(r"Reference:\s*\n(.*?)(\n\s*\n|\Z)", model.__doc__, re.DOTALL)
    return " ".join(found.group(1).split()).split("; ")[0].rstrip(".")


def pages() -> list:
    """Pairs of the path of each page with tables and the text that it should hold."""
    entries = [Entry(name) for name in names()]
    entries = [entry for entry in entries if "results" in entry.report]
    texts = [(root().parent / "README.md", [entries_table(entries), models_table()])]
    texts += [(entry.folder / "card.md", [card_tables(entry)]) for entry in entries]
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
        write_text(page, contents)
        print(f"wrote {page}")
