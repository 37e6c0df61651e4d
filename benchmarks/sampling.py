"""Sampling in shards: two processes of one thread beside one.

Run `python -m benchmarks.sampling` from the root of the repository, on a machine of two
cores or more that does nothing else. The model is a gated PixelCNN of 28 x 28 pixels
with random weights, since a sample takes as long whatever the weights. A process starts
and compiles for each worker; the time of a job of one shard a process is taken off, so
that what is compared is drawing. Both folders must hold the same bytes.
"""

import sys
import tempfile
import time
from pathlib import Path

from keras_gen import zoo
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.models import GatedPixelCNN
from keras_gen.random import seed_initializers

ROUNDS = 3


def seconds(model, out, num_shards, num_workers, shard_size):
    """Seconds to draw a number of shards, with the start of the processes."""
    start = time.perf_counter()
    zoo.sample_shards(
        model, num_shards * shard_size, out, 0, num_workers, shard_size=shard_size
    )
    return time.perf_counter() - start


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.npz")}


def main(num_shards=16, shard_size=256):
    """Prints the seconds that one and two processes draw, and their ratio."""
    with tempfile.TemporaryDirectory() as root:
        root = Path(root)
        seed_initializers(0)
        model = GatedPixelCNN(
            (28, 28, 1), BernoulliLikelihood(), filters=32, num_layers=6
        )
        model.save(root / "model.keras")
        for round_ in range(ROUNDS):
            drawing = []
            for workers in (1, 2):
                few, many = root / f"few{round_}{workers}", root / f"{round_}{workers}"
                options = workers, shard_size
                start = seconds(root / "model.keras", few, workers, *options)
                whole = seconds(root / "model.keras", many, num_shards, *options)
                # Beyond the shard that each process has drawn in the first job.
                drawing.append((whole - start) / (num_shards / workers - 1) / workers)
            assert contents(root / f"{round_}1") == contents(root / f"{round_}2")
            one, two = (1000 * part / shard_size for part in drawing)
            print(
                f"one process {one:.2f} ms a sample, two {two:.2f}: {one / two:.2f} "
                "times as many samples a second",
                flush=True,
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
