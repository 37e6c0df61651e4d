"""Functions that return `tf.data.Dataset`s of examples."""

from keras_gen.datasets.augmentation import augment, transpose
from keras_gen.datasets.folders import photographs, pictures
from keras_gen.datasets.hidden_labels import hide_labels
from keras_gen.datasets.loading import batches, folder, load, source
from keras_gen.datasets.pairs import paired, unpaired
from keras_gen.datasets.sequences import alphabet
from keras_gen.datasets.sources import Source, bytes_domain
from keras_gen.datasets.splits import MissingSetError, MissingSplitError
from keras_gen.datasets.sprite_images import SPRITE_FACTORS, sprite_factors, sprites
from keras_gen.datasets.textures import textured
from keras_gen.datasets.toys import toy, toy_log_density
from keras_gen.datasets.two_domains import adaptation

__all__ = [
    "SPRITE_FACTORS",
    "MissingSetError",
    "MissingSplitError",
    "Source",
    "adaptation",
    "alphabet",
    "augment",
    "batches",
    "bytes_domain",
    "folder",
    "hide_labels",
    "load",
    "paired",
    "photographs",
    "pictures",
    "source",
    "sprite_factors",
    "sprites",
    "textured",
    "toy",
    "toy_log_density",
    "transpose",
    "unpaired",
]
