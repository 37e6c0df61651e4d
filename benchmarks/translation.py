"""Translators beside the networks in them: training steps and LiteRT files, as ratios.

Run as `python -m benchmarks.translation` from the root of the repository, on a machine
that does nothing else, with the extra `export`. Models are untrained, of 64 x 64
pixels; LiteRT runs on one thread. Compared are, each in turn in one run,

- a training step of `Pix2Pix` and of `CycleGAN` with one of the same networks, losses
  and optimizers that is written by hand; that of `CycleGAN` keeps no past fakes;
- an image by `to_y` of an exported model with one by the exported generator alone.

`--rounds` says how often each is timed; the fastest counts.
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from benchmarks.export import compare, fastest
from benchmarks.serving import opened
from keras_gen.models import CycleGAN, Pix2Pix
from keras_gen.networks import patch_discriminator, residual_generator, unet

SHAPE, BATCH, STEPS = (64, 64, 3), 2, 4
BOTH = (*SHAPE[:2], 2 * SHAPE[2])


def pix2pix():
    generator = unet(SHAPE, [24, 48, 64, 64, 64])
    return Pix2Pix(generator, patch_discriminator(BOTH, [24, 48, 64]))


def cycle_gan():
    generators = [residual_generator(SHAPE, [16, 32, 64], 4) for _ in range(2)]
    discriminators = [patch_discriminator(SHAPE, [24, 48, 64]) for _ in range(2)]
    return CycleGAN(*generators, *discriminators)


def cross_entropy(logits, is_real):
    targets = tf.ones_like(logits) if is_real else tf.zeros_like(logits)
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits)
    )


def error(a, b):
    return tf.reduce_mean(tf.abs(a - b))


class ByHand(keras.Model):
    """Two players, their optimizers, and a step that trains them in turn."""

    def __init__(self, networks):
        super().__init__()
        self.networks = networks
        self.optimizers = [keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2)]
        self.means = [keras.metrics.Mean(name=name) for name in ("d_loss", "g_loss")]

    @property
    def metrics(self):
        return self.means

    def train_step(self, data):
        x, y = data
        for loss_of, players, optimizer, mean in zip(
            (self.discriminator_loss, self.generator_loss),
            self.players(),
            self.optimizers,
            self.means,
            strict=True,
        ):
            variables = [v for network in players for v in network.trainable_variables]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([v.value for v in variables])
                loss = loss_of(x, y)
            gradients = tape.gradient(loss, [v.value for v in variables])
            optimizer.apply(gradients, variables)
            mean.update_state(loss)
        return {mean.name: mean.result() for mean in self.means}


class Pix2PixByHand(ByHand):
    def players(self):
        generator, discriminator = self.networks
        return [discriminator], [generator]

    def score(self, x, y):
        return self.networks[1](tf.concat([x, y], axis=-1), training=True)

    def discriminator_loss(self, x, y):
        fakes = self.networks[0](x, training=True)
        real, fake = self.score(x, y), self.score(x, fakes)
        return 0.5 * (cross_entropy(real, True) + cross_entropy(fake, False))

    def generator_loss(self, x, y):
        fakes = self.networks[0](x, training=True)
        return cross_entropy(self.score(x, fakes), True) + 100.0 * error(y, fakes)


class CycleGANByHand(ByHand):
    def players(self):
        return self.networks[2:], self.networks[:2]

    def discriminator_loss(self, x, y):
        to_x, to_y, judge_x, judge_y = self.networks
        loss = 0.0
        for judge, real, fakes in (
            (judge_x, x, to_x(y, training=True)),
            (judge_y, y, to_y(x, training=True)),
        ):
            loss += 0.5 * tf.reduce_mean((judge(real, training=True) - 1.0) ** 2)
            loss += 0.5 * tf.reduce_mean(judge(fakes, training=True) ** 2)
        return loss

    def generator_loss(self, x, y):
        to_x, to_y, judge_x, judge_y = self.networks
        fake_x, fake_y = to_x(y, training=True), to_y(x, training=True)
        loss = tf.reduce_mean((judge_x(fake_x, training=True) - 1.0) ** 2)
        loss += tf.reduce_mean((judge_y(fake_y, training=True) - 1.0) ** 2)
        loss += 10.0 * error(x, to_x(fake_y, training=True))
        loss += 10.0 * error(y, to_y(fake_x, training=True))
        loss += 5.0 * error(x, to_x(x, training=True))
        return loss + 5.0 * error(y, to_y(y, training=True))


def time_steps(name, model, by_hand, rounds):
    """Training steps of a model, and of the same networks by hand."""
    random = np.random.default_rng(0)
    x, y = random.uniform(-1, 1, (2, BATCH, *SHAPE)).astype("float32")
    data = tf.data.Dataset.from_tensors((x, y)).repeat()
    model.compile(jit_compile=False)
    by_hand.compile(jit_compile=False)

    def steps(trained):
        return lambda: trained.fit(data, steps_per_epoch=STEPS, verbose=0)

    compare(
        f"{STEPS} steps of {name} / by hand",
        *fastest(rounds, steps(model), steps(by_hand)),
        "at most 1.1",
    )


def time_export(name, model, generator, rounds):
    """An image by the exported model, and one by the exported generator."""
    from keras_gen.export import export_tflite

    with tempfile.TemporaryDirectory() as folder:
        paths = [
            export_tflite(model, Path(folder) / "model.tflite", signatures=["to_y"]),
            export_tflite(generator, Path(folder) / "generator.tflite"),
        ]
        ours, theirs = (opened(path.path) for path in paths)
    image = np.zeros((1, *SHAPE), np.float32)
    compare(
        f"{name} `to_y` / generator",
        *fastest(
            rounds,
            lambda: ours.run("to_y", x=image),
            lambda: theirs.run("serving_default", inputs=image),
        ),
        "at most 1.2",
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    model = pix2pix()
    networks = [model.generator, model.discriminator]
    time_export("Pix2Pix", model, model.generator, rounds)
    time_steps("Pix2Pix", model, Pix2PixByHand(networks), rounds)
    model = cycle_gan()
    networks = [model.generator_x, model.generator_y]
    networks += [model.discriminator_x, model.discriminator_y]
    time_export("CycleGAN", model, model.generator_y, rounds)
    time_steps("CycleGAN", model, CycleGANByHand(networks), rounds)


if __name__ == "__main__":
    main()
