"""Speed of sampling and training of flows, as ratios in one run.

Run as `python -m benchmarks.flows [PART ...]` from the root of the repository, on a
machine that does nothing else. Each part runs in a process of its own:

- sampling: the sampler of a MAF, which computes each hidden unit once, beside as many
  passes of the whole model as an example has values, from one pass that is timed;
- maf, real_nvp: a training step by `fit` beside one of `zuko` in PyTorch, eager and by
  `torch.compile`, with layers of the same widths, Adam and as many threads.

A pass and a step of ours are timed with both settings of XLA, and the shorter time
counts. PyTorch and zuko are not needed by this package. Set `TORCH_PYTHON` to the path
of a Python that has them; without, the one that runs this is tried. `SIZE=8` tries all
of it out.
"""

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from benchmarks.autoregressive import faster_pass, fastest, say, weights_of
from keras_gen.domains import Vectors
from keras_gen.models import MAF, RealNVP

THREADS = 2
VALUES = int(os.environ.get("SIZE", 28)) ** 2
LAYERS, UNITS, BATCH, STEPS = 5, 512, 100, 20


def sampling():
    model = MAF(Vectors(VALUES), LAYERS, (UNITS, UNITS))
    print(f"MAF: {weights_of(model)} weights, {VALUES} values", flush=True)
    for batch in (1, 16, 64):
        fast = fastest(functools.partial(model.sample, batch, seed=0))
        x = tf.zeros((batch, VALUES))
        xla, one_pass = faster_pass(model.encode, x)
        say(f"batch {batch}: one pass (XLA {xla}) / fast", fast, one_pass)
        say(f"batch {batch}: {VALUES} passes / fast", fast, VALUES * one_pass)


def maf():
    training("maf", MAF(Vectors(VALUES), LAYERS, (UNITS, UNITS)))


def real_nvp():
    training("real_nvp", RealNVP(Vectors(VALUES), LAYERS, UNITS, num_blocks=0))


def training(name, model):
    x = np.random.default_rng(0).normal(size=(STEPS * BATCH, VALUES)).astype("float32")
    ours = {}
    for xla in (False, True):
        flags = {"jit_compile": xla, "steps_per_execution": STEPS}
        model.compile(keras.optimizers.Adam(), **flags)
        fit = functools.partial(model.fit, x, batch_size=BATCH, verbose=0)
        ours[xla] = fastest(fit) / STEPS
        print(f"{name}, a step, XLA {xla}: {1000 * ours[xla]:.1f} ms", flush=True)
    for mode in ("eager", "compiled"):
        seconds = torch_step(name, mode)
        if seconds is not None:
            say(f"{name}: zuko, {mode} / ours", min(ours.values()), seconds)


def torch_step(name, mode):
    """Seconds of a step by a process of PyTorch, or None if there is none."""
    python = os.environ.get("TORCH_PYTHON", sys.executable)
    file = Path(__file__).with_name("flows_torch.py")
    numbers = (THREADS, VALUES, LAYERS, UNITS, BATCH, STEPS)
    with tempfile.TemporaryFile("w+") as errors:
        done = subprocess.run(
            [python, str(file), name, mode, *map(str, numbers)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        if done.returncode:
            errors.seek(0)
            reason = errors.read().strip().splitlines()[-1]
            print(f"no zuko, {mode}, with {python}: {reason}", flush=True)
            return None
    return min(map(float, done.stdout.split()))


PARTS = {part.__name__: part for part in (sampling, maf, real_nvp)}


def main(names):
    if len(names) != 1:
        for name in names or PARTS:
            command = [sys.executable, "-m", "benchmarks.flows", name]
            subprocess.run(command, check=True)
        return
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    PARTS[names[0]]()


if __name__ == "__main__":
    main(sys.argv[1:])
