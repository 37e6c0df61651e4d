"""Commands that compress examples without loss, and restore them."""

from keras_gen.zoo.startup import import_tensorflow


def compress(
    model,
    input,
    *,
    out: str | None = None,
    labels: list[int] | None = None,
    verify: bool = True,
):
    """Compresses images without loss, by a model.

    The file takes about as many bits as the model has for the negative log-likelihood.
    Only the same model restores the images. This needs the extra `compress`.

    Args:
        model: A zoo entry, a saved model or the folder of a run, that draws images
            pixel by pixel or is a variational autoencoder.
        input: A picture, a grid of them, a folder of pictures or a .npy file, with the
            levels of the model, such as black and white.
        out: File to write. Without this flag, compressed.kgc.
        labels: Classes of the images, in turn, for models that take them.
        verify: Restores the images and compares them.
    """
    import_tensorflow()
    opened = _opened(model)
    x = _read(opened, input)
    given = {"verify": verify}
    if labels is not None:
        if opened.y_domain is None:
            raise ValueError(f"--labels must be left out: {model} takes none")
        opened.y_domain.check(labels, "labels")
        given["y"] = [labels[row % len(labels)] for row in range(len(x))]
    elif opened.y_domain is not None:
        raise ValueError(f"compress needs --labels: {model} takes labels")
    code = opened.compress(x, **given)
    path = "compressed.kgc" if out is None else out
    opened.domain_of("code").save(path, code)
    bits = 8 * len(code) / x.size
    print(
        f"Wrote {path}: {len(x)} {opened.x_domain.noun} in {len(code):,} bytes, "
        f"{bits:.4f} bits a value"
    )


def decompress(model, input, *, out: str | None = None):
    """Restores the images that `compress` has compressed.

    Args:
        model: The model that has compressed them.
        input: The file.
        out: File to write. Without this flag, decompressed.png, or another suffix for
            other data than images.
    """
    import_tensorflow()
    from keras_gen.cli.printing import save_examples

    opened = _opened(model)
    code = opened.domain_of("code").load(input)
    try:
        x = opened.decompress(code)
    except ValueError as error:
        raise ValueError(str(error).replace("`code`", repr(input), 1)) from error
    save_examples(opened.x_domain, x, out, "decompressed")


def _opened(name):
    """A model that compresses."""
    from keras_gen.models.base import marks_of
    from keras_gen.zoo.shelf.loading import open_model

    opened = open_model(name)
    if "compress" not in marks_of(opened):
        raise ValueError(f"{name} ({type(opened).__name__}) does not compress")
    return opened


def _read(model, path):
    """Examples in a file, which must lie on the levels of a model."""
    import numpy as np

    from keras_gen.domains import Images

    domain = model.coded_domain
    x = domain.load(path)
    if isinstance(domain, Images):
        # A domain on levels rounds to them, which loses what lies between.
        given = Images(domain.shape, domain.low, domain.high).load(path)
        wrong = np.abs(x - given) > 0.51 / 255 * (domain.high - domain.low)
        if wrong.any():
            raise ValueError(
                f"{path!r} must hold images on {domain.num_levels} levels from "
                f"{domain.low:g} to {domain.high:g}, so that nothing is lost. "
                f"Received: {given[wrong][0]:.6g}"
            )
    return x
