"""Convolutional VAE of pixel-art faces in colour, with directions of their attributes.

A logistic distribution on the levels gives every value a probability, as in
`vae_fashion_mnist`. `avatar_faces` states the attributes of each face, so directions of
sunglasses and of hair colours in the latents are known, and so is how an edited face
should look.

Command: keras-gen train vae_avatars
"""

import keras
from keras import layers

from keras_gen import datasets
from keras_gen.distributions import DiscretizedLogisticLikelihood
from keras_gen.models import VAE
from keras_gen.models.base import num_replicas
from keras_gen.networks import conv_decoder, conv_encoder

IMAGE_SHAPE = (32, 32, 3)
LATENT_DIM = 32
SOURCE = "avatar_faces/pixel_art"
SPLITS = {"train": "train[:18000]", "validation": "train[18000:]"}

epochs = 60
validation = "validation"
num_importance_samples = 200
#: Directions in the latents: a feature of the faces, and its classes without and with.
attributes = {
    "sunglasses": ("attributes/glasses", "none", "dark"),
    "glasses": ("attributes/glasses", "none", "light"),
    "black_hair": ("attributes/hair_color", None, "28150a"),
    "brown_hair": ("attributes/hair_color", None, "612616"),
    "blond_hair": ("attributes/hair_color", None, "cab188"),
    "red_hair": ("attributes/hair_color", None, "bd1700"),
    "green_hair": ("attributes/hair_color", None, "91cb15"),
    "blue_hair": ("attributes/hair_color", None, "009bbd"),
}


def model(seed=0):
    encoder = conv_encoder(IMAGE_SHAPE, [32, 48, 56], 2 * LATENT_DIM, name="encoder")
    return VAE(
        encoder,
        pixel_decoder(),
        DiscretizedLogisticLikelihood(),
        seed=seed,
        name="vae_avatars",
    )


def pixel_decoder():
    """A decoder of faces on their grid of 16 x 16 squares, each of 2 x 2 pixels."""
    convolutions = conv_decoder(LATENT_DIM, [64, 48], (16, 16, 32))
    x = layers.ReLU(name="relu")(convolutions.output)
    x = layers.Conv2D(6, 3, padding="same", name="squares")(x)
    outputs = layers.UpSampling2D(2, name="pixels")(x)
    return keras.Model(convolutions.input, outputs, name="decoder")


def data(split="train", source=SOURCE, batch_size=50, **options):
    return datasets.load(
        source,
        SPLITS.get(split, split) if source == SOURCE else split,
        batch_size=batch_size,
        image_shape=IMAGE_SHAPE,
        **options,
    )


def counterfactuals(label_key, split="test"):
    """Faces, and the same faces with another class of a feature: two datasets."""
    feature = label_key.removeprefix("attributes/")
    pairs = {"glasses": "sunglasses_pairs", "hair_color": "hair_color_pairs"}[feature]
    part = "[:800]" if split == "test" else "[800:]"
    keys = {"image": "attributes", "counterfactual": "counterfactual_attributes"}
    return [
        datasets.load(
            f"{SOURCE}_pairs",
            pairs + part,
            key=key,
            label_key=f"{of}/{feature}",
            labels=True,
            training=False,
            image_shape=IMAGE_SHAPE,
        )
        for key, of in keys.items()
    ]


def compile(model, steps, learning_rate=2e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate),
        jit_compile=num_replicas() == 1,
        steps_per_execution=50,
    )
