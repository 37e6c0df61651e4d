"""What checkpoints cost: the stall of training, and how soon a run has resumed.

Run as `python -m benchmarks.checkpoints` from the root of the repository, on a machine
that does nothing else. Measured are

- the time that `fit` of the entry `dcgan_mnist` waits for a checkpoint, and the time
  until the file is written, on the disk of the temporary folder;
- the time from the start of a process to the end of the first step of `keras-gen train
  dcgan_mnist --resume`, to that of a fresh start.

`--rounds` is the number of checkpoints and of processes, 7 if not given.
"""

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras

from keras_gen.callbacks import Checkpoints
from keras_gen.random import seed_initializers
from keras_gen.zoo.shelf.recipes import load_recipe

ENTRY = "dcgan_mnist"

FIRST_STEP = """
import sys, time
from keras_gen import zoo
from keras_gen.callbacks import StopAtDivergence
def stop(self, batch, logs=None):
    print(f"first step at {time.time()}", flush=True)
    raise KeyboardInterrupt
StopAtDivergence.on_train_batch_end = stop
zoo.train(sys.argv[1], out=sys.argv[2], resume=sys.argv[3] == "resume", verbose=0)
"""


class Stalls(keras.callbacks.Callback):
    """Seconds that checkpoints hold training up, and that they take to be written.

    It stands in for `Checkpoints` among the callbacks and hands everything on to it.
    """

    def __init__(self, checkpoints):
        super().__init__()
        self.checkpoints = checkpoints
        self.stalls, self.writes = [], []

    def set_model(self, model):
        super().set_model(model)
        self.checkpoints.set_model(model)

    def set_params(self, params):
        super().set_params(params)
        self.checkpoints.set_params(params)

    def on_train_begin(self, logs=None):
        self.checkpoints.on_train_begin(logs)

    def on_epoch_begin(self, epoch, logs=None):
        self.checkpoints.on_epoch_begin(epoch, logs)
        self.checkpoints.wait()

    def on_train_batch_end(self, batch, logs=None):
        begin = time.perf_counter()
        self.checkpoints.on_train_batch_end(batch, logs)
        self.stalls.append(time.perf_counter() - begin)
        self.checkpoints.wait()
        self.writes.append(time.perf_counter() - begin)


def stalls(rounds):
    """Seconds of the stalls and of the writing of some checkpoints."""
    recipe = load_recipe(ENTRY)
    seed_initializers(0)
    model = recipe.model()
    recipe.compile(model, steps=rounds + 2)
    model.steps_per_execution = 1
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.closing(Checkpoints(folder, steps=1)) as checkpoints:
            watch = Stalls(checkpoints)
            data = recipe.data("train", repeat=True)
            options = {"steps_per_epoch": rounds + 2, "callbacks": [watch]}
            model.fit(data, verbose=0, **options)
        size = max(path.stat().st_size for path in Path(folder).glob("*.npz"))
    # The first holds the building of metrics, and at the last step there is none.
    return watch.stalls[1:-1], watch.writes[1:-1], size


def first_steps(rounds):
    """Seconds to the first step of fresh starts, and of resumed ones."""
    found = {"fresh": [], "resume": []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            for kind, seconds in found.items():
                command = [sys.executable, "-c", FIRST_STEP, ENTRY, f"{folder}/run"]
                begin = time.time()
                done = subprocess.run([*command, kind], capture_output=True, text=True)
                line = next(x for x in done.stdout.splitlines() if "first step" in x)
                seconds.append(float(line.split()[-1]) - begin)
    return found["fresh"], found["resume"]


def main(rounds):
    stall, writing, size = stalls(rounds)
    print(
        f"a checkpoint of {ENTRY}, {size / 2**20:.1f} MiB: training waits "
        f"{1000 * statistics.median(stall):.1f} ms (at most {1000 * max(stall):.1f}), "
        f"written after {1000 * statistics.median(writing):.0f} ms"
    )
    fresh, resumed = map(statistics.median, first_steps(rounds))
    print(
        f"to the first step: resumed {resumed:.2f} s / fresh {fresh:.2f} s = "
        f"{resumed / fresh:.2f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    main(parser.parse_args().rounds)
