"""The abstract classes, on which all models are built."""

from keras_gen.models.base.abilities import (
    Autoencoding,
    Classifier,
    Classifying,
    Decoding,
    ExactLikelihood,
    PairDecoding,
    Translation,
    TwoWayTranslation,
)
from keras_gen.models.base.adversarial_model import AdversarialModel
from keras_gen.models.base.autoregressive_model import AutoregressiveModel
from keras_gen.models.base.batch import Batch
from keras_gen.models.base.compressing import Compressing
from keras_gen.models.base.decoders import check_likelihood, check_parameters
from keras_gen.models.base.encoder_decoder import EncoderDecoder
from keras_gen.models.base.expectation_maximization import ExpectationMaximization
from keras_gen.models.base.flow_model import FlowModel
from keras_gen.models.base.generative_model import GenerativeModel
from keras_gen.models.base.importance_weighting import (
    ImportanceWeighting,
    LogLikelihood,
)
from keras_gen.models.base.imputing import Imputing
from keras_gen.models.base.keras_seams import layers_of
from keras_gen.models.base.latent_variable_model import LatentVariableModel
from keras_gen.models.base.marks import ONE_BY_DEFAULT, Mark, marked, marks_of
from keras_gen.models.base.mixture_model import MixtureModel
from keras_gen.models.base.output_range import check_reaches
from keras_gen.models.base.past_fakes import PastFakes
from keras_gen.models.base.phases import Phase, PhaseOptimizers
from keras_gen.models.base.priors import check_prior, log_prob_of_draws
from keras_gen.models.base.replicas import (
    assign_everywhere,
    num_replicas,
    whole_batch,
)
from keras_gen.models.base.sampling import Noise, Sampler
from keras_gen.models.base.schedules import at_step, check_number, is_schedule
from keras_gen.models.base.scoring import Scoring, threshold_of
from keras_gen.models.base.site_sampling import Site
from keras_gen.models.base.super_resolution_model import (
    SuperResolutionModel,
    mean_psnr,
)
from keras_gen.models.base.temperature import Tempered
from keras_gen.models.base.variational_model import VariationalModel

__all__ = [
    "ONE_BY_DEFAULT",
    "AdversarialModel",
    "Autoencoding",
    "AutoregressiveModel",
    "Batch",
    "Classifier",
    "Classifying",
    "Compressing",
    "Decoding",
    "EncoderDecoder",
    "ExactLikelihood",
    "ExpectationMaximization",
    "FlowModel",
    "GenerativeModel",
    "ImportanceWeighting",
    "Imputing",
    "LatentVariableModel",
    "LogLikelihood",
    "Mark",
    "MixtureModel",
    "Noise",
    "PairDecoding",
    "PastFakes",
    "Phase",
    "PhaseOptimizers",
    "Sampler",
    "Scoring",
    "Site",
    "SuperResolutionModel",
    "Tempered",
    "Translation",
    "TwoWayTranslation",
    "VariationalModel",
    "assign_everywhere",
    "at_step",
    "check_likelihood",
    "check_number",
    "check_parameters",
    "check_prior",
    "check_reaches",
    "is_schedule",
    "layers_of",
    "log_prob_of_draws",
    "marked",
    "marks_of",
    "mean_psnr",
    "num_replicas",
    "threshold_of",
    "whole_batch",
]
