"""M2 on the pixels themselves, with the labels and the classifier of the entry.

Command: keras-gen train zoo/semi_supervised_vae_mnist/on_pixels.py
"""

import keras
import numpy as np

from keras_gen.distributions import BernoulliLikelihood
from keras_gen.models import SemiSupervisedVAE
from keras_gen.models.base import num_replicas
from keras_gen.networks import mlp
from keras_gen.zoo.shelf.recipes import load_recipe

_entry = load_recipe("semi_supervised_vae_mnist")

epochs = 4
compared_by = _entry.compared_by
binarization = _entry.binarization


def model(seed=0):
    shape, told = _entry.IMAGE_SHAPE, {"num_classes": _entry.NUM_CLASSES}
    return SemiSupervisedVAE(
        mlp(shape, [128], (64,), name="encoder", **told),
        mlp((32,), [128], shape, name="decoder", **told),
        BernoulliLikelihood(),
        classifier=_entry.classifier(shape),
        alpha=10.0,
        seed=seed,
        name="on_pixels",
    )


def data(split="train", source="mnist", batch_size=250, training=None, **options):
    training = split.startswith("train") if training is None else training
    return _entry.images_of(split, source, batch_size, training, **options)


def prepare(model, batches):
    """Starts the classifier from the labels alone, and the others from what it says."""
    some = [(images.numpy(), labels.numpy()) for images, labels in batches.take(40)]
    images, labels = map(np.concatenate, zip(*some, strict=True))
    chance = np.clip(images.mean(axis=0).ravel(), 0.005, 0.995)
    last = model.decoder.get_layer("outputs")
    last.bias.assign(np.log(chance / (1.0 - chance)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.classifier.compile(keras.optimizers.Adam(1e-3), loss)
    known = labels >= 0
    fitted = {"batch_size": 100, "epochs": 20, "shuffle": False, "verbose": 0}
    model.classifier.fit(images[known], labels[known], **fitted)
    model.classifier.trainable = False
    compile(model, 3 * len(batches), 1e-2)
    model.fit(batches, epochs=3, verbose=2)
    model.classifier.trainable = True


def compile(model, steps, learning_rate=1e-3):
    rate = keras.optimizers.schedules.ExponentialDecay(learning_rate, steps, 0.1)
    model.compile(
        keras.optimizers.Muon(rate, adam_lr_ratio=0.3),
        jit_compile=num_replicas() == 1,
        steps_per_execution=12,
    )
