"""The pretrained models: list, load, train, evaluate, sample.

`names()` and `info()` do not import TensorFlow. Import public names from here only; the
folders below implement them.
"""

from keras_gen.lazy import lazy_names

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
        "Protocol": "evaluation.protocol",
        "QUICK": "evaluation.protocol",
        "evaluate": "evaluation.evaluate",
        "extractor": "evaluation.extraction",
        "info": "shelf.entry",
        "load": "shelf.loading",
        "mirrored": "training.strategies",
        "multiworker": "training.strategies",
        "names": "shelf.catalog",
        "read_shards": "shards.files",
        "sample_shards": "shards.drawing",
        "train": "training.train",
    },
)
