"""Functions that return `tf.data.Dataset`s of examples."""

from keras_gen.datasets.augmentation import augment
from keras_gen.datasets.folders import pictures
from keras_gen.datasets.hidden_labels import hide_labels
from keras_gen.datasets.loading import batches, folder, load
from keras_gen.datasets.sources import Source, bytes_domain
from keras_gen.datasets.splits import MissingSplitError
from keras_gen.datasets.sprite_images import SPRITE_FACTORS, sprite_factors, sprites
from keras_gen.datasets.toys import toy, toy_log_density

__all__ = [
    "SPRITE_FACTORS",
    "MissingSplitError",
    "Source",
    "augment",
    "batches",
    "bytes_domain",
    "folder",
    "hide_labels",
    "load",
    "pictures",
    "sprite_factors",
    "sprites",
    "toy",
    "toy_log_density",
]
