"""What TFP lacks, and how a network's outputs become a distribution of images."""

from keras_gen.distributions.bernoulli_image import BernoulliImage
from keras_gen.distributions.discretized_logistic import DiscretizedLogistic
from keras_gen.distributions.divergence import kl_divergence
from keras_gen.distributions.pixels import (
    BernoulliPixels,
    DiscretizedLogisticPixels,
    GaussianPixels,
    LearnedGaussianPixels,
    PixelDistribution,
)
from keras_gen.distributions.sites import (
    BernoulliSites,
    CategoricalSites,
    SiteDistribution,
)

__all__ = [
    "BernoulliImage",
    "BernoulliPixels",
    "BernoulliSites",
    "CategoricalSites",
    "DiscretizedLogistic",
    "DiscretizedLogisticPixels",
    "GaussianPixels",
    "LearnedGaussianPixels",
    "PixelDistribution",
    "SiteDistribution",
    "kl_divergence",
]
