"""Kills trainings at random moments, and checks that they end as if never killed.

    python tests/callbacks/kill.py vae 30
    python tests/callbacks/kill.py wgan_gp 30

Each training is `keras-gen train` in a process of its own, which writes a checkpoint
every few steps and is ended by SIGKILL at a random moment after its first one. It is
then resumed, and killed again. Once a run gets to its end, its weights, the state of
its optimizers and its history are compared with those of a run that nobody killed, bit
by bit, and another run begins until there have been as many kills as asked for.
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

import keras_gen.models  # noqa: F401  (makes the classes known to Keras)
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
    return datasets.load(source, split + "[:6000]", 20, **options)


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
    options["image_range"] = (-1, 1)
    return datasets.load(source, split + "[:6000]", 20, **options)


def compile(model, steps):
    model.compile(jit_compile=False, steps_per_execution=2)
''',
}


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
    straight = folder / "straight"
    finish(train(recipe, straight), straight)
    expected, kills, runs = state(straight), 0, 0
    while kills < num_kills:
        runs += 1
        run = folder / f"run_{runs}"
        process = train(recipe, run)
        while kills < num_kills and wait_for_checkpoint(process, run):
            # Up to about the time that the training takes.
            time.sleep(2 * float(Rows(1, seed, step=kills).uniform((), "kill")[0]))
            process.kill()
            kills += process.wait() == -signal.SIGKILL
            if is_complete(run):
                break
            left = sorted(path.name for path in (run / "checkpoints").glob("*.npz"))
            print(f"kill {kills}: run {runs} has {left[-1]}", flush=True)
            process = train(recipe, run, "--resume")
        finish(process, run)
        for key, value in state(run).items():
            np.testing.assert_array_equal(value, expected[key], key)
        print(f"run {runs} ended equal in {len(expected)} arrays", flush=True)
    return runs


def train(recipe, out, *arguments):
    """A process that trains with a checkpoint every three steps."""
    command = [sys.executable, "-m", "keras_gen.cli", "train", str(recipe)]
    options = ["--out", str(out), "--checkpoint_steps", "3", *arguments]
    with open(log_of(out), "w") as log:
        return subprocess.Popen([*command, *options], stdout=log, stderr=log)


def log_of(run):
    return run.with_name(f"{run.name}.log")


def wait_for_checkpoint(process, run):
    """Whether the process has written a checkpoint, rather than ended."""
    before = written(run)
    while process.poll() is None:
        if written(run) != before:
            return True
        time.sleep(0.01)
    return False


def written(run):
    return {path.name for path in (run / "checkpoints").glob("*.npz")}


def finish(process, run):
    process.wait()
    assert is_complete(run), log_of(run).read_text()


def is_complete(run):
    """Whether a run has written its last file."""
    return (run / "metrics.json").exists()


def state(run):
    """Weights, states of optimizers and history of a run that has ended, by name."""
    model = keras.saving.load_model(run / "model.keras")
    variables = [*model.variables, *model.optimizer.variables]
    arrays = {f"{i} {v.path}": np.array(v) for i, v in enumerate(variables)}
    lines = (run / "history.csv").read_text().splitlines()
    rows = [line.split(",") for line in lines]
    seconds = rows[0].index("seconds")
    arrays["history"] = [row[:seconds] + row[seconds + 1 :] for row in rows]
    assert json.loads((run / "metrics.json").read_text())["quick"]
    return arrays


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        kill_trainings(sys.argv[1], int(sys.argv[2]), Path(place))
