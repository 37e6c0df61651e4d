"""What watches a training."""

from keras_gen.callbacks.picture import PictureEveryEpoch
from keras_gen.callbacks.saved_model import KeepSaved

__all__ = ["KeepSaved", "PictureEveryEpoch"]
