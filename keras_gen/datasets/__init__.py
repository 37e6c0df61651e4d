"""Functions that return `tf.data.Dataset`s of examples."""

from keras_gen.datasets.augmentation import augment
from keras_gen.datasets.folders import pictures
from keras_gen.datasets.loading import batches, folder, load, source
from keras_gen.datasets.sources import Source, bytes_domain
from keras_gen.datasets.splits import MissingSplitError
from keras_gen.datasets.textures import textured
from keras_gen.datasets.toys import toy, toy_log_density
from keras_gen.datasets.two_domains import adaptation

__all__ = [
    "MissingSplitError",
    "Source",
    "adaptation",
    "augment",
    "batches",
    "bytes_domain",
    "folder",
    "load",
    "pictures",
    "source",
    "textured",
    "toy",
    "toy_log_density",
]
