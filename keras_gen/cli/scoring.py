"""The command that scores how unlike the training data pictures are."""

from pathlib import Path

from keras_gen.cli.printing import check_flag, naming_flags
from keras_gen.zoo.startup import import_tensorflow


def score(
    model,
    *,
    data: str | None = None,
    out: str = "scores.csv",
    method: str | None = None,
    background: str | None = None,
    complexity: bool = False,
    normal: str | None = None,
    quantile: float = 0.95,
    batch_size: int = 256,
):
    """Scores how unlike its training data the pictures of a folder are.

    The file has a line for each picture: its path and its score, the larger the less
    like. With --normal it also says whether the score lies above the threshold.

    Args:
        model: A zoo entry, a saved model or the folder of a run, of images without
            labels.
        data: Folder of pictures. Others than of the size of the model are cropped and
            resized.
        out: CSV file to write.
        method: What is scored; likelihood, bound, elbo or reconstruction, where the
            model has it.
        background: Another model of the same kind of images, whose score is subtracted;
            gives a likelihood ratio.
        complexity: Subtracts the nats of the compressed picture, because a likelihood
            alone takes simple pictures for normal ones.
        normal: Folder of pictures that are normal and that the model has not learned
            from; sets the threshold.
        quantile: Share of these at or below the threshold.
        batch_size: Pictures at once.
    """
    import_tensorflow()
    from keras_gen.files import write_text
    from keras_gen.media import check_suffix
    from keras_gen.models.base import threshold_of
    from keras_gen.zoo.shelf.loading import open_model

    if data is None:
        raise ValueError("score needs --data, a folder of pictures")
    check_flag("batch_size", batch_size, 1)
    check_suffix(out, ".csv")
    opened = open_model(model)
    _check_scores(model, opened)
    options = {"method": method, "complexity": complexity}
    if background is not None:
        options["background"] = open_model(background)
    above = None
    with naming_flags(("method", "background", "complexity", "quantile")):
        if normal is not None:
            scores = [s for _, s in _scored(opened, normal, batch_size, options)]
            above = threshold_of(scores, quantile)
        found = list(_scored(opened, data, batch_size, options))
    write_text(Path(out), _table(found, above))
    print(f"Wrote {out}: {len(found)} scores{_told(found, above)}")


def _check_scores(label, opened):
    from keras_gen.domains import Images
    from keras_gen.models.base import marks_of

    mark = marks_of(opened).get("anomaly_score")
    if mark is None or mark.takes != ("x",) or not isinstance(opened.x_domain, Images):
        raise ValueError(
            f"{label} ({type(opened).__name__}) does not score images without labels"
        )


def _scored(opened, folder, batch_size, options):
    """Pairs of the path of a picture and its score, a batch in memory at a time."""
    from keras_gen.datasets import pictures

    domain = opened.x_domain
    for paths, images in pictures(folder, domain.shape, batch_size):
        x = domain.from_bytes(images)
        scores = opened.anomaly_score(x, batch_size=batch_size, **options)
        yield from zip(paths, map(float, scores), strict=True)


def _table(found, above):
    import csv
    import io

    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["file", "score"] + ["is_anomaly"] * (above is not None))
    for path, value in found:
        told = [] if above is None else [int(value > above)]
        writer.writerow([path, f"{value:.6g}", *told])
    return file.getvalue()


def _told(found, above):
    if above is None:
        return ""
    num = sum(value > above for _, value in found)
    return f", {num} of them above the threshold {above:.6g}"
