"""Stack of three denoising autoencoders on MNIST, trained one after the other.

`labels.py` fine-tunes such stacks as classifiers with few labels.

Command: keras-gen train stacked_autoencoder_mnist
"""

import keras

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.layers import MaskingCorruption
from keras_gen.models import DenoisingAutoencoder, StackedAutoencoder
from keras_gen.networks import mlp

IMAGE_SHAPE = (28, 28, 1)
SHAPES = [IMAGE_SHAPE, (200,), (200,), (200,)]

epochs = 15
num_classes = 10


def model(seed=0, masked=0.25, epochs_per_level=5):
    return StackedAutoencoder(
        [
            level(index, *shapes, masked)
            for index, shapes in enumerate(zip(SHAPES[:-1], SHAPES[1:], strict=True))
        ],
        epochs_per_level,
        seed=seed,
        name="stacked_autoencoder_mnist",
    )


def level(index, shape, units, masked):
    """A level of one layer, whose codes lie in [0, 1] as pixels do."""
    encoder = mlp(
        shape, [], units, output_activation="sigmoid", name=f"encoder_{index}"
    )
    decoder = mlp(units, [], shape, name=f"decoder_{index}")
    corruption = MaskingCorruption(masked, name=f"corruption_{index}")
    return DenoisingAutoencoder(
        encoder, decoder, corruption, BernoulliLikelihood(), name=f"level_{index}"
    )


def data(split="train", source="mnist", batch_size=100, **options):
    return datasets.load(
        source, split, batch_size=batch_size, image_shape=IMAGE_SHAPE, **options
    )


def compile(model, steps, learning_rate=3e-3):
    # The schedule begins anew with each level. XLA would compile each for seconds.
    steps //= len(model.levels)
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate), jit_compile=False, steps_per_execution=50
    )
