"""BiGAN of MNIST.

Generator and encoder are normalized over batches, as in Donahue et al. (2016,
arXiv:1605.09782). The discriminator is not, and it joins image and latents in its
hidden layer.

Command: keras-gen train bigan_mnist
"""

import keras
from keras import layers

from keras_gen import datasets
from keras_gen.domains import Images
from keras_gen.models import BiGAN
from keras_gen.networks import dcgan_generator

IMAGE_SHAPE = (28, 28, 1)
LATENT_DIM = 16
UNITS = 96

epochs = 12
extractor = "classifier_mnist"
compared_by = "distances"
num_classes = 10
training_dtype = "mixed_bfloat16"


def model(seed=0):
    return BiGAN(
        encoder(),
        dcgan_generator(LATENT_DIM, [64, 32], IMAGE_SHAPE, kernel_size=4),
        discriminator(),
        x_domain=Images(IMAGE_SHAPE, -1, 1),
        seed=seed,
        name="bigan_mnist",
    )


def encoder():
    inputs = keras.Input(IMAGE_SHAPE, name="images")
    x = features(inputs, normalized=True)
    x = layers.Dense(UNITS, use_bias=False, name="hidden")(layers.Flatten()(x))
    x = layers.BatchNormalization(name="hidden_normalization")(x)
    x = layers.LeakyReLU(0.2, name="hidden_relu")(x)
    latents = layers.Dense(LATENT_DIM, name="latents")(x)
    return keras.Model(inputs, latents, name="encoder")


def discriminator():
    """Two convolutions of the image; two hidden layers of it and the latents."""
    image = keras.Input(IMAGE_SHAPE, name="images")
    latents = keras.Input((LATENT_DIM,), name="latents")
    x = layers.Flatten()(features(image, normalized=False))
    x = layers.Dense(UNITS, name="image_hidden")(x)
    x = layers.LeakyReLU(0.2, name="image_relu")(x)
    z = layers.Dense(UNITS, name="latents_hidden")(latents)
    z = layers.LeakyReLU(0.2, name="latents_relu")(z)
    x = layers.Concatenate(name="both")([x, z])
    x = layers.Dense(2 * UNITS, name="hidden")(x)
    x = layers.LeakyReLU(0.2, name="relu")(x)
    score = layers.Dense(1, name="score")(x)
    return keras.Model([image, latents], score, name="discriminator")


def features(x, normalized):
    for index, filters in enumerate((32, 64)):
        x = layers.Conv2D(filters, 4, 2, "same", name=f"conv_{index}")(x)
        if normalized:
            x = layers.BatchNormalization(name=f"normalization_{index}")(x)
        x = layers.LeakyReLU(0.2, name=f"relu_{index}")(x)
    return x


def data(split="train", source="mnist", batch_size=64, **options):
    return datasets.load(
        source,
        split,
        batch_size=batch_size,
        image_shape=IMAGE_SHAPE,
        image_range=(-1, 1),
        **options,
    )


def compile(model, steps, learning_rate=1e-3):
    model.compile(
        discriminator_optimizer=adam(learning_rate / 5, steps),
        generator_optimizer=adam(learning_rate, steps),
        jit_compile=False,
        steps_per_execution=67,
    )


def adam(rate, steps):
    decay = keras.optimizers.schedules.CosineDecay(rate, steps, alpha=0.05)
    return keras.optimizers.Adam(decay, beta_1=0.5)
