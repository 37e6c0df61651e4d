"""Compression: arithmetic coding beside the likelihood, decoding beside sampling.

Run `python -m benchmarks.compression` from the root of the repository, on a machine
that does nothing else. `python -m benchmarks.compression memory` prints the peak memory
of processes that compress more and more images.
"""

import functools
import resource
import subprocess
import sys

import numpy as np

from benchmarks import autoregressive
from keras_gen import zoo
from keras_gen.compression import Decisions, Stack

ENTRIES = ("made_binarized_mnist", "pixel_cnn_binarized_mnist")
fastest = functools.partial(autoregressive.fastest, rounds=3)


def coder_alone(num, num_sites):
    """Seconds to push as many binary decisions as `num` images have."""
    decisions = Decisions(2)
    generator = np.random.default_rng(0)
    num_steps = decisions.tables.shape[1]
    steps = generator.integers(0, num_steps, (num_sites, num))
    bits = generator.integers(0, 2, (num_sites, num)).astype(np.int32)
    tables = decisions.tables[0]

    def push():
        stack = Stack()
        for some, symbols in zip(steps, bits, strict=True):
            stack.push(symbols, tables[some])

    return fastest(push)


def compare(name, num):
    model = zoo.load(name)
    x = model.sample(num, seed=0)
    code = model.compress(x, verify=False)
    both = fastest(lambda: model.log_prob(x)) + coder_alone(num, x[0].size)
    encoding = fastest(lambda: model.compress(x, verify=False))
    decoding = fastest(lambda: model.decompress(code))
    sampling = fastest(lambda: model.sample(num, seed=0))
    print(
        f"{name}, {num} images: log_prob and the coder alone / compress "
        f"{both:.2f} s / {encoding:.2f} s = {both / encoding:.2f}; decompress / sample "
        f"{decoding:.2f} s / {sampling:.2f} s = {decoding / sampling:.2f}",
        flush=True,
    )


def peak(num):
    """Peak memory in MiB of a process that compresses and restores images."""
    call = f"from benchmarks.compression import run; run({num})"
    done = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True)
    return int(done.stdout.split()[-1])


def run(num):
    model = zoo.load(ENTRIES[0])
    x = np.tile(model.sample(500, seed=0), (num // 500, 1, 1, 1))
    model.decompress(model.compress(x, verify=False))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


if __name__ == "__main__":
    if sys.argv[1:] == ["memory"]:
        for num in (500, 2000, 8000):
            print(f"{num} images: {peak(num)} MiB", flush=True)
    else:
        for entry in ENTRIES:
            compare(entry, *map(int, sys.argv[1:] or ["1000"]))
