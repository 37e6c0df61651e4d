"""Distributions: likelihoods of network outputs, covariances, densities."""

from keras_gen.distributions.bernoulli_image import BernoulliImage
from keras_gen.distributions.covariances import (
    Covariance,
    DiagonalCovariance,
    FactorCovariance,
    FullCovariance,
    TiedCovariance,
)
from keras_gen.distributions.discretized_logistic import DiscretizedLogistic
from keras_gen.distributions.divergence import kl_divergence
from keras_gen.distributions.likelihoods import (
    BernoulliLikelihood,
    CategoricalLikelihood,
    DiscretizedLogisticLikelihood,
    GaussianLikelihood,
    LearnedGaussianLikelihood,
    LevelLikelihood,
    Likelihood,
    MixableLikelihood,
)
from keras_gen.distributions.logistic_mixture import LogisticMixtureLikelihood
from keras_gen.distributions.most_probable import most_probable
from keras_gen.distributions.priors import (
    MixturePrior,
    NormalPrior,
    Prior,
    RingPrior,
)
from keras_gen.distributions.standard_normal import standard_normal_log_prob
from keras_gen.distributions.truncated_normal import truncated_normal
from keras_gen.distributions.values import draw, log_prob_of_known

__all__ = [
    "BernoulliImage",
    "BernoulliLikelihood",
    "CategoricalLikelihood",
    "Covariance",
    "DiagonalCovariance",
    "DiscretizedLogistic",
    "DiscretizedLogisticLikelihood",
    "FactorCovariance",
    "FullCovariance",
    "GaussianLikelihood",
    "LearnedGaussianLikelihood",
    "LevelLikelihood",
    "Likelihood",
    "LogisticMixtureLikelihood",
    "MixableLikelihood",
    "MixturePrior",
    "NormalPrior",
    "Prior",
    "RingPrior",
    "TiedCovariance",
    "draw",
    "kl_divergence",
    "log_prob_of_known",
    "most_probable",
    "standard_normal_log_prob",
    "truncated_normal",
]
