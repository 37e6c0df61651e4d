"""Training on two CPU devices of one machine, beside one device on all its cores.

Run `python -m benchmarks.replicas [ENTRY ...]` from the root of the repository, on a
machine of two cores that does nothing else. Both trainings see the same global batches,
in graphs without XLA and one step an execution, as several replicas do; their rounds
alternate in one process, and the fastest ones are compared.
"""

import contextlib
import sys

import tensorflow as tf

from benchmarks.steps import fastest, stepper
from keras_gen.random import seed_initializers
from keras_gen.zoo.shelf.recipes import load_recipe

ENTRIES = ("vae_mnist", "dcgan_mnist", "wgan_gp_mnist")
ROUNDS = 7
STEPS = 100


def trainer(recipe, scope):
    """A function that takes some steps of `fit` and returns milliseconds a step."""
    seed_initializers(0)
    with scope:
        model = recipe.model()
        recipe.compile(model, steps=100_000)
        model.compile(model.optimizer, jit_compile=False)
    return stepper(model, recipe.data("train[:20000]", repeat=True), STEPS)


def compare(name, strategy):
    """Prints the ratio of the fastest round of two replicas to that of one device."""
    recipe = load_recipe(name)
    scopes = contextlib.nullcontext(), strategy.scope()
    one, two = fastest([trainer(recipe, scope) for scope in scopes], ROUNDS)
    print(
        f"{name:20} one device {one:.2f} ms a step, two replicas {two:.2f}: "
        f"{two / one:.3f}",
        flush=True,
    )


def main(names):
    cpu = tf.config.list_physical_devices("CPU")[0]
    device = tf.config.LogicalDeviceConfiguration()
    tf.config.set_logical_device_configuration(cpu, [device] * 2)
    # One for all, since collectives count across strategies.
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    for name in names or ENTRIES:
        compare(name, strategy)


if __name__ == "__main__":
    main(sys.argv[1:])
