"""What imputation costs: beside its network calls, and in memory.

Run `python -m benchmarks.imputation` from the root of the repository, on a machine that
does nothing else. The chain and its bare network calls alternate in one process. Memory
is that of processes of their own, which fill in more and more images.
"""

import resource
import subprocess
import sys
import time

import numpy as np
import tensorflow as tf

from benchmarks.steps import fastest
from keras_gen import zoo
from keras_gen.random import Rows

ENTRY, STEPS, BATCH_SIZE, ROUNDS = "vae_mnist", 100, 256, 7


def images(num):
    """Black and white noise, half of which is to be filled in."""
    x = np.round(Rows(num, 0).uniform((28, 28, 1), "images").numpy())
    return x, np.arange(28)[:, None].repeat(28, axis=1) < 14


def chain(model, method, steps=STEPS):
    """A function that fills in a batch and returns milliseconds a step."""
    x, mask = images(BATCH_SIZE)

    def milliseconds():
        start = time.perf_counter()
        model.impute(x, mask, method=method, steps=steps, seed=0)
        return 1000 * (time.perf_counter() - start) / steps

    milliseconds()
    return milliseconds


def network_calls(model, steps=STEPS):
    """The same of a call of the encoder and one of the decoder for each step."""

    @tf.function(autograph=False)
    def calls(x):
        def call(x):
            latents = model.encoder(x)[:, : model.latent_dim]
            return (model.decoder(latents),)

        # Each depends on the one before, as in the chain.
        return tf.while_loop(lambda x: True, call, (x,), maximum_iterations=steps)

    x = tf.constant(images(BATCH_SIZE)[0])

    def milliseconds():
        start = time.perf_counter()
        calls(x)[0].numpy()
        return 1000 * (time.perf_counter() - start) / steps

    milliseconds()
    return milliseconds


def peak(num):
    """Prints the peak memory in MiB of this process when it fills in `num` images."""
    x, mask = images(num)
    zoo.load(ENTRY).impute(x, mask, steps=5, seed=0)
    own = (2 * x.nbytes + 2 * x.size) / 2**20
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - own)


def main():
    model = zoo.load(ENTRY)
    methods = model.imputation_methods
    steppers = [network_calls(model), *(chain(model, method) for method in methods)]
    calls, *chains = fastest(steppers, ROUNDS)
    for method, found in zip(methods, chains, strict=True):
        print(
            f"{method}: {found:.2f} ms a step, its network calls {calls:.2f}: "
            f"{found / calls:.2f}"
        )
    for num in (256, 1024, 4096):
        command = [sys.executable, "-m", "benchmarks.imputation", str(num)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        print(f"{num} images: {float(done.stdout.split()[-1]):.0f} MiB without them")


if __name__ == "__main__":
    peak(int(sys.argv[1])) if sys.argv[1:] else main()
