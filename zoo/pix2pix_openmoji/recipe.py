"""pix2pix from the outlines of emoji to their colours.

A U-Net and patches of 34 pixels, narrow enough for a file of 3 MB.

Command: keras-gen train pix2pix_openmoji
"""

import keras

from keras_gen import datasets
from keras_gen.models import Pix2Pix
from keras_gen.networks import patch_discriminator, unet

SIDE = 64
SOURCE = "openmoji_pairs"
SPLITS = {"train": "train[:1560]", "validation": "train[1560:]"}

epochs = 50
validation = "validation"


def model(seed=0, adversarial_weight=1.0):
    return Pix2Pix(
        unet((SIDE, SIDE, 1), [24, 48, 64, 64, 64], output_channels=3),
        patch_discriminator((SIDE, SIDE, 4), [24, 48, 64]),
        adversarial_weight=adversarial_weight,
        seed=seed,
        name="pix2pix_openmoji",
    )


def data(split="train", source=SOURCE, batch_size=10, download=False, **options):
    """Pairs of outlines and colours, in training shifted and flipped at random."""
    is_training = options.setdefault("training", split.startswith("train"))
    outlines, colours = (
        datasets.source(
            source,
            SPLITS.get(split, split) if source == SOURCE else split,
            key=key,
            image_shape=(SIDE, SIDE, channels),
            download=download,
        )
        for key, channels in (("outline", 1), ("colour", 3))
    )
    batches = datasets.paired(
        outlines, colours, batch_size, image_range=(-1, 1), **options
    )
    if not is_training:
        return batches
    epoch, step = options.get("start", (0, 0))
    steps_before = epoch * batches.steps_per_epoch + step
    seed = options.get("seed", 0)
    return datasets.augment(batches, 3, flip=True, seed=seed, first_step=steps_before)


def pairs(split="test"):
    return data(split, training=False)


def compile(model, steps, learning_rate=1e-3):
    model.compile(
        discriminator_optimizer=adam(learning_rate / 5, steps),
        generator_optimizer=adam(learning_rate, steps),
        jit_compile=False,
        steps_per_execution=39,
    )


def adam(rate, steps):
    decay = keras.optimizers.schedules.CosineDecay(rate, steps)
    return keras.optimizers.Adam(decay, beta_1=0.5)
