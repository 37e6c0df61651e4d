"""Measures of generated samples, as functions of arrays.

A distance compares two sets of features. You choose the extractor that computes them;
report its name with each distance, because distances in other features do not compare.
Functions take NumPy arrays and return floats or named tuples. Statistics are float64.
"""

from keras_gen.metrics.anomalies import auroc
from keras_gen.metrics.classes import (
    ClassHistogram,
    ClassScore,
    class_histogram,
    class_score,
)
from keras_gen.metrics.components import (
    PrincipalComponents,
    principal_components,
)
from keras_gen.metrics.disentanglement import (
    Disentanglement,
    factor_vae_score,
    mutual_information_gap,
    separated_attribute_predictability,
)
from keras_gen.metrics.extractors import FeatureExtractor, Features, inception_v3
from keras_gen.metrics.frechet import (
    FrechetStatistics,
    frechet_distance,
    frechet_distance_of_statistics,
)
from keras_gen.metrics.image_quality import luma, psnr, ssim
from keras_gen.metrics.kernel import (
    KernelDistance,
    full_kernel_distance,
    kernel_distance,
)
from keras_gen.metrics.likelihood import (
    ActiveUnits,
    ImportanceWeightedBound,
    active_units,
    bits_per_dimension,
    importance_weighted_bound,
)
from keras_gen.metrics.memorization import (
    RepeatedPhrases,
    memorization,
    repeated_phrases,
)
from keras_gen.metrics.neighbours import (
    DensityCoverage,
    NearestNeighbours,
    PrecisionRecall,
    density_coverage,
    nearest_neighbours,
    precision_recall,
    precision_recall_density_coverage,
)
from keras_gen.metrics.ngrams import ngram_log_probs
from keras_gen.metrics.sliced_wasserstein import (
    SlicedWasserstein,
    sliced_wasserstein_distance,
)

__all__ = [
    "ActiveUnits",
    "ClassHistogram",
    "ClassScore",
    "DensityCoverage",
    "Disentanglement",
    "FeatureExtractor",
    "Features",
    "FrechetStatistics",
    "ImportanceWeightedBound",
    "KernelDistance",
    "NearestNeighbours",
    "PrecisionRecall",
    "PrincipalComponents",
    "RepeatedPhrases",
    "SlicedWasserstein",
    "active_units",
    "auroc",
    "bits_per_dimension",
    "class_histogram",
    "class_score",
    "density_coverage",
    "factor_vae_score",
    "frechet_distance",
    "frechet_distance_of_statistics",
    "full_kernel_distance",
    "importance_weighted_bound",
    "inception_v3",
    "kernel_distance",
    "luma",
    "memorization",
    "mutual_information_gap",
    "nearest_neighbours",
    "ngram_log_probs",
    "precision_recall",
    "precision_recall_density_coverage",
    "principal_components",
    "psnr",
    "repeated_phrases",
    "separated_attribute_predictability",
    "sliced_wasserstein_distance",
    "ssim",
]
