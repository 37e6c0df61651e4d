"""VQ-VAE of Fashion-MNIST, 7 x 7 codes, and a gated PixelCNN as their prior.

The autoencoder is trained first, in `prepare()`. The epochs are those of the prior.

Command: keras-gen train vq_vae_fashion_mnist
"""

import keras

from keras_gen import datasets
from keras_gen.distributions import (
    CategoricalLikelihood,
    DiscretizedLogisticLikelihood,
)
from keras_gen.domains import Images
from keras_gen.models import VQVAE, GatedPixelCNN, TwoStageModel
from keras_gen.networks import grid_decoder, grid_encoder

IMAGE_SHAPE = (28, 28, 1)
NUM_CODES = 256
SIZE = 16
SPLITS = {"train": "train[:50000]", "validation": "train[50000:]"}
AUTOENCODER_EPOCHS = 9

epochs = 8
validation = "validation"
# The codes of an image are certain, so that all draws are equal.
num_importance_samples = 1
extractor = "classifier_fashion_mnist"


def model(seed=0):
    encoder = grid_encoder(IMAGE_SHAPE, [32, 48], SIZE, num_blocks=1, name="encoder")
    decoder = grid_decoder(SIZE, [48, 32], (28, 28, 2), num_blocks=1, name="decoder")
    autoencoder = VQVAE(
        encoder,
        decoder,
        DiscretizedLogisticLikelihood(center_by="median"),
        NUM_CODES,
        restart_below=0.5,
        x_domain=Images(IMAGE_SHAPE, levels=256),
        seed=seed,
        name="autoencoder",
    )
    prior = GatedPixelCNN(
        autoencoder.domain_of("latents"),
        CategoricalLikelihood(NUM_CODES),
        filters=32,
        num_layers=6,
        first_kernel_size=7,
        output_filters=64,
        seed=seed,
        name="prior",
    )
    return TwoStageModel(autoencoder, prior, seed=seed, name="vq_vae_fashion_mnist")


def data(split="train", source="fashion_mnist", batch_size=100, **options):
    return datasets.load(
        source,
        SPLITS.get(split, split) if source == "fashion_mnist" else split,
        batch_size=batch_size,
        image_shape=IMAGE_SHAPE,
        **options,
    )


def prepare(model, batches):
    """Trains the autoencoder, which is frozen while the prior learns."""
    autoencoder = model.autoencoder
    autoencoder.trainable = True
    steps = AUTOENCODER_EPOCHS * int(batches.cardinality())
    rate = keras.optimizers.schedules.CosineDecay(1e-3, steps)
    autoencoder.compile(
        keras.optimizers.Adam(rate), jit_compile=False, steps_per_execution=50
    )
    autoencoder.fit(batches, epochs=AUTOENCODER_EPOCHS, verbose=2)
    autoencoder.trainable = False


def compile(model, steps, learning_rate=2e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(rate), jit_compile=False)
