"""Step time of DCGAN and WGANGP, beside plain Keras and PyTorch, as ratios in one run.

Run as `python -m benchmarks.gan [dcgan] [wgan_gp]` from the root of the repository, on
a machine that does nothing else. Compared are, on the same networks, batches and number
of threads, and measured in turn:

- ours: `fit` of the model of this package;
- guide: `fit` of a `keras.Model` whose `train_step` is written as in Keras' guides;
- torch: the same step in PyTorch, eager and by `torch.compile`.

Both in Keras train with each pair of flags. "As written" is the guide with the flags
that Keras sets by default: one step an execution, and XLA where there is a GPU. Ratios
are theirs / ours, of the fastest and the median rounds, and of processor time over all
threads, which other work on the machine disturbs least.

PyTorch is not needed by this package. Set `TORCH_PYTHON` to the path of a Python that
has it; without, the one that runs this is tried.
"""

import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from keras_gen.models import DCGAN, WGANGP
from keras_gen.networks import dcgan_discriminator, dcgan_generator

THREADS = 2
ROUNDS = 7
BATCH, SHARES, LATENT_DIM = 64, 5, 64
IMAGE_SHAPE, FILTERS, KERNEL_SIZE = (28, 28, 1), [128, 64], 4
#: Steps of one measurement, which are also the many steps of one execution.
STEPS = {"dcgan": 100, "wgan_gp": 20}
FLAGS = tuple(itertools.product((False, True), (False, True)))
#: XLA and many steps an execution, as Keras sets them by default.
AS_WRITTEN = (bool(tf.config.list_physical_devices("GPU")), False)


class GuideGAN(keras.Model):
    """What the guides' models share: two networks, two optimizers, two means."""

    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.seeds = keras.random.SeedGenerator(0)
        self.discriminator_mean = keras.metrics.Mean(name="discriminator_loss")
        self.generator_mean = keras.metrics.Mean(name="generator_loss")

    def compile(self, discriminator_optimizer, generator_optimizer, **flags):
        super().compile(**flags)
        self.discriminator_optimizer = discriminator_optimizer
        self.generator_optimizer = generator_optimizer

    @property
    def metrics(self):
        return [self.discriminator_mean, self.generator_mean]

    def noise(self, images):
        return keras.random.normal((tf.shape(images)[0], LATENT_DIM), seed=self.seeds)

    def learn(self, player, optimizer, tape, loss):
        variables = player.trainable_variables
        optimizer.apply_gradients(
            zip(tape.gradient(loss, variables), variables, strict=True)
        )

    def results(self, discriminator_loss, generator_loss):
        self.discriminator_mean.update_state(discriminator_loss)
        self.generator_mean.update_state(generator_loss)
        return {metric.name: metric.result() for metric in self.metrics}


class GuideDCGAN(GuideGAN):
    """Real and fake images in one batch, and their cross-entropy with 0 and 1."""

    def train_step(self, images):
        cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
        fakes = self.generator(self.noise(images), training=True)
        both = tf.concat([fakes, images], axis=0)
        fake, real = (
            tf.zeros_like(images[:, :1, 0, 0]),
            tf.ones_like(images[:, :1, 0, 0]),
        )
        with tf.GradientTape() as tape:
            score = self.discriminator(both, training=True)
            discriminator_loss = cross_entropy(tf.concat([fake, real], axis=0), score)
        self.learn(
            self.discriminator, self.discriminator_optimizer, tape, discriminator_loss
        )
        noise = self.noise(images)
        with tf.GradientTape() as tape:
            score = self.discriminator(
                self.generator(noise, training=True), training=True
            )
            generator_loss = cross_entropy(real, score)
        self.learn(self.generator, self.generator_optimizer, tape, generator_loss)
        return self.results(discriminator_loss, generator_loss)


class GuideWGANGP(GuideGAN):
    """Several critic steps in tapes over all, one more tape for the penalty.

    The guide shows every critic step the whole batch; here each sees its share, so that
    the work is that of the paper's algorithm, and ours.
    """

    def train_step(self, images):
        for index in range(SHARES):
            share = images[index::SHARES]
            noise = self.noise(share)
            with tf.GradientTape() as tape:
                fakes = self.generator(noise, training=True)
                fake_score = self.discriminator(fakes, training=True)
                real_score = self.discriminator(share, training=True)
                critic_loss = tf.reduce_mean(fake_score) - tf.reduce_mean(real_score)
                critic_loss += 10.0 * self.penalty(share, fakes)
            self.learn(
                self.discriminator, self.discriminator_optimizer, tape, critic_loss
            )
        noise = self.noise(images[::SHARES])
        with tf.GradientTape() as tape:
            fakes = self.generator(noise, training=True)
            generator_loss = -tf.reduce_mean(self.discriminator(fakes, training=True))
        self.learn(self.generator, self.generator_optimizer, tape, generator_loss)
        return self.results(critic_loss, generator_loss)

    def penalty(self, images, fakes):
        shape = (tf.shape(images)[0], 1, 1, 1)
        share = keras.random.uniform(shape, seed=self.seeds)
        between = images + share * (fakes - images)
        with tf.GradientTape() as tape:
            tape.watch(between)
            score = self.discriminator(between, training=True)
        squares = tf.square(tape.gradient(score, between))
        norm = tf.sqrt(tf.reduce_sum(squares, axis=(1, 2, 3)) + 1e-12)
        return tf.reduce_mean(tf.square(norm - 1.0))


