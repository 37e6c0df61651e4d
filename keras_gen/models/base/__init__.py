"""The abstract classes: all the framework there is."""

from keras_gen.models.base.generative_model import GenerativeModel
from keras_gen.models.base.latent_variable_model import (
    LatentVariableModel,
    LogLikelihood,
)
from keras_gen.models.base.reconstruction_model import ReconstructionModel
from keras_gen.models.base.sampling import Sampler

__all__ = [
    "GenerativeModel",
    "LatentVariableModel",
    "LogLikelihood",
    "ReconstructionModel",
    "Sampler",
]
