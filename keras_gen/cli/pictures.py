"""Commands that draw: samples, reconstructions, completions, interpolations."""

import os
import sys

from keras_gen.cli.printing import check_flag, write_picture
from keras_gen.zoo.shelf.entry import Entry
from keras_gen.zoo.startup import import_tensorflow


def sample(
    model,
    *,
    num: int = 64,
    seed: int | None = None,
    labels: list[int] | None = None,
    temperature: float | None = None,
    out: str = "samples.png",
    workers: int | None = None,
    shard_size: int | None = None,
):
    """Draws samples, as one picture or into a folder of shards.

    Args:
        model: A zoo entry, a saved model or the folder of a run.
        num: Number of samples.
        seed: Seed of the samples. Without this flag, another one each time.
        labels: Classes of the samples, in turn, such as 3 or 0,1,2.
        temperature: For models that draw pixel by pixel; below 1 gives likelier images.
        out: PNG file to write; or a folder, ending in /, for shards.
        workers: Processes that draw shards. Without this flag, 1.
        shard_size: Samples in a shard. Without this flag, 1024.
    """
    import_tensorflow()
    check_flag("num", num, 1)
    if out.endswith("/") or os.path.isdir(out):
        sharding = {"num_workers": workers or 1, "shard_size": shard_size or 1024}
        _sample_shards(model, num, out, seed, labels, temperature, **sharding)
        return
    for flag, value in (("workers", workers), ("shard_size", shard_size)):
        if value is not None:
            raise ValueError(
                f"sample takes --{flag} with a folder alone, such as --out=shards/"
            )
    from keras_gen.images import grid
    from keras_gen.zoo.shelf.loading import open_model

    opened = open_model(model)
    if not hasattr(opened, "sample"):
        raise ValueError(
            f"{model} is a {type(opened).__name__}, which has no prior to sample from: "
            "try reconstruct"
        )
    conditions = {}
    if labels is not None:
        conditions["labels"] = [labels[row % len(labels)] for row in range(num)]
    if temperature is not None:
        conditions["temperature"] = temperature
    opened.compiled_sampling = False  # XLA compiles for longer than a picture takes.
    write_picture(out, grid(opened.to_uint8(opened.sample(num, seed, **conditions))))


def _sample_shards(model, num, out, seed, labels, temperature, **sharding):
    from keras_gen.zoo import sample_shards

    def progress(done, count):
        if sys.stdout.isatty():
            print(f"\r{done} of {count} shards", end="", flush=True)

    index = sample_shards(
        model,
        num,
        out,
        seed,
        labels=labels,
        temperature=temperature,
        progress=progress,
        **sharding,
    )
    if sys.stdout.isatty():
        print()
    print(
        f"Wrote {out}: {num:,} samples of seed {index['seed']} in "
        f"{len(index['sha256'])} shards, and index.json"
    )


def complete(
    name,
    *,
    num: int = 10,
    seed: int = 0,
    temperature: float = 1.0,
    out: str = "completions.png",
    download: bool = False,
):
    """Draws lower halves of test images, given the upper halves.

    Args:
        name: A zoo entry that draws pixel by pixel.
        num: Number of test images.
        seed: Seed of what is drawn.
        temperature: Below 1 gives likelier images.
        out: PNG file to write.
        download: Lets TFDS download data that are missing.
    """
    import_tensorflow()
    from keras_gen.models.base import AutoregressiveModel
    from keras_gen.zoo.pictures import completions

    model, examples = _model_and_examples(name, num, download)
    if not isinstance(model, AutoregressiveModel):
        raise ValueError(
            f"{name} is a {type(model).__name__}, which does not complete images"
        )
    model.compiled_sampling = False  # As for samples.
    options = {"seed": seed, "temperature": temperature}
    write_picture(out, completions(model, *examples(), **options))


def reconstruct(
    name, *, num: int = 50, out: str = "reconstructions.png", download: bool = False
):
    """Draws test images above their reconstructions.

    Args:
        name: A zoo entry that encodes images.
        num: Number of test images.
        out: PNG file to write.
        download: Lets TFDS download data that are missing.
    """
    import_tensorflow()
    from keras_gen.zoo.pictures import reconstructions

    model, examples = _model_and_examples(name, num, download)
    _check_encodes(name, model)
    write_picture(out, reconstructions(model, examples()[0]))


def interpolate(
    model,
    *,
    num: int = 10,
    seed: int = 0,
    out: str = "interpolations.png",
    download: bool = False,
):
    """Draws paths between test images, or between samples where a model cannot encode.

    Args:
        model: A zoo entry; of a model that cannot encode also a saved model or the
            folder of a run.
        num: Number of paths.
        seed: Seed of the samples that paths join.
        out: PNG file to write.
        download: Lets TFDS download data that are missing.
    """
    import_tensorflow()
    from keras_gen.zoo.pictures import interpolations, latent_interpolations
    from keras_gen.zoo.shelf.loading import open_model

    check_flag("num", num, 1)
    opened = open_model(model)
    if hasattr(opened, "interpolate") and not hasattr(opened, "reconstruct"):
        write_picture(out, latent_interpolations(opened, num, seed))
        return
    opened, examples = _model_and_examples(model, 2 * num, download)
    _check_encodes(model, opened)
    write_picture(out, interpolations(opened, examples()[0]))


def _model_and_examples(name, num, download):
    """A pretrained model, and a function that gives its first test examples."""
    check_flag("num", num, 1)
    entry = Entry(name)
    model = entry.load()

    def examples():
        from keras_gen.zoo.shelf.recipes import first_examples

        if download:
            entry.recipe.data("test", download=True)
        return first_examples(entry.recipe.data("test"), num)

    return model, examples


def _check_encodes(name, model):
    if not hasattr(model, "reconstruct"):
        raise ValueError(f"{name} is a {type(model).__name__}, which does not encode")