def make_model(kind, name):
    """A model of the package, or one of a guide, with the networks of both."""
    if name == "dcgan":
        ours = DCGAN(IMAGE_SHAPE, FILTERS, LATENT_DIM, KERNEL_SIZE)
        guide = GuideDCGAN
    else:
        discriminator = dcgan_discriminator(
            IMAGE_SHAPE,
            FILTERS[::-1],
            KERNEL_SIZE,
            normalization=keras.layers.LayerNormalization,
            output_bias=False,
        )
        generator = dcgan_generator(LATENT_DIM, FILTERS, IMAGE_SHAPE, KERNEL_SIZE)
        ours, guide = WGANGP(generator, discriminator), GuideWGANGP
    return ours if kind == "ours" else guide(ours.generator, ours.discriminator)


def optimizers(name):
    """A new optimizer for each player, which are the defaults of our models."""
    rate, beta = (2e-4, (0.5, 0.999)) if name == "dcgan" else (1e-4, (0.0, 0.9))
    return {
        f"{player}_optimizer": keras.optimizers.Adam(rate, *beta)
        for player in ("discriminator", "generator")
    }


def keras_steps(kind, name, flags):
    """A function that trains for some steps: seconds, and those of the processors."""
    xla, many = flags
    steps = STEPS[name]
    batch = BATCH * (1 if name == "dcgan" else SHARES)
    images = np.random.default_rng(0).uniform(-1, 1, (batch * steps, *IMAGE_SHAPE))
    images = images.astype("float32")
    model = make_model(kind, name)
    model.compile(
        **optimizers(name), jit_compile=xla, steps_per_execution=steps if many else 1
    )

    def measured():
        start = time.perf_counter(), time.process_time()
        model.fit(images, batch_size=batch, verbose=0)
        return time.perf_counter() - start[0], time.process_time() - start[1]

    return measured


def torch_steps(name, mode):
    """The same by a process of PyTorch, or None if there is no PyTorch."""
    python = os.environ.get("TORCH_PYTHON", sys.executable)
    file = Path(__file__).with_name("gan_torch.py")
    arguments = [name, mode, str(THREADS), str(STEPS[name])]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [python, str(file), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        weights = process.stdout.readline()
        if not weights:
            process.wait()
            errors.seek(0)
            reason = errors.read().strip().splitlines()[-1]
            print(f"{name}: no torch, {mode}, with {python}: {reason}", flush=True)
            return None
    model = make_model("ours", name)
    expected = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    if int(weights) != expected:
        raise AssertionError(f"{weights.strip()} weights in PyTorch, {expected} here")

    def measured():
        process.stdin.write("\n")
        process.stdin.flush()
        return tuple(map(float, process.stdout.readline().split()))

    return measured


def contestants(name):
    """Functions to seconds of some steps, by their titles."""
    for kind, flags in itertools.product(("ours", "guide"), FLAGS):
        yield (kind, flags), keras_steps(kind, name, flags)
    for mode in ("eager", "compiled"):
        measured = torch_steps(name, mode)
        if measured is not None:
            yield ("torch", mode), measured


def title(kind, flags):
    if kind == "torch":
        return f"torch, {flags}"
    xla, many = flags
    return f"{kind}, XLA {xla}, {'many steps' if many else 'one step'} an execution"


def measure(name):
    """Milliseconds of a step by contestant: fastest, median, least of processors."""
    functions = dict(contestants(name))
    for measured in functions.values():
        measured()  # The first compiles.
    rounds = [[f() for f in functions.values()] for _ in range(ROUNDS)]
    for key, pairs in zip(functions, zip(*rounds, strict=True), strict=True):
        seconds, processors = zip(*pairs, strict=True)
        numbers = min(seconds), statistics.median(seconds), min(processors)
        yield key, np.array([1000 * number / STEPS[name] for number in numbers])


def compare(name):
    """Prints the milliseconds of a step, and ratios."""
    times = dict(measure(name))
    for key, numbers in times.items():
        print(f"{name}: {title(*key)}: {in_words(numbers, ' ms')}", flush=True)
    best = min((key for key in times if key[0] == "ours"), key=lambda k: times[k][0])
    pairs = [(("guide", flags), ("ours", flags)) for flags in FLAGS]
    pairs += [(key, best) for key in times if key[0] == "torch"]
    for theirs, ours in [*pairs, (("guide", AS_WRITTEN), best)]:
        ratios = in_words(times[theirs] / times[ours])
        print(f"{name}: {title(*theirs)} / {title(*ours)}: {ratios}", flush=True)


def in_words(numbers, unit=""):
    fastest, median, processors = numbers
    return (
        f"{fastest:.2f}{unit} (median {median:.2f}{unit}, processors "
        f"{processors:.2f}{unit})"
    )


def main(names):
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    for name in names or STEPS:
        compare(name)


if __name__ == "__main__":
    main(sys.argv[1:])
