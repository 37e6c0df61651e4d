"""Speed of models of sequences, as ratios in one run.

Run as `python -m benchmarks.sequences [PART ...]` from the root of the repository, on a
machine that does nothing else:

- transformer: 256 characters with the cache of keys and values;
- wave_net: a second of sound at 8 kHz with the caches of the layers;
- training: a step of `RecurrentModel` and one of `TransformerModel` by `fit`, beside
  one of plain layers of Keras with the same sizes.

A sampler stands beside as many passes of the network as there are sites. One pass is
timed, by the better setting of XLA, and multiplied.

`SIZE=16` tries all of it out.
"""

import functools
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from benchmarks.autoregressive import faster_pass, fastest, say
from benchmarks.steps import fastest as fastest_of
from benchmarks.steps import stepper
from keras_gen.domains import Symbols, Waveforms
from keras_gen.models import RecurrentModel, TransformerModel, WaveNet

SIZE = int(os.environ.get("SIZE", 256))
RATE = 8000 if SIZE == 256 else 4 * SIZE
SYMBOLS, ROUNDS, STEPS = 65, 5, 10


def beside_passes(title, model, num, rounds=ROUNDS):
    """Says how long the passes of the network take beside the sampler."""
    fast = fastest(functools.partial(model.sample, num, seed=0), rounds)
    domain = model.x_domain
    x = tf.zeros((num, *domain.shape), domain.dtype)
    xla, seconds = faster_pass(model.site_parameters, x)
    (sites,) = domain.shape
    say(f"{title}: {sites} passes (XLA {xla}) / cache", fast, sites * seconds)


def transformer():
    model = TransformerModel(Symbols(SIZE, SYMBOLS))
    for num in (1, 16):
        beside_passes(f"{num} texts of {SIZE} characters", model, num)


def wave_net():
    model = WaveNet(Waveforms(RATE, RATE, levels=256))
    beside_passes(f"a second of {RATE} samples", model, 1, rounds=2)


def plain_recurrent(units):
    """The layers of a `RecurrentModel`, by Keras alone."""
    symbols = keras.Input((SIZE,), dtype="int32")
    embedded = keras.layers.Embedding(SYMBOLS + 1, units)(symbols)
    hidden = keras.layers.LSTM(units, return_sequences=True)(embedded)
    return keras.Model(symbols, keras.layers.Dense(SYMBOLS)(hidden))


def plain_transformer(units, num_heads, num_layers):
    """The layers of a `TransformerModel`, by Keras alone."""
    symbols = keras.Input((SIZE,), dtype="int32")
    x = keras.layers.Embedding(SYMBOLS + 1, units)(symbols)
    for _ in range(num_layers):
        attention = keras.layers.MultiHeadAttention(num_heads, units // num_heads)
        normalized = keras.layers.LayerNormalization()(x)
        x = x + attention(normalized, normalized, use_causal_mask=True)
        hidden = keras.layers.LayerNormalization()(x)
        hidden = keras.layers.Dense(4 * units, activation="gelu")(hidden)
        x = x + keras.layers.Dense(units)(hidden)
    return keras.Model(symbols, keras.layers.Dense(SYMBOLS)(x))


def training():
    batch, sizes = 16, {"num_heads": 4, "num_layers": 4}
    x = np.random.default_rng(0).integers(SYMBOLS, size=(batch, SIZE), dtype="int32")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    domain = Symbols(SIZE, SYMBOLS)
    for title, ours, plain in (
        ("RecurrentModel", RecurrentModel(domain), plain_recurrent(256)),
        (
            "TransformerModel",
            TransformerModel(domain, units=128, **sizes),
            plain_transformer(128, **sizes),
        ),
    ):
        for xla in (False, True):
            ours.compile(keras.optimizers.Adam(), jit_compile=xla)
            plain.compile(keras.optimizers.Adam(), loss, jit_compile=xla)
            pairs = tf.data.Dataset.from_tensors((x, x)).repeat()
            steppers = [stepper(model, pairs, STEPS) for model in (ours, plain)]
            found, other = fastest_of(steppers, ROUNDS)
            say(f"step of {title}, XLA {xla} / plain", other / 1000, found / 1000)


PARTS = {part.__name__: part for part in (transformer, wave_net, training)}


def main(names):
    for name in names or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
