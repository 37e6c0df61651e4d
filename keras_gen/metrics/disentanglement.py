"""Whether each code of examples is one of their factors of variation.

Published numbers differ by what the codes are, which factors count and how codes are
cut into bins. So the name of a result states these.
"""

from typing import NamedTuple

import numpy as np

from keras_gen.arguments import check_count, shown
from keras_gen.metrics.checks import check_features, check_numbers
from keras_gen.random import Rows, check_seed

# The examples from which the scale of each code is estimated.
_FOR_SCALES = 5000
_AT_ONCE = 4096


class Disentanglement(NamedTuple):
    """A score of codes by the factors of their examples.

    Attributes:
        name: String, the score and its conventions, for instance "MIG[mean codes, 5
            factors, 20 bins, 10000 examples]".
        score: Float, the mean over factors, or over the votes of the FactorVAE score.
        of_each_factor: Float64 array of shape `(num_factors,)`; NaN for a factor that
            no vote is about.
        table: Float64 array of shape `(num_codes, num_factors)`, of which the score is
            made: mutual information in nats, squared correlations, or votes.
    """

    name: str
    score: float
    of_each_factor: np.ndarray
    table: np.ndarray


def mutual_information_gap(
    codes, factors, num_bins=20, described="mean codes"
) -> Disentanglement:
    """MIG: does one code tell each factor, and no other code?

    For each factor, the mutual information with the second best code is subtracted from
    that with the best one, and the difference is divided by the entropy of the factor.

    NOTE: The paper integrates over the posterior of the codes. Here each code is cut
    into bins of equal width from its least to its greatest value. Mutual information of
    few examples with many bins is too large.

    Args:
        codes: Array of shape `(num, num_codes)`, such as `model.encode(x)`.
        factors: Array of shape `(num, num_factors)`, the factors of the same examples,
            each with few values.
        num_bins: Integer of at least 2.
        described: String for the name of the result, what the codes and factors are.

    Returns:
        `Disentanglement`, a score from 0 to 1. Its table is the mutual information.

    Raises:
        ValueError: If an argument is wrong, there are fewer than two codes, or a factor
            has a single value.

    Reference:
        Chen et al., "Isolating Sources of Disentanglement in Variational Autoencoders",
        2018, arXiv:1802.04942, section 4.

    Example:
    >>> import numpy as np
    >>> from keras_gen.metrics import mutual_information_gap
    >>> factors = np.indices((4, 3)).reshape(2, -1).T
    >>> result = mutual_information_gap(factors.astype(float), factors)
    >>> result.name, round(result.score, 6)
    ('MIG[mean codes, 2 factors, 20 bins, 12 examples]', 1.0)
    """
    codes, factors = _checked(codes, factors)
    check_count(num_bins, "num_bins", 2)
    bins = [_binned(code, num_bins) for code in codes.T]
    values = [np.unique(factor, return_inverse=True)[1] for factor in factors.T]
    table = np.array([[_information(a, b) for b in values] for a in bins])
    entropies = np.array([_information(b, b) for b in values])
    conventions = f"{num_bins} bins"
    return _of_gaps("MIG", described, conventions, table, table / entropies, len(codes))


def separated_attribute_predictability(
    codes, factors, described="mean codes"
) -> Disentanglement:
    """SAP: does a linear function of one code predict each factor, and no other code?

    For each factor, the squared correlation with the second best code is subtracted
    from that with the best one.

    NOTE: This is the score of ordered factors. Leave out those whose values have no
    order, such as the shape of a sprite, for which the paper has classifiers.

    Args:
        codes: Array of shape `(num, num_codes)`, such as `model.encode(x)`.
        factors: Array of shape `(num, num_factors)`, the factors of the same examples.
        described: String for the name of the result, what the codes and factors are.

    Returns:
        `Disentanglement`, a score from 0 to 1. Its table is the squared correlations.

    Raises:
        ValueError: If an argument is wrong, there are fewer than two codes, or a factor
            has a single value.

    Reference:
        Kumar, Sattigeri and Balakrishnan, "Variational Inference of Disentangled Latent
        Concepts from Unlabeled Observations", 2018, arXiv:1711.00848, section 3.

    Example:
    >>> import numpy as np
    >>> from keras_gen.metrics import separated_attribute_predictability
    >>> factors = np.indices((4, 3)).reshape(2, -1).T
    >>> round(separated_attribute_predictability(1.0 - factors, factors).score, 6)
    1.0
    """
    codes, factors = _checked(codes, factors)
    codes, factors = (values - values.mean(axis=0) for values in (codes, factors))
    scales = np.outer((codes**2).sum(axis=0), (factors**2).sum(axis=0))
    # A code that does not vary predicts nothing.
    table = (codes.T @ factors) ** 2 / np.where(scales > 0, scales, np.inf)
    conventions = "squared correlations"
    return _of_gaps("SAP", described, conventions, table, table, len(codes))


