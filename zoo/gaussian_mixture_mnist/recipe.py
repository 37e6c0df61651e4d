"""Mixture of factor analysers of MNIST, on logits as Papamakarios et al. have them.

Command: keras-gen train gaussian_mixture_mnist
"""

from keras_gen import datasets
from keras_gen.distributions import FactorCovariance
from keras_gen.domains import Images
from keras_gen.layers import Logit
from keras_gen.models import GaussianMixture

IMAGE_SHAPE = (28, 28, 1)
SPLITS = {"train": "train[:50000]", "validation": "train[50000:]"}

epochs = 20
validation = "validation"
extractor = "classifier_mnist"
preprocessing = "logit, lambda 1e-6"


def model(seed=0):
    return GaussianMixture(
        10,
        Images(IMAGE_SHAPE),
        FactorCovariance(80),
        preprocessing=Logit(1e-6),
        seed=seed,
        name="gaussian_mixture_mnist",
    )


def data(split="train", source="mnist", batch_size=1000, **options):
    return datasets.load(
        source,
        SPLITS.get(split, split) if source == "mnist" else split,
        batch_size=batch_size,
        image_shape=IMAGE_SHAPE,
        dequantize=True,
        **options,
    )


def prepare(model, batches):
    """Starts from the clusters of some training images."""
    model.adapt(batches)


def compile(model, steps):
    model.compile(jit_compile=False)
