"""SRGAN that doubles the sides of photographs and invents the detail that they lack.

Its generator begins as that of `sr_res_net_flowers`, which was trained with the squared
error. The content loss compares pixels, as the SRGAN-MSE of Ledig et al. does: the
package has no VGG, and no classifier of photographs.

Command: keras-gen train srgan_flowers
"""

from pathlib import Path

import keras

from keras_gen import datasets, media, zoo
from keras_gen.models import SRGAN
from keras_gen.networks import dcgan_discriminator, sr_res_net

SMALL_SHAPE, IMAGE_SHAPE = (48, 48, 3), (96, 96, 3)
SPLITS = {"train": "train[:3000]", "validation": "train[3000:]"}

epochs = 3
validation = "validation"
first_stage = "sr_res_net_flowers"


def model(seed=0):
    generator = sr_res_net(
        SMALL_SHAPE, 2, filters=32, num_blocks=6, normalization=None, name="generator"
    )
    discriminator = dcgan_discriminator(
        IMAGE_SHAPE,
        [32, 64, 128, 128],
        kernel_size=3,
        normalization=None,
    )
    return SRGAN(generator, discriminator, seed=seed, name="srgan_flowers")


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
    """Those of Kodak, or their middles, which come with the first stage."""
    if not quick:
        return datasets.photographs("kodak")
    folder = Path(zoo.info(first_stage)["folder"])
    return media.load_images(folder / "examples.png", IMAGE_SHAPE)


def prepare(model, batches):
    """Takes the generator of the first stage."""
    first = zoo.load(first_stage)
    model.generator.set_weights(first.generator.get_weights())


def compile(model, steps, learning_rate=2e-4):
    model.compile(
        discriminator_optimizer=adam(2 * learning_rate, steps),
        generator_optimizer=adam(learning_rate, steps),
        jit_compile=False,
        steps_per_execution=25,
    )


def adam(rate, steps):
    decay = keras.optimizers.schedules.CosineDecay(rate, steps)
    return keras.optimizers.Adam(decay)
