"""Characters of Shakespeare, by the decoder of a Transformer.

Command: keras-gen train transformer_shakespeare
"""

import keras

from keras_gen import datasets
from keras_gen.domains import Text
from keras_gen.models import TransformerModel

CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALPHABET = "\n !$&',-.3:;?" + CAPITALS + CAPITALS.lower()
#: As many characters of context as nanoGPT has in its setting for a CPU.
DOMAIN = Text(64, ALPHABET)

epochs = 10
validation = "validation"


def model(seed=0):
    return TransformerModel(
        DOMAIN,
        num_layers=4,
        num_heads=4,
        units=128,
        seed=seed,
        name="transformer_shakespeare",
    )


def data(split="train", source="tiny_shakespeare", batch_size=32, **options):
    # Each epoch has every character twice, at different places of the context.
    stride = 32 if options.get("training", split.startswith("train")) else None
    return datasets.load(
        source, split, batch_size=batch_size, domain=DOMAIN, stride=stride, **options
    )


def compile(model, steps, learning_rate=2e-3):
    warmup = min(100, steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(
        learning_rate / 100,
        max(1, steps - warmup),
        alpha=0.05,
        warmup_target=learning_rate,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=0.1, beta_2=0.99)
    model.compile(optimizer, jit_compile=False)
