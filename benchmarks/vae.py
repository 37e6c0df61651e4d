"""Speed of training and of the importance-weighted bound, as ratios in one run.

Run as `python -m benchmarks.vae` from the root of the repository, on a machine that
does nothing else. Compared are

- `fit` of the entry `vae_mnist` with a hand-written `tf.function` loop over the same
  networks, optimizer, batch size and flags, with TensorFlow's own shuffling and random
  numbers;
- `log_likelihood` with the decoder calls that it needs, compiled alike;
- its peak memory for few and many images and importance samples;
- the time to import `keras_gen.models` with the time to import Keras and TensorFlow.
"""

import statistics
import subprocess
import sys
import time

import numpy as np
import tensorflow as tf

from keras_gen.random import seed_initializers
from keras_gen.zoo.shelf.recipes import first_examples, load_recipe

ROUNDS = 7
EPOCHS = 5
RECIPE = load_recipe("vae_mnist")
BATCH, STEPS_PER_CALL = 500, 40


def fit_epochs():
    """Epochs by `fit`, as `keras_gen.zoo.train()` does them, after one to warm up."""
    model = fresh_model()
    stream, steps = RECIPE.data("train", repeat=True), 60_000 // BATCH
    model.fit(stream, steps_per_epoch=steps, verbose=0)
    return lambda: model.fit(stream, steps_per_epoch=steps, epochs=EPOCHS, verbose=0)


def handwritten_epochs():
    """The same by a loop that knows nothing of Keras' trainer or of this package."""
    model = fresh_model()
    encoder, decoder, optimizer = model.encoder, model.decoder, model.optimizer
    variables = encoder.trainable_variables + decoder.trainable_variables
    grey = np.concatenate(list(RECIPE.data("train", training=False)))
    data = tf.data.Dataset.from_tensor_slices((grey * 255).astype(np.uint8))
    data = data.cache().shuffle(len(grey)).repeat().batch(BATCH, drop_remainder=True)
    iterator = iter(data.prefetch(8))

    @tf.function(jit_compile=True)
    def step(grey):
        chance = tf.random.uniform((BATCH, 28, 28, 1))
        images = tf.cast(chance * 255 < tf.cast(grey, tf.float32), tf.float32)
        with tf.GradientTape() as tape:
            mean, log_scale = tf.split(encoder(images, training=True), 2, axis=-1)
            noise = tf.random.normal(tf.shape(mean))
            logits = decoder(mean + tf.exp(log_scale) * noise, training=True)
            entropy = tf.nn.sigmoid_cross_entropy_with_logits(images, logits)
            distortion = tf.reduce_mean(tf.reduce_sum(entropy, axis=(1, 2, 3)))
            terms = tf.exp(2 * log_scale) + mean**2 - 1 - 2 * log_scale
            rate = tf.reduce_mean(tf.reduce_sum(terms, axis=-1)) / 2
            loss = distortion + rate
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    @tf.function
    def steps(iterator):
        total = 0.0
        for _ in tf.range(STEPS_PER_CALL):
            total += step(next(iterator))
        return total

    def epoch():
        return [
            float(steps(iterator)) for _ in range(60_000 // BATCH // STEPS_PER_CALL)
        ]

    epoch()
    return lambda: [epoch() for _ in range(EPOCHS)]


def fresh_model():
    seed_initializers(0)
    model = RECIPE.model()
    RECIPE.compile(model, steps=100_000)
    return model


def bound_and_decoder():
    """The bound of 50 images by 5,000 samples, and the decoder calls it needs."""
    model = RECIPE.model()
    images = first_examples(RECIPE.data("test"), 50)[0]
    decoder = tf.function(model.decoder, jit_compile=True)
    latents = tf.random.normal((1000, model.latent_dim))
    model.log_likelihood(images[:20], 50)
    decoder(latents)
    calls = 50 * 5000 // 1000
    return (
        lambda: model.log_likelihood(images, 5000),
        lambda: [decoder(latents) for _ in range(calls)],
    )


def seconds_of(*functions):
    """Fastest and median seconds of each function, measured in turn."""
    times = [[] for _ in functions]
    for _ in range(ROUNDS):
        for function, measured in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            measured.append(time.perf_counter() - start)
    return [(min(measured), statistics.median(measured)) for measured in times]


def peak_mebibytes(num_images, num_samples):
    """Peak memory of a process that computes one bound."""
    code = (
        f"import benchmarks.vae as b; m = b.RECIPE.model(); x = b.first_examples("
        f"b.RECIPE.data('test'), {num_images})[0]; "
        f"m.log_likelihood(x, {num_samples}); "
        "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-1]) / 1024


def import_seconds(module):
    """Median seconds that a fresh interpreter needs to import a module."""
    code = f"import time; t = time.perf_counter(); import {module}; "
    code += "print(time.perf_counter() - t)"
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        for _ in range(ROUNDS)
    ]
    return statistics.median(float(run.stdout.split()[-1]) for run in runs)


def compare(title, ours, theirs):
    """Prints the ratio of the times of two functions, fastest and median."""
    for kind, a, b in zip(
        ("fastest", "median"), *seconds_of(ours, theirs), strict=True
    ):
        print(f"{title}, {kind}: {a:.2f} s / {b:.2f} s = {a / b:.2f}", flush=True)


def main():
    title = f"{EPOCHS} epochs of fit / of a hand-written loop"
    compare(title, fit_epochs(), handwritten_epochs())
    compare("bound / its decoder calls", *bound_and_decoder())
    for images, samples in ((50, 500), (50, 5000), (500, 500)):
        memory = peak_mebibytes(images, samples)
        print(f"peak memory, {images} images by {samples} samples: {memory:.0f} MiB")
    keras, package = import_seconds("keras"), import_seconds("keras_gen.models")
    print(f"import keras: {keras:.2f} s, keras_gen.models: {package:.2f} s, ", end="")
    print(f"difference {package - keras:.2f} s")


if __name__ == "__main__":
    main()
