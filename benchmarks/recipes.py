"""Milliseconds of a training step under each setting that a recipe chooses among.

Run as `python -m benchmarks.recipes [NAME ...]` from the root of the repository, on a
machine that does nothing else. Each line is one entry, one setting; the recipe's own is
marked.
"""

import itertools
import sys
import time

import keras

from keras_gen import zoo
from keras_gen.zoo.shelf.recipes import load_recipe

STEPS = 200


def milliseconds(recipe, jit_compile, steps_per_execution, policy):
    """Milliseconds of a step of `fit`, after as many to warm up."""
    keras.mixed_precision.set_global_policy(policy)
    model = recipe.model()
    keras.mixed_precision.set_global_policy("float32")
    recipe.compile(model, steps=100_000)
    model.compile(
        model.optimizer,
        jit_compile=jit_compile,
        steps_per_execution=steps_per_execution,
    )
    data = recipe.data("train[:20000]", repeat=True)
    model.fit(data, steps_per_epoch=STEPS, verbose=0)
    start = time.perf_counter()
    model.fit(data, steps_per_epoch=STEPS, verbose=0)
    return 1000 * (time.perf_counter() - start) / STEPS


def chosen(recipe):
    """The settings of the recipe itself."""
    model = recipe.model()
    recipe.compile(model, steps=1000)
    return model.jit_compile, model.steps_per_execution


def main(names):
    for name in names or zoo.names():
        recipe = load_recipe(name)
        jit, steps = chosen(recipe)
        for settings in itertools.product(
            (False, True), (1, steps), ("float32", "mixed_bfloat16")
        ):
            own = " (the recipe's)" if settings == (jit, steps, "float32") else ""
            print(
                f"{name:30} XLA {settings[0]!s:5} steps per execution {settings[1]:3} "
                f"{settings[2]:14} {milliseconds(recipe, *settings):7.2f} ms{own}",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
