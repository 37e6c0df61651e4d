"""What guards cost: steps that skip what is not finite, and deterministic operations.

Run `python -m benchmarks.guards [ENTRY ...]` from the root of the repository, on a
machine that does nothing else. Rounds of the compared settings alternate, each in the
same process but for deterministic operations, which a process cannot turn off again.
"""

import subprocess
import sys

from benchmarks.steps import fastest, stepper
from keras_gen.random import seed_initializers
from keras_gen.zoo.shelf.recipes import load_recipe
from keras_gen.zoo.startup import be_deterministic

ENTRIES = ("vae_mnist", "dcgan_mnist")
ROUNDS = 7
STEPS = 200


def trainer(recipe, jit_compile, skip_nonfinite):
    """A function that takes some steps of `fit` and returns milliseconds a step."""
    model = recipe.model()
    recipe.compile(model, steps=100_000)
    model.compile(
        model.optimizer,
        jit_compile=jit_compile,
        steps_per_execution=model.steps_per_execution,
        skip_nonfinite=skip_nonfinite,
    )
    steps = -(-STEPS // model.steps_per_execution) * model.steps_per_execution
    return stepper(model, recipe.data("train[:20000]", repeat=True), steps)


def compare(name):
    """Prints the ratio of the fastest guarded round to the fastest plain one."""
    recipe = load_recipe(name)
    for jit_compile in (False, True):
        trainers = [trainer(recipe, jit_compile, guarded) for guarded in (False, True)]
        plain, guarded = fastest(trainers, ROUNDS)
        print(
            f"{name:20} XLA {jit_compile!s:5} plain {plain:.2f} ms a step, guarded "
            f"{guarded:.2f}: {guarded / plain:.3f}",
            flush=True,
        )


def compare_determinism(name):
    """Prints the ratio of a deterministic process's fastest round to a plain one's."""
    plain, deterministic = (
        float(
            subprocess.run(
                [sys.executable, "-m", "benchmarks.guards", name, flag],
                check=True,
                capture_output=True,
                text=True,
            ).stdout.split()[-1]
        )
        for flag in ("--plain", "--deterministic")
    )
    print(
        f"{name:20} plain {plain:.2f} ms a step, deterministic {deterministic:.2f}: "
        f"{deterministic / plain:.3f}",
        flush=True,
    )


def main(arguments):
    if arguments[-1:] in (["--plain"], ["--deterministic"]):
        if arguments[-1] == "--deterministic":
            seed_initializers(0)
            be_deterministic()
        step = trainer(load_recipe(arguments[0]), False, False)
        print(*fastest([step], ROUNDS))
        return
    for name in arguments or ENTRIES:
        compare(name)
        compare_determinism(name)


if __name__ == "__main__":
    main(sys.argv[1:])
