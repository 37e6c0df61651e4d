"""The command that shows latents as points."""

from keras_gen.cli.printing import check_flag
from keras_gen.zoo.startup import import_tensorflow


def embed(
    name,
    *,
    data: str | None = None,
    num: int = 2000,
    out: str = "points.csv",
    download: bool = False,
):
    """Writes the latents of test images as points, beside principal components.

    A table has a line for each image: its label if it has one, its latents, and as many
    principal components of the training images. A picture shows two latents, coloured
    by the labels.

    Args:
        name: A zoo entry, or the folder of a run, that encodes.
        data: Name of a dataset or folder of images, instead of the recipe's data.
        num: Number of images.
        out: File to write, .csv for a table or .png for a picture.
        download: Lets TFDS download data that are missing.
    """
    import_tensorflow()
    from keras_gen.models.base import marks_of
    from keras_gen.zoo.embedding import check_path, embedding, save_points
    from keras_gen.zoo.shelf.loading import find
    from keras_gen.zoo.shelf.recipes import set_data

    check_flag("num", num, 1)
    entry = find(name)
    recipe, model = entry.recipe, entry.load()
    if "encode" not in marks_of(model):
        raise ValueError(f"{name} ({type(model).__name__}) does not encode")
    check_path(out, model)
    set_data(recipe, data)
    points = embedding(model, recipe, num, download)
    save_points(out, points)
    print(f"Wrote {out}: {len(points.latents)} points")
