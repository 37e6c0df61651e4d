"""Functions that return `tf.data.Dataset`s of examples."""

from keras_gen.datasets.augmentation import augment
from keras_gen.datasets.loading import batches, folder, load
from keras_gen.datasets.sources import Source, bytes_domain

__all__ = ["Source", "augment", "batches", "bytes_domain", "folder", "load"]
