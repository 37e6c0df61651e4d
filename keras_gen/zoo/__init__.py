"""The pretrained models: list, load, train, evaluate, sample.

`names()` and `info()` answer without importing TensorFlow.
"""

from keras_gen.lazy import lazy_names
from keras_gen.zoo.catalog import info, names

__all__ = [
    "QUICK",
    "Protocol",
    "evaluate",
    "extractor",
    "info",
    "load",
    "mirrored",
    "multiworker",
    "names",
    "read_shards",
    "sample_shards",
    "train",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Protocol": "evaluation",
        "QUICK": "evaluation",
        "evaluate": "evaluation",
        "extractor": "extraction",
        "load": "loading",
        "mirrored": "strategies",
        "multiworker": "strategies",
        "read_shards": "shards",
        "sample_shards": "sharding",
        "train": "training",
    },
)
