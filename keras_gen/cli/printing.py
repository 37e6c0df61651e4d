"""What commands print and write, and the checks that several of them share."""

import contextlib
from pathlib import Path

from keras_gen.zoo.evaluation.report import describe


def text_of(result):
    """A result as text that any terminal can show."""
    return describe(result).replace("±", "+-").replace("—", "-")


def save_grid(path, picture):
    """Writes a picture as PNG and says so."""
    from keras_gen.images import save_png

    save_png(path, picture)
    print(f"Wrote {path}: {picture.shape[1]} x {picture.shape[0]} pixels")


def save_examples(domain, examples, path, default, columns=None):
    """Writes examples of a domain to one file and says so.

    Args:
        domain: `keras_gen.domains.Domain`.
        examples: Array of shape `(num, *domain.shape)`.
        path: String; None for the default with the suffix of the domain.
        default: String, the path without a suffix.
        columns: Integer, images in a row of a picture. Defaults to nearly a square.
    """
    from keras_gen.domains import Images
    from keras_gen.images import grid
    from keras_gen.media import check_suffix

    path = f"{default}{domain.suffix}" if path is None else path
    if isinstance(domain, Images) and not path.endswith(".npy"):
        check_suffix(path, domain.suffix, ".npy")
        save_grid(path, grid(domain.to_bytes(examples), columns))
        return
    domain.save(path, examples)
    print(f"Wrote {path}: {len(examples)} {domain.noun}")


def save_each(domain, images, folder, names):
    """Writes each of some images as a PNG file of its own and says so.

    Args:
        domain: `keras_gen.domains.Images`.
        images: Array of shape `(num, *domain.shape)`.
        folder: String.
        names: List of strings, the names of the files without their suffix.

    Raises:
        ValueError: If the domain is another one.
    """
    from keras_gen.domains import Images
    from keras_gen.images import save_png

    if not isinstance(domain, Images):
        raise ValueError(
            f"--out must be a file ending in {domain.suffix}, because {domain.noun} "
            f"are written into one file. Received the folder: {folder}"
        )
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, image in zip(names, domain.to_bytes(images), strict=True):
        save_png(Path(folder) / f"{name}.png", image)
    print(f"Wrote {folder}: {len(names)} pictures")


def check_flag(name, value, least, most=None):
    """Raises a ValueError unless the value of a flag lies in a range."""
    if value < least or (most is not None and value > most):
        wanted = (
            f"be at least {least}" if most is None else f"lie from {least} to {most}"
        )
        raise ValueError(f"--{name} must {wanted}. Received: {value}")


@contextlib.contextmanager
def naming_flags(arguments, flags=None):
    """Errors of a model name flags in place of its arguments.

    Args:
        arguments: Iterable of strings, the names of arguments.
        flags: Iterable of strings, the flag of each; None if they have the same names.
    """
    pairs = list(zip(arguments, flags or arguments, strict=True))
    try:
        yield
    except ValueError as error:
        text = str(error)
        for argument, flag in pairs:
            text = text.replace(f"`{argument}`", f"--{flag}")
        raise ValueError(text) from error
