"""The abstract classes: all the framework there is."""

from keras_gen.models.base.adversarial_model import AdversarialModel
from keras_gen.models.base.alternating_model import AlternatingModel, Phase
from keras_gen.models.base.autoregressive_model import AutoregressiveModel, Site
from keras_gen.models.base.batch import Batch
from keras_gen.models.base.generative_model import GenerativeModel
from keras_gen.models.base.latent_variable_model import (
    LatentVariableModel,
    LogLikelihood,
)
from keras_gen.models.base.orderings import choose_ordering
from keras_gen.models.base.phase_optimizers import PhaseOptimizers
from keras_gen.models.base.pixel_window import slide_rows, slide_window
from keras_gen.models.base.reconstruction_model import ReconstructionModel
from keras_gen.models.base.replicas import num_replicas
from keras_gen.models.base.sampling import Sampler

__all__ = [
    "AdversarialModel",
    "AlternatingModel",
    "AutoregressiveModel",
    "Batch",
    "GenerativeModel",
    "LatentVariableModel",
    "LogLikelihood",
    "Phase",
    "PhaseOptimizers",
    "ReconstructionModel",
    "Sampler",
    "Site",
    "choose_ordering",
    "num_replicas",
    "slide_rows",
    "slide_window",
]
