"""Scores of codes whose value is known in closed form."""

import numpy as np
import pytest

from keras_gen.metrics import (
    factor_vae_score,
    mutual_information_gap,
    separated_attribute_predictability,
)

SIZES = (4, 3, 5)
GAPS = mutual_information_gap, separated_attribute_predictability
# All combinations, so that factors are exactly independent.
FACTORS = np.indices(SIZES).reshape(3, -1).T
PAIRS = np.indices((4, 4)).reshape(2, -1).T


@pytest.mark.parametrize("score", GAPS)
def test_codes_that_are_the_factors_score_one(score):
    result = score(3.0 - 2.0 * FACTORS[:, [2, 0, 1]], FACTORS)
    assert result.score == pytest.approx(1)
    np.testing.assert_allclose(result.of_each_factor, 1)
    np.testing.assert_array_equal(result.table.argmax(axis=0), [1, 2, 0])


@pytest.mark.parametrize("score", GAPS)
def test_a_turn_by_45_degrees_of_two_equal_factors_scores_zero(score):
    centred = PAIRS - PAIRS.mean(axis=0)
    turned = centred @ np.array([[1.0, 1.0], [1.0, -1.0]])
    result = score(turned, PAIRS)
    assert result.score == pytest.approx(0, abs=1e-12)
    assert result.table.min() > 0.1


@pytest.mark.parametrize("score", GAPS)
def test_duplicated_codes_score_zero(score):
    result = score(np.repeat(1.0 * FACTORS, 2, axis=1), FACTORS)
    assert result.score == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("score", GAPS)
def test_noise_scores_nearly_zero(score):
    generator = np.random.default_rng(0)
    factors = np.repeat(FACTORS, 100, axis=0)
    assert score(generator.normal(size=(6000, 6)), factors).score < 0.01


@pytest.mark.parametrize("score", GAPS)
def test_order_sign_and_scale_of_codes_do_not_matter(score):
    generator = np.random.default_rng(0)
    codes = FACTORS @ generator.normal(size=(3, 4)) + generator.normal(size=(60, 4))
    changed = 7.0 - 3.0 * codes[:, [2, 0, 3, 1]] * [1, -1, -1, 1]
    result, again = score(codes, FACTORS), score(changed, FACTORS)
    assert again.score == pytest.approx(result.score, abs=1e-12)
    np.testing.assert_allclose(again.table, result.table[[2, 0, 3, 1]], atol=1e-12)
    assert 0 < result.score < 1


def test_mutual_information_is_that_of_a_noisy_channel():
    # A bit that is passed on rightly in 9 of 10 cases, beside a code of noise.
    factor = np.repeat([0, 1], 100)
    code = np.where(np.arange(200) % 10 == 0, 1 - factor, factor)
    codes = np.stack([code, np.arange(200) % 2], axis=1).astype(float)
    result = mutual_information_gap(codes, factor[:, None], num_bins=2)
    entropy = -0.9 * np.log(0.9) - 0.1 * np.log(0.1)
    assert result.table[0, 0] == pytest.approx(np.log(2) - entropy)
    assert result.table[1, 0] == pytest.approx(0, abs=1e-12)
    assert result.score == pytest.approx(1 - entropy / np.log(2))


def test_squared_correlations_are_those_of_numpy():
    generator = np.random.default_rng(1)
    codes = FACTORS @ generator.normal(size=(3, 4)) + generator.normal(size=(60, 4))
    codes[:, 3] = 5.0
    result = separated_attribute_predictability(codes, FACTORS)
    expected = np.corrcoef(codes[:, :3].T, FACTORS.T)[:3, 3:] ** 2
    np.testing.assert_allclose(result.table, [*expected, [0, 0, 0]], atol=1e-12)
    ordered = np.sort(expected, axis=0)
    np.testing.assert_allclose(result.of_each_factor, ordered[-1] - ordered[-2])


