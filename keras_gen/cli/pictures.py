"""Commands that draw: samples, reconstructions, completions, interpolations."""

import os
import sys

from keras_gen.cli.continuing import continue_prompt, continues
from keras_gen.cli.printing import (
    check_flag,
    naming_flags,
    save_examples,
    save_grid,
)
from keras_gen.zoo.startup import import_tensorflow


def sample(
    model,
    *,
    num: int = 64,
    seed: int | None = None,
    labels: list[int] | None = None,
    temperature: float | None = None,
    truncation: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    out: str | None = None,
    workers: int | None = None,
    shard_size: int | None = None,
):
    """Draws samples, into one file or into a folder of shards.

    Args:
        model: A zoo entry, a saved model or the folder of a run.
        num: Number of samples.
        seed: Seed of the samples. Without this flag, another one each time.
        labels: Classes of the samples, in turn, such as 3 or 0,1,2.
        temperature: For autoregressive models; below 1 gives likelier samples.
        truncation: For BigGAN; the share of the latents to draw from, in (0, 1]. Less
            gives samples that are better and more alike.
        top_k: For autoregressive models; draws each value from this number of
            likeliest ones.
        top_p: For autoregressive models; draws each value from the fewest likeliest
            ones that have this probability together.
        out: File to write, or a folder, ending in /, for shards. Without this flag,
            samples.png, or another suffix for other data than images, such as .txt for
            text and .mid for melodies.
        workers: Processes that draw shards. Without this flag, 1.
        shard_size: Samples in a shard. Without this flag, 1024.
    """
    import_tensorflow()
    check_flag("num", num, 1)
    limits = _given(top_k=top_k, top_p=top_p)
    scales = _given(temperature=temperature, truncation=truncation)
    if out is not None and (out.endswith("/") or os.path.isdir(out)):
        _check_without(limits, "shards")
        sharding = {
            "num_workers": 1 if workers is None else workers,
            "shard_size": 1024 if shard_size is None else shard_size,
        }
        _sample_shards(model, num, out, seed, labels, scales, **sharding)
        return
    for flag, value in (("workers", workers), ("shard_size", shard_size)):
        if value is not None:
            raise ValueError(
                f"sample takes --{flag} with a folder alone, such as --out=shards/"
            )
    from keras_gen.models.base import marks_of
    from keras_gen.zoo.shelf.loading import open_model

    opened = open_model(model)
    marks = marks_of(opened)
    if "sample" not in marks:
        raise ValueError(
            f"{model} ({type(opened).__name__}) has no prior to sample from. "
            f"Methods that `apply` takes: {', '.join(marks) or 'none'}"
        )
    conditions = {}
    if labels is not None:
        _check_taken("labels", "y", model, opened, marks["sample"])
        opened.y_domain.check(labels, "labels")
        conditions["y"] = [labels[row % len(labels)] for row in range(num)]
    for scale in scales:
        _check_taken(scale, scale, model, opened, marks["sample"])
    opened.compiled_sampling = False  # XLA compiles for longer than a picture takes.
    with naming_flags(limits | scales):
        samples = opened.sample(num, seed, **conditions, **scales, **limits)
    save_examples(opened.x_domain, samples, out, "samples")


def _given(**flags):
    """The flags that are given, a dict."""
    return {name: value for name, value in flags.items() if value is not None}


def _check_without(flags, what):
    for name in flags:
        raise ValueError(f"--{name} must be left out of {what}")


def _check_taken(flag, name, model, opened, mark):
    if name not in mark.takes:
        kind = type(opened).__name__
        raise ValueError(
            f"--{flag} must be left out: samples of {model} ({kind}) have none"
        )


def _sample_shards(model, num, out, seed, labels, scales, **sharding):
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
        progress=progress,
        **scales,
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
    num: int | None = None,
    seed: int = 0,
    prompt: str | None = None,
    length: int | None = None,
    mask: str | None = None,
    method: str | None = None,
    steps: int | None = None,
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    out: str | None = None,
    download: bool = False,
):
    """Fills in what is missing of test images, or continues a text or a melody.

    Each row of the picture shows a test image, what is known of it, and completions.

    Args:
        name: A zoo entry, or the folder of a run, that completes examples.
        num: Number of test images, or of continuations. Without this flag, 10 images
            and 1 continuation.
        seed: Seed of what is drawn.
        prompt: What a text begins with, or the .mid file of a melody, or the .wav file
            of a sound.
        length: With --prompt, how many symbols follow. Without this flag, as many as an
            example of the model has.
        mask: What is missing of images, lower_half, centre, random_50 or random_80
            (percent of the pixels), or a file of what is known; a picture, white where
            it is, or a .csv or .npy file of ones and zeros. A model that draws pixel by
            pixel needs the first pixels. Without this flag, lower_half.
        method: How; for variational models metropolis or pseudo-gibbs.
        steps: For variational models, steps of the Markov chain.
        temperature: For autoregressive models; below 1 gives likelier examples.
        top_k: As for sample.
        top_p: As for sample.
        out: File to write. Without this flag, completions.png, or another suffix for
            other data; text is shown.
        download: Lets TFDS download data that are missing.
    """
    import_tensorflow()
    from keras_gen.zoo.shelf.loading import find

    if num is not None:
        check_flag("num", num, 1)
    entry = find(name)
    model = entry.load()
    model.compiled_sampling = False  # As for samples.
    options = _given(
        method=method, steps=steps, temperature=temperature, top_k=top_k, top_p=top_p
    )
    if continues(model):
        _check_without(_given(mask=mask, method=method, steps=steps), "sequences")
        continue_prompt(model, prompt, num, length, seed, out, options)
        return
    _check_without(_given(prompt=prompt, length=length), "images")
    picture = _completed_images(
        entry, model, 10 if num is None else num, seed, mask, options, download
    )
    save_grid("completions.png" if out is None else out, picture)


