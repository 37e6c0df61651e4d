"""MAF with windows of one row, on MNIST in the protocol of the MAF paper.

Papamakarios et al. (2017, arXiv:1705.07057): logits of dequantized pixels with a lambda
of 1e-6; 50,000 images for training, the last 10,000 for early stopping. The paper has
wide masked autoencoders and no windows, and no map of each pixel by itself.

Command: keras-gen train maf_mnist
"""

import keras

from keras_gen import datasets
from keras_gen.models import MAF
from keras_gen.models.base import num_replicas

IMAGE_SHAPE = (28, 28, 1)
SPLITS = {"train": "train[:50000]", "validation": "train[50000:]"}

epochs = 24
validation = "validation"
extractor = "classifier_mnist"
num_importance_samples = 10
preprocessing = "logit, lambda 1e-6"
paper = {
    "preprocessed_log_likelihood": {
        "value": -1300.5,
        "source": "Papamakarios et al., MAF, 2017, MAF of 5 layers",
        "protocol": {"preprocessing": preprocessing, "num_images": 10_000},
    },
}


def model(seed=0):
    return MAF(
        IMAGE_SHAPE,
        num_layers=3,
        hidden_units=(48,),
        window=28,
        num_pieces=16,
        logit_margin=1e-6,
        seed=seed,
        name="maf_mnist",
    )


def data(split="train", source="mnist", batch_size=200, **options):
    return datasets.load(
        source,
        SPLITS.get(split, split) if source == "mnist" else split,
        batch_size=batch_size,
        image_shape=IMAGE_SHAPE,
        **options,
    )


def prepare(model, batches):
    """Maps the quantiles of each pixel to normal ones; latents get variance 1."""
    model.adapt(next(iter(batches.unbatch().batch(10_000))))


def compile(model, steps, learning_rate=2e-3):
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate, global_clipnorm=100.0),
        jit_compile=num_replicas() == 1,
        steps_per_execution=25,
    )


def callbacks(model):
    return [
        keras.callbacks.EarlyStopping(
            "val_loss", patience=epochs, restore_best_weights=True
        )
    ]
