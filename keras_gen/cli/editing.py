"""The command that changes an attribute of images."""

from keras_gen.cli.printing import check_flag, naming_flags, save_examples
from keras_gen.zoo.startup import import_tensorflow


def edit(
    name,
    *,
    attribute: str | None = None,
    amount: float = 1.0,
    steps: int = 6,
    input: str | None = None,
    out: str | None = None,
):
    """Changes an attribute of images, such as sunglasses, step by step.

    Each row of the picture shows an image, its reconstruction, and edited images up to
    the amount.

    Args:
        name: A zoo entry, or the folder of a run, whose recipe names attributes.
        attribute: What to change. An unknown one gets an error that lists those known.
        amount: How much of it; 1 is the difference between images with it and without
            it, and a number below 0 takes it away.
        steps: Images from the reconstruction to the amount, at least 2.
        input: A picture, a grid of them, a folder of pictures or a .npy file. Without
            this flag, the example images of the entry.
        out: File to write. Without this flag, edited.png.
    """
    import_tensorflow()
    from keras_gen.zoo.attributes import EXAMPLES, attributes_of, directions_of, strips
    from keras_gen.zoo.shelf.loading import find

    check_flag("steps", steps, 2)
    entry = find(name)
    model = entry.load()
    known = attributes_of(entry, model)
    if attribute not in known:
        received = "" if attribute is None else f" Received: {attribute}"
        raise ValueError(
            f"--attribute must be one of those of {name}: {', '.join(known)}.{received}"
        )
    examples = entry.folder / EXAMPLES
    if input is None and not examples.exists():
        raise ValueError(f"{name} holds no example images: pass some as --input")
    try:
        x = model.x_domain.load(examples if input is None else input)
    except ValueError as error:
        raise ValueError(f"--input: {error}") from error
    direction = directions_of(entry, model)[attribute]
    with naming_flags(["amount"]):
        rows = strips(model, x, direction, amount, steps)
    columns = rows.shape[1]
    rows = rows.reshape(-1, *model.x_domain.shape)
    save_examples(model.x_domain, rows, out, "edited", columns)
