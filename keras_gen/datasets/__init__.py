"""Functions that return `tf.data.Dataset`s of images."""

from keras_gen.datasets.augmentation import augment
from keras_gen.datasets.loading import batches, folder, load
from keras_gen.datasets.sources import Source

__all__ = ["Source", "augment", "batches", "folder", "load"]
