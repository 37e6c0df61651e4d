"""Kills trainings at random moments, and checks that they end as if never killed.

    python tests/callbacks/kill.py vae 30
    python tests/callbacks/kill.py wgan_gp 30

Each training is `keras-gen train` in a process of its own. Once it has written a
checkpoint and a random number of further files, it is ended: by SIGKILL, every second
time by Ctrl-C. It is then resumed, and ended again. What is left of a run is trained in
this process. Its weights, the state of its optimizers and its history are compared with
those of a run that nobody ended, bit by bit, and another run begins until there have
been as many kills as asked for.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

from keras_gen import zoo
from keras_gen.random import Rows

RECIPES = {
    "vae": '''"""A tiny VAE."""

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.models import VAE
from keras_gen.networks import mlp

epochs = 3


def model(seed=0):
    encoder = mlp((28, 28, 1), [32], (8,), activation="relu")
    decoder = mlp((4,), [32], (28, 28, 1), activation="relu")
    return VAE(encoder, decoder, BernoulliLikelihood(), seed=seed)


def data(split="train", source="mnist", **options):
    options["binarization"] = "dynamic"
    return datasets.load(source, split + "[:1200]", 20, **options)


def compile(model, steps):
    model.compile(jit_compile=False, steps_per_execution=2)
''',
    "wgan_gp": '''"""A tiny WGAN-GP."""

from keras_gen import datasets
from keras_gen.models import WGANGP
from keras_gen.networks import mlp

epochs = 3


def model(seed=0):
    generator = mlp((4,), [32], (28, 28, 1), output_activation="tanh")
    discriminator = mlp((28, 28, 1), [32], (1,), output_bias=False)
    return WGANGP(generator, discriminator, discriminator_steps=2, seed=seed)


def data(split="train", source="mnist", **options):
    options["binarization"] = "dynamic"
    return datasets.load(source, split + "[:1200]", 20, **options)


def compile(model, steps):
    model.compile(jit_compile=False, steps_per_execution=2)
''',
}


#: A run may write so many files at most before it is ended.
MOST_WRITES = 30
#: Signals that end a training, in turn, and the exit codes of its process.
ENDS = ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 2))


def kill_trainings(name, num_kills, folder, seed=0):
    """Kills trainings so often, and compares those that end with one left alone.

    Args:
        name: String, one of `RECIPES`.
        num_kills: Integer.
        folder: `Path` of an empty folder to work in.
        seed: Integer, of the moments.

    Returns:
        The number of runs that were compared.

    Raises:
        AssertionError: If a run ends otherwise than the one left alone, or fails.
    """
    recipe = folder / f"{name}.py"
    recipe.write_text(RECIPES[name])
    expected = state(zoo.train(recipe, out=folder / "straight", verbose=0))
    kills, runs = 0, 0
    while kills < num_kills:
        runs += 1
        run, resume = folder / f"run_{runs}", []
        while kills < num_kills and not is_complete(run):
            process = train(recipe, run, *resume)
            moment = float(Rows(1, seed, step=kills).uniform((), "kill")[0])
            wait_for_writes(process, run, 1 + int(MOST_WRITES * moment))
            kills += end(process, run, *ENDS[kills % 2])
            print(f"{kills} kills: run {runs} has {max(checkpoints_of(run))}")
            resume = ["--resume"]
        if not is_complete(run):
            zoo.train(recipe, out=run, resume=True, verbose=0)
        for key, value in state(run).items():
            np.testing.assert_array_equal(value, expected[key], key)
        print(f"run {runs} ended equal in {len(expected)} arrays", flush=True)
    return runs


def train(recipe, out, *arguments):
    """A process that trains with a checkpoint every three steps."""
    command = [sys.executable, "-m", "keras_gen.cli", "train", str(recipe)]
    options = ["--out", str(out), "--checkpoint_steps", "3", *arguments]
    with open(log_of(out), "w") as log:
        return subprocess.Popen(
            [*command, *options],
            stdout=log,
            stderr=log,
            # A shell lets what it runs in the background ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


def end(process, run, number, code):
    """Ends a process by a signal; whether it was not at its end already."""
    process.send_signal(number)
    found, log = process.wait(), log_of(run).read_text()
    if found == 0:
        return False
    assert found == code, log
    if number == signal.SIGINT:
        assert "interrupted" in log.splitlines()[-1]
        assert not list(run.glob("*partial*"))
    return True


def log_of(run):
    return run.with_name(f"{run.name}.log")


def wait_for_writes(process, run, num):
    """Waits for a checkpoint and further files of a process, or for its end."""
    before, states = checkpoints_of(run), set()
    while process.poll() is None and len(states) < num:
        time.sleep(0.01)
        if checkpoints_of(run) - before:
            states.add(frozenset(run.rglob("*")))


def checkpoints_of(run):
    return {path.name for path in (run / "checkpoints").glob("*.npz")}


def is_complete(run):
    """Whether a run has written its last file."""
    return (run / "metrics.json").exists()


def state(run):
    """Weights, states of optimizers and history of a run that has ended, by name."""
    model = keras.saving.load_model(run / "model.keras")
    variables = [*model.variables, *model.optimizer.variables]
    arrays = {str(i): np.array(v) for i, v in enumerate(variables)}
    lines = (run / "history.csv").read_text().splitlines()
    rows = [line.split(",") for line in lines]
    seconds = rows[0].index("seconds")
    arrays["history"] = [row[:seconds] + row[seconds + 1 :] for row in rows]
    assert json.loads((run / "metrics.json").read_text())["quick"]
    return arrays


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        kill_trainings(sys.argv[1], int(sys.argv[2]), Path(place))
