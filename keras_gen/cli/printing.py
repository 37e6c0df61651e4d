"""What commands print and write, and the checks that several of them share."""

from keras_gen.zoo.evaluation.report import describe


def text_of(result):
    """A result as text that any terminal can show."""
    return describe(result).replace("±", "+-").replace("—", "-")


def write_picture(path, picture):
    """Writes a picture as PNG and says so."""
    from keras_gen.images import save_png

    save_png(path, picture)
    print(f"Wrote {path}: {picture.shape[1]} x {picture.shape[0]} pixels")


def check_flag(name, value, least, most=None):
    """Raises a ValueError unless the value of a flag lies in a range."""
    if value < least or (most is not None and value > most):
        wanted = (
            f"be at least {least}" if most is None else f"lie from {least} to {most}"
        )
        raise ValueError(f"--{name} must {wanted}. Received: {value}")