def _completed_images(entry, model, num, seed, mask, options, download):
    """The picture of test images and completions."""
    from keras_gen.domains import Images
    from keras_gen.models.base import marks_of
    from keras_gen.zoo.pictures import completions

    marks = marks_of(model)
    if "impute" not in marks or not isinstance(model.x_domain, Images):
        kind = type(model).__name__
        raise ValueError(f"{entry.name} ({kind}) does not complete images")
    if "temperature" in options and "temperature" not in marks["impute"].takes:
        raise ValueError("--temperature must be left out: the model has none")
    known = _known(model, "lower_half" if mask is None else mask, num, seed)
    examples = _test_examples(entry.recipe, entry, model, num, download)
    some = [part[: len(examples[0])] for part in (known, *examples)]
    with naming_flags(options):
        return completions(model, *some[1:], mask=some[0], seed=seed, **options)


def _known(model, mask, num, seed):
    """The mask of each image, by the name of what is missing or from a file."""
    import numpy as np

    from keras_gen.zoo.evaluation.imputation import MISSING, known_pixels

    if mask in MISSING:
        return known_pixels(mask, model.x_domain.shape, num, seed)
    if not os.path.exists(mask):
        raise ValueError(
            f"--mask must be one of {', '.join(MISSING)}, or a file. Received: {mask}"
        )
    domain = model.domain_of("mask")
    try:
        found = domain.load(mask)
    except ValueError as error:
        raise ValueError(f"--mask: {error}") from error
    index = np.arange(num) % len(found)
    return domain.full(found[index].astype(bool), num)


def reconstruct(name, *, num: int = 50, out: str | None = None, download: bool = False):
    """Draws test images above their reconstructions.

    Args:
        name: A zoo entry, or the folder of a run, that encodes images.
        num: Number of test images.
        out: File to write. Without this flag, reconstructions.png, or another suffix
            for other data than images.
        download: Lets TFDS download data that are missing.
    """
    import_tensorflow()
    from keras_gen.zoo.pictures import beside_reconstructions
    from keras_gen.zoo.shelf.loading import find

    check_flag("num", num, 1)
    entry = find(name)
    recipe, model = entry.recipe, entry.load()
    _check_encodes(name, model, "reconstruct")
    x = _test_examples(recipe, entry, model, num, download)
    columns = min(len(x[0]), 10)
    rows = beside_reconstructions(model, *x, columns=columns)
    save_examples(model.x_domain, rows, out, "reconstructions", columns)


def interpolate(
    model,
    *,
    num: int = 10,
    seed: int = 0,
    out: str | None = None,
    download: bool = False,
):
    """Draws paths between test images, or between samples where a model cannot encode.

    Args:
        model: A zoo entry or the folder of a run; of a model that cannot encode also a
            saved model.
        num: Number of paths.
        seed: Seed of the samples that paths join.
        out: File to write. Without this flag, interpolations.png, or another suffix for
            other data than images.
        download: Lets TFDS download data that are missing.
    """
    import_tensorflow()
    from keras_gen.models.base import marks_of
    from keras_gen.zoo.pictures import interpolations, latent_interpolations
    from keras_gen.zoo.shelf.loading import find

    check_flag("num", num, 1)
    entry = find(model)
    opened = entry.load()
    _check_encodes(model, opened, "decode")
    if "encode" in marks_of(opened):
        examples = _test_examples(entry.recipe, entry, opened, 2 * num, download)
        paths = interpolations(opened, examples[0])
    else:
        paths = latent_interpolations(opened, num, seed)
    rows = paths.reshape(-1, *paths.shape[2:])
    save_examples(opened.x_domain, rows, out, "interpolations", paths.shape[1])


def _check_encodes(name, model, method):
    from keras_gen.models.base import marks_of

    if method not in marks_of(model):
        raise ValueError(f"{name} ({type(model).__name__}) does not encode or decode")


def _test_examples(recipe, entry, model, num, download):
    """The first test examples of a recipe, else the example images of the entry."""
    from keras_gen.datasets import MissingSetError
    from keras_gen.zoo.attributes import EXAMPLES
    from keras_gen.zoo.shelf.recipes import first_examples

    examples = entry.folder / EXAMPLES
    if download:
        recipe.data("test", download=True)
    try:
        return first_examples(recipe.data("test"), num)
    except MissingSetError:
        if not examples.exists():
            raise
        print(f"The data are not here: took the example images of {entry.name}")
        return [model.x_domain.load(examples)[:num]]