def factor_vae_score(
    codes_of,
    factor_sizes,
    num_votes=800,
    group_size=64,
    least_scale=0.05,
    seed=0,
    described="mean codes",
) -> Disentanglement:
    """FactorVAE score: does the code that varies least tell which factor is fixed?

    A vote is a group of examples that have one factor in common, with the others drawn
    at random. Its code is the one with the least variance, in units of the scale of
    this code over all examples. Each code is then assigned the factor of most of its
    votes. The score is the share of as many new votes that are assigned their factor.

    Args:
        codes_of: Function from factors, an int32 array of shape `(num, num_factors)`,
            to codes, an array of shape `(num, num_codes)`, such as `lambda factors:
            model.encode(datasets.sprites(factors))`.
        factor_sizes: Sequence of integers of at least 2, the numbers of values of the
            factors, such as `datasets.SPRITE_FACTORS.values()`.
        num_votes: Integer of at least 1, the votes that assign factors.
        group_size: Integer of at least 2, the examples of a vote.
        least_scale: Float of at least 0. Codes whose standard deviation is not above it
            do not vote: they carry nothing.
        seed: Integer in [0, 2**31), of the examples.
        described: String for the name of the result, what the codes and factors are.

    Returns:
        `Disentanglement`, a score from 0 to 1; chance is one over the number of
        factors. Its table is the votes that assign factors.

    Raises:
        ValueError: If an argument is wrong, or no code varies.

    Reference:
        Kim and Mnih, "Disentangling by Factorising", 2018, arXiv:1802.05983, section 4.

    Example:
    >>> from keras_gen.metrics import factor_vae_score
    >>> factor_vae_score(lambda factors: 2.0 * factors[:, ::-1], [4, 3, 5]).score
    1.0
    """
    sizes = list(factor_sizes)
    if not sizes:
        raise ValueError("`factor_sizes` must hold a factor. Received: []")
    for size in sizes:
        check_count(size, "factor_sizes", 2)
    check_count(num_votes, "num_votes", 1)
    check_count(group_size, "group_size", 2)
    seed = check_seed(seed)
    uniform = Rows(_FOR_SCALES, seed).uniform((len(sizes),), "all")
    scales = _coded(codes_of, _of_uniform(uniform, sizes)).std(axis=0)
    active = np.flatnonzero(scales > least_scale)
    if not active.size:
        raise ValueError(
            f"`codes_of` must give a code whose scale is above {least_scale}. Received "
            f"scales: {shown(scales.tolist())}"
        )
    rows = Rows(2 * num_votes, seed)
    groups = _of_uniform(rows.uniform((group_size, len(sizes)), "groups"), sizes)
    kept = _of_uniform(rows.uniform((1,), "kept"), [len(sizes)])[:, 0]
    for group, factor in zip(groups, kept, strict=True):
        group[:, factor] = group[0, factor]
    codes = _coded(codes_of, groups.reshape(-1, len(sizes)))
    variances = codes.reshape(2 * num_votes, group_size, -1).var(axis=1)
    voted = active[(variances[:, active] / scales[active] ** 2).argmin(axis=1)]
    table = np.zeros((len(scales), len(sizes)))
    np.add.at(table, (voted[:num_votes], kept[:num_votes]), 1)
    is_right = table.argmax(axis=1)[voted[num_votes:]] == kept[num_votes:]
    counts = np.bincount(kept[num_votes:], minlength=len(sizes))
    right = np.bincount(kept[num_votes:], is_right, minlength=len(sizes))
    name = (
        f"FactorVAE score[{described}, {len(sizes)} factors, {num_votes} votes of "
        f"{group_size}, {active.size} of {len(scales)} codes]"
    )
    shares = np.divide(right, counts, np.full(len(sizes), np.nan), where=counts > 0)
    return Disentanglement(name, float(is_right.mean()), shares, table)


def _of_gaps(kind, described, conventions, table, shares, num):
    """A result from the gaps between the best and the second best code."""
    ordered = np.sort(shares, axis=0)
    gaps = ordered[-1] - ordered[-2]
    name = f"{kind}[{described}, {len(gaps)} factors, {conventions}, {num} examples]"
    return Disentanglement(name, float(gaps.mean()), gaps, table)


def _binned(code, num_bins):
    """The bins of the values of a code, integers from 0 to `num_bins - 1`."""
    edges = np.linspace(code.min(), code.max(), num_bins + 1)[1:-1]
    return np.searchsorted(edges, code, side="right")


def _information(a, b):
    """The mutual information of two arrays of whole numbers from 0, in nats."""
    joint = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(joint, (a, b), 1 / len(a))
    product = np.outer(joint.sum(axis=1), joint.sum(axis=0))
    there = joint > 0
    return float((joint[there] * np.log(joint[there] / product[there])).sum())


def _of_uniform(uniform, sizes):
    """Factors from uniform numbers in [0, 1)."""
    return np.floor(np.array(uniform, np.float64) * sizes).astype(np.int32)


def _coded(codes_of, factors):
    """The codes of factors, a float64 array."""
    parts = [
        check_features(codes_of(factors[first : first + _AT_ONCE]), "codes_of")
        for first in range(0, len(factors), _AT_ONCE)
    ]
    codes = np.concatenate(parts).astype(np.float64)
    if len(codes) != len(factors):
        raise ValueError(
            f"`codes_of` must give a row for each of {len(factors)} examples. "
            f"Received: {len(codes)}"
        )
    return codes


def _checked(codes, factors):
    codes = check_features(codes, "codes", least=2).astype(np.float64)
    factors = check_numbers(factors, "factors").astype(np.float64)
    if factors.shape[:1] != codes.shape[:1] or factors.ndim != 2:
        raise ValueError(
            f"`factors` must have shape ({len(codes)}, num_factors), a row for each of "
            f"`codes`. Received shape: {factors.shape}"
        )
    if codes.shape[1] < 2:
        raise ValueError(
            "`codes` must have at least 2 columns, as a gap has two ends. Received "
            f"shape: {codes.shape}"
        )
    alone = np.flatnonzero(np.ptp(factors, axis=0) == 0)
    if alone.size:
        raise ValueError(
            f"`factors` must each have several values. Received a single one in column "
            f"{alone[0]}."
        )
    return codes, factors