def test_a_name_states_the_conventions():
    codes = 1.0 * FACTORS
    found = mutual_information_gap(codes, FACTORS, 7, "drawn codes").name
    assert found == "MIG[drawn codes, 3 factors, 7 bins, 60 examples]"
    found = separated_attribute_predictability(codes, FACTORS).name
    assert found == "SAP[mean codes, 3 factors, squared correlations, 60 examples]"
    found = factor_vae_score(lambda f: 1.0 * f, SIZES, 50, 10).name
    expected = "mean codes, 3 factors, 50 votes of 10, 3 of 3 codes"
    assert found == f"FactorVAE score[{expected}]"


def vote(codes_of, **options):
    return factor_vae_score(codes_of, SIZES, **{"num_votes": 300} | options)


def test_votes_for_codes_that_are_the_factors_are_all_right():
    result = vote(lambda factors: 5.0 - 2.0 * factors[:, [2, 0, 1]])
    assert result.score == 1
    np.testing.assert_array_equal(result.of_each_factor, 1)
    np.testing.assert_array_equal(result.table > 0, np.eye(3)[[2, 0, 1]])
    assert result.table.sum() == 300


def test_votes_for_noise_are_right_by_chance():
    generator = np.random.default_rng(0)
    result = vote(lambda factors: generator.normal(size=(len(factors), 4)))
    # One third, within four standard errors.
    assert result.score == pytest.approx(1 / 3, abs=4 * np.sqrt(2 / 9 / 300))


def test_votes_do_not_depend_on_order_sign_and_scale_of_codes():
    mixing = np.random.default_rng(0).normal(size=(3, 4))

    def mixed(factors):
        return factors @ mixing

    def changed(factors):
        return mixed(factors)[:, [2, 0, 3, 1]] * [2.0, -1.0, 5.0, -3.0]

    result, again = vote(mixed), vote(changed)
    assert again.score == result.score
    np.testing.assert_array_equal(again.table, result.table[[2, 0, 3, 1]])
    assert 1 / 3 < result.score < 1


def test_codes_that_carry_nothing_do_not_vote():
    def codes_of(factors):
        still = 1e-3 * np.sin(np.arange(len(factors)))
        return np.stack([still, *factors.T, np.zeros(len(factors))], axis=1)

    result = vote(codes_of)
    assert result.score == 1
    assert result.name.endswith("3 of 5 codes]")
    assert not result.table[[0, 4]].any()
    with pytest.raises(ValueError, match=r"`codes_of` must give a code whose scale"):
        vote(lambda factors: np.zeros((len(factors), 2)))


@pytest.mark.parametrize("score", GAPS)
@pytest.mark.parametrize(
    ("codes", "factors", "message"),
    [
        (FACTORS[:, :1], FACTORS, r"`codes` must have at least 2 columns.*\(60, 1\)"),
        (FACTORS[:50], FACTORS, r"`factors` must have shape \(50, num_factors\)"),
        (FACTORS, FACTORS[:, 0], r"`factors` must have shape .*\(60,\)"),
        (FACTORS, 0 * FACTORS, "`factors` must each have several values.*column 0"),
        (FACTORS * np.nan, FACTORS, "`codes` must be finite"),
        (FACTORS, FACTORS * np.nan, "`factors` must be finite"),
    ],
)
def test_bad_arrays_are_refused(score, codes, factors, message):
    with pytest.raises(ValueError, match=message):
        score(codes, factors)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"factor_sizes": []}, "`factor_sizes` must hold a factor"),
        ({"factor_sizes": [3, 1]}, "`factor_sizes` must be an integer of at least 2"),
        ({"num_votes": 0}, "`num_votes` must be an integer of at least 1"),
        ({"group_size": 1}, "`group_size` must be an integer of at least 2"),
        ({"seed": -1}, "`seed` must be an integer"),
        ({"codes_of": lambda f: f[:3]}, "`codes_of` must give a row for each"),
        ({"codes_of": lambda f: f[:, 0]}, "`codes_of` must have shape"),
    ],
)
def test_bad_votes_are_refused(options, message):
    arguments = {"codes_of": lambda f: 1.0 * f, "factor_sizes": SIZES, "num_votes": 5}
    with pytest.raises(ValueError, match=message):
        factor_vae_score(**arguments | options)


def test_a_single_bin_is_refused():
    with pytest.raises(ValueError, match="`num_bins` must be an integer of at least 2"):
        mutual_information_gap(FACTORS, FACTORS, num_bins=1)
