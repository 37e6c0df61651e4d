"""SRResNet that doubles the sides of photographs, with the least squared error.

It learns from photographs of flowers and can be the first stage of an SRGAN. The
network is that of Ledig et al. with 6 blocks of 32 filters instead of 16 of 64, and
without batch normalization.

Command: keras-gen train sr_res_net_flowers
"""

from pathlib import Path

import keras

from keras_gen import datasets, media, zoo
from keras_gen.models import SRResNet
from keras_gen.networks import sr_res_net

SMALL_SHAPE, IMAGE_SHAPE = (48, 48, 3), (96, 96, 3)
SPLITS = {"train": "train[:3000]", "validation": "train[3000:]"}

epochs = 6
validation = "validation"


def model(seed=0):
    generator = sr_res_net(
        SMALL_SHAPE, 2, filters=32, num_blocks=6, normalization=None, name="generator"
    )
    return SRResNet(generator, seed=seed, name="sr_res_net_flowers")


def data(split="train", source="flowers_96", batch_size=4, seed=0, **options):
    batches = datasets.load(
        source,
        SPLITS.get(split, split) if source == "flowers_96" else split,
        batch_size,
        image_shape=IMAGE_SHAPE,
        seed=seed,
        **options,
    )
    if not options.get("training", split.startswith("train")):
        return batches
    epoch, step = options.get("start", (0, 0))
    steps_before = epoch * batches.steps_per_epoch + step
    return datasets.augment(batches, 0, flip=True, seed=seed, first_step=steps_before)


def photographs(quick=False):
    """Those of Kodak, or their middles, which come with the entry."""
    if not quick:
        return datasets.photographs("kodak")
    folder = Path(zoo.info("sr_res_net_flowers")["folder"])
    return media.load_images(folder / "examples.png", IMAGE_SHAPE)


def compile(model, steps, learning_rate=5e-4):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate), jit_compile=False, steps_per_execution=25
    )
