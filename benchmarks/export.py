"""What exports cost beside the models and networks in them, as ratios in one run.

Run as `python -m benchmarks.export` from the root of the repository, on a machine that
does nothing else, with the extra `export`. Models are untrained, which changes no
speed; LiteRT runs on one thread. Compared are

- an image of a gated PixelCNN by `sample` with as many runs of the whole network, those
  of `log_prob`, as the image has sites;
- an image of a DCGAN by `sample`, from its seed to bytes, with the generator alone;
- samples by the SavedModel with those by Keras, in one batch;
- the time of a process without TensorFlow, from its start to its end, that draws one
  image and writes it, with a second.

`--rounds` says how often each is timed; the fastest counts.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from benchmarks.serving import opened, untrained_models


def fastest(rounds, *functions):
    """Seconds of the fastest call of each, in turns, after one that is not timed."""
    times = [[] for _ in functions]
    for turn in range(rounds + 1):
        for function, found in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            if turn:
                found.append(time.perf_counter() - start)
    return [min(found) for found in times]


def compare(what, ours, theirs, target):
    print(
        f"{what}: {ours * 1e3:.2f} ms / {theirs * 1e3:.2f} ms = {ours / theirs:.3g} "
        f"({target})"
    )


def time_sites(path, rounds):
    """An image site by site, and as many runs of the whole network."""
    sampler = opened(path)
    shape = sampler.metadata["x"]["shape"]
    image = np.zeros((1, *shape), np.float32)

    def whole():
        for _ in range(int(np.prod(shape))):
            sampler.run("log_prob", x=image)

    ours, theirs = fastest(rounds, lambda: sampler.sample(1, 0), whole)
    compare("whole network for each site / `sample`", theirs, ours, "at least 100")
    print(f"`sample` of a gated PixelCNN: {ours * 1e3:.1f} ms an image (under 40)")


def time_generator(path, bare, latent_dim, rounds, num=100):
    """Images from seeds, and the generator's outputs for noise, one at a time."""
    sampler, generator = opened(path), opened(bare)
    noise = np.zeros((1, latent_dim), np.float32)

    def ours():
        for row in range(num):
            sampler.run("sample", seed=[[0, row]])

    def theirs():
        for _ in range(num):
            generator.run("serving_default", inputs=noise)

    compare("DCGAN `sample` / generator", *fastest(rounds, ours, theirs), "at most 1.2")


def time_saved_model(name, model, folder, num, rounds):
    """Samples as bytes in one batch, by the SavedModel and by Keras."""
    import tensorflow as tf

    from keras_gen.export import export_saved_model

    path = export_saved_model(model, folder / name)
    loaded = tf.saved_model.load(str(path))
    seeds = np.stack([np.zeros(num), np.arange(num)], axis=1).astype(np.int32)
    given = {"seed": tf.constant(seeds)}
    if model.compiled_sampling:
        given["temperature"] = tf.ones(num)
    ours, theirs = fastest(
        rounds,
        lambda: loaded.signatures["sample"](**given)["x"].numpy(),
        lambda: model.x_domain.to_bytes(model.sample(num, 0)),
    )
    compare(f"SavedModel / Keras, {num} of {name}", ours, theirs, "at most 1.1")


def time_first_image(path, rounds):
    """`sampler.py` as a command of its own."""
    command = [sys.executable, "-P", path.with_name("sampler.py"), path, "--num=1"]
    command += ["--seed=0", f"--out={path.with_suffix('.png')}"]

    def draw():
        subprocess.run(command, check=True, capture_output=True)

    (ours,) = fastest(rounds, draw)
    compare(f"first image of {path.stem} / a second", ours, 1.0, "at most 1")


def main():
    from keras_gen.export import export_tflite

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    models = untrained_models()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)

        def exported(name, model, *signatures):
            path = folder / f"{name}.tflite"
            return export_tflite(model, path, signatures=signatures or None).path

        paths = {
            "generator": exported("generator", models["generator"], "sample"),
            "pixels": exported("pixels", models["pixels"], "sample", "log_prob"),
        }
        bare = exported("bare", models["generator"].generator)
        time_sites(paths["pixels"], rounds)
        latent_dim = models["generator"].latent_dim
        time_generator(paths["generator"], bare, latent_dim, rounds)
        time_saved_model("generator", models["generator"], folder, 256, rounds)
        time_saved_model("pixels", models["pixels"], folder, 16, rounds)
        for path in paths.values():
            time_first_image(path, rounds)


if __name__ == "__main__":
    main()
