"""Kills trainings at random moments, and checks that they end as if never killed.

    python tests/callbacks/kill.py NAME NUM_KILLS

NAME is one of `RECIPES`, for instance `vae` with 30 kills.

Each training is `keras-gen train` in a process of its own. It ends itself at a random
moment after its first checkpoint, by SIGKILL and Ctrl-C in turn. It is then resumed and
ends itself again, until its run is complete or NUM_KILLS processes have been ended; a
run that is not complete then is finished in this process. The weights, the state of the
optimizers and the history of the run must have the same bits as those of a run that was
never ended. Further runs follow until NUM_KILLS is reached.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
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


#: The latest moment: the number of writes to the run, and the seconds after them.
LATEST = (30, 0.02)
ENDED = Path(__file__).with_name("ended.py")
#: Signals that end a training, in turn, and the exit codes of its process.
ENDS = ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 2))


def kill_trainings(name, num_kills, folder, seed=0):
    """Kills trainings, and compares each run with one that was never ended.

    Args:
        name: String, one of `RECIPES`.
        num_kills: Integer, the number of processes that are ended.
        folder: `Path` of an empty folder to work in.
        seed: Integer, of the moments.

    Returns:
        The number of runs that were compared.

    Raises:
        AssertionError: If a run fails, or differs from the one that was never ended.
    """
    recipe = folder / f"{name}.py"
    recipe.write_text(RECIPES[name])
    expected = state(zoo.train(recipe, out=folder / "straight", verbose=0))
    kills, runs, trainings = 0, 0, 0
    while kills < num_kills:
        runs += 1
        run, resume = folder / f"run_{runs}", []
        while kills < num_kills and not is_complete(run):
            moment = Rows(1, seed, step=trainings).uniform((2,), "kill")[0] * LATEST
            trainings += 1
            kills += was_ended(recipe, run, moment, *ENDS[kills % 2], *resume)
            left = max(path.name for path in (run / "checkpoints").glob("*.npz"))
            print(f"kills: {kills}, run {runs} has {left}")
            resume = ["--resume"]
        if not is_complete(run):
            zoo.train(recipe, out=run, resume=True, verbose=0)
        assert not list(run.glob("*partial*"))
        for key, value in state(run).items():
            np.testing.assert_array_equal(value, expected[key], key)
        print(f"run {runs} ended equal in {len(expected)} arrays", flush=True)
    return runs


def was_ended(recipe, run, moment, number, code, *arguments):
    """Trains in a process that ends itself, and returns whether it did.

    Args:
        recipe: Path of the recipe.
        run: Path of the run.
        moment: Pair of floats, the number of writes and the seconds after them.
        number: Integer, the signal.
        code: Integer, the exit code by this signal.
        arguments: Further ones of the command.
    """
    left_before = set(run.glob("*partial*"))
    command = [ENDED, run, 1 + int(moment[0]), float(moment[1]), int(number)]
    command += ["train", recipe, "--out", run, "--checkpoint_steps", 3, *arguments]
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(zoo.__file__).parents[2])},
        # A shell lets what it runs in the background ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    if done.returncode == 0:
        return False
    assert done.returncode == code, done.stderr
    if number == signal.SIGINT:
        assert "interrupted" in done.stderr.splitlines()[-1]
        # SIGKILL may have left some before, which this process had no time to remove.
        assert set(run.glob("*partial*")) <= left_before
    return True


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
    assert "quick" in json.loads((run / "metrics.json").read_text())
    return arrays


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        kill_trainings(sys.argv[1], int(sys.argv[2]), Path(place))
