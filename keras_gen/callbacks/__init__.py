"""Callbacks: checkpoints, warnings and measures during a training."""

from keras_gen.callbacks.checkpoints import Checkpoints, check_interval
from keras_gen.callbacks.discriminator_collapse import DiscriminatorCollapse, is_watched
from keras_gen.callbacks.divergence import StopAtDivergence, WarnOfDivergence
from keras_gen.callbacks.measure import MeasureEvery
from keras_gen.callbacks.mode_collapse import ModeCollapse
from keras_gen.callbacks.picture import PictureEveryEpoch
from keras_gen.callbacks.saved_model import KeepSaved
from keras_gen.callbacks.training_state import remembers

__all__ = [
    "Checkpoints",
    "DiscriminatorCollapse",
    "KeepSaved",
    "MeasureEvery",
    "ModeCollapse",
    "PictureEveryEpoch",
    "StopAtDivergence",
    "WarnOfDivergence",
    "check_interval",
    "is_watched",
    "remembers",
]
