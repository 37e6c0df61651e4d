"""Functions that return `tf.data.Dataset`s of examples."""

from keras_gen.datasets.augmentation import augment, transpose
from keras_gen.datasets.folders import pictures
from keras_gen.datasets.loading import batches, folder, load
from keras_gen.datasets.sequences import alphabet
from keras_gen.datasets.sources import Source, bytes_domain
from keras_gen.datasets.splits import MissingSplitError
from keras_gen.datasets.toys import toy, toy_log_density

__all__ = [
    "MissingSplitError",
    "Source",
    "alphabet",
    "augment",
    "batches",
    "bytes_domain",
    "folder",
    "load",
    "pictures",
    "toy",
    "toy_log_density",
    "transpose",
]
