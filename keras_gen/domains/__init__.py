"""What the data of a model are: images, symbols, sound, vectors, labels.

A domain describes one example, without the batch. It checks data, draws examples for
tests, and turns examples into bytes and files and back. Models, exports, measures and
the command line read domains, and know nothing else about the kind of data.
"""

from keras_gen.domains.any_size_images import AnySizeImages
from keras_gen.domains.choice import for_network, of_shape
from keras_gen.domains.counts import Counts
from keras_gen.domains.domain import Domain
from keras_gen.domains.file_bytes import Bytes
from keras_gen.domains.images import Images
from keras_gen.domains.labels import Labels
from keras_gen.domains.melodies import Melodies
from keras_gen.domains.scalars import Scalars
from keras_gen.domains.symbols import Symbols
from keras_gen.domains.text import Text
from keras_gen.domains.vectors import Vectors
from keras_gen.domains.waveforms import Waveforms

__all__ = [
    "AnySizeImages",
    "Bytes",
    "Counts",
    "Domain",
    "Images",
    "Labels",
    "Melodies",
    "Scalars",
    "Symbols",
    "Text",
    "Vectors",
    "Waveforms",
    "for_network",
    "of_shape",
]
