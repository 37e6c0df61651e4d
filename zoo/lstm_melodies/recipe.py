"""Folk tunes of the Nottingham collection, by a recurrent network.

Command: keras-gen train lstm_melodies
"""

import keras
import numpy as np

from keras_gen import datasets
from keras_gen.domains import Melodies
from keras_gen.layers import LSTMRecurrence
from keras_gen.models import RecurrentModel

#: 16 bars of four quarter notes.
DOMAIN = Melodies(256, low=48, high=96)

epochs = 12
validation = "validation"


def model(seed=0):
    return RecurrentModel(
        DOMAIN,
        LSTMRecurrence(),
        units=256,
        seed=seed,
        name="lstm_melodies",
    )


def data(split="train", source="nottingham", batch_size=16, **options):
    batches = datasets.load(
        source, split, batch_size=batch_size, domain=DOMAIN, **options
    )
    training = options.get("training", split.startswith("train"))
    if not training:
        return batches
    epoch, step = options.get("start", (0, 0))
    steps_before = epoch * batches.steps_per_epoch + step
    seed = options.get("seed", 0)
    return datasets.transpose(
        batches, DOMAIN, semitones=6, seed=seed, first_step=steps_before
    )


def compile(model, steps, learning_rate=3e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), jit_compile=False)


def picture(model):
    """Piano rolls of eight samples: time goes to the right, pitch upwards."""
    tunes = model.sample(8, seed=0)
    height, gap = DOMAIN.high - DOMAIN.low + 1, 4
    rolls = np.full((len(tunes), height + gap, DOMAIN.shape[0]), 255, np.uint8)
    for roll, tune in zip(rolls, tunes, strict=True):
        for onset, duration, pitch in DOMAIN.to_notes(tune):
            row = DOMAIN.high - pitch
            roll[row, onset : onset + duration] = 90
            roll[row, onset] = 0
        roll[height:] = 200
    pixels = rolls.reshape(-1, DOMAIN.shape[0], 1)
    return np.repeat(np.repeat(pixels, 3, axis=0), 3, axis=1)
