"""Paths and directions in latent space."""

import numpy as np
import pytest

from keras_gen.latents import attribute_vector, linear_path, spherical_path


def latents(num=4, size=5, seed=0):
    return np.random.default_rng(seed).normal(size=(num, size)).astype("f4")


def test_a_linear_path_has_equal_steps():
    start, end = latents(seed=0), latents(seed=1)
    path = linear_path(start, end, 6)
    assert path.shape == (4, 6, 5)
    steps = np.diff(path, axis=1)
    np.testing.assert_allclose(steps, np.tile(steps[:, :1], (1, 5, 1)), atol=1e-6)
    np.testing.assert_array_equal(path[:, 0], start)


def test_a_spherical_path_turns_by_equal_angles_and_lengths():
    start, end = latents(seed=0), latents(seed=1)
    path = spherical_path(start, end, 7)
    np.testing.assert_allclose(path[:, 0], start, atol=1e-6)
    np.testing.assert_allclose(path[:, -1], end, atol=1e-6)
    length = np.linalg.norm(path, axis=-1)
    np.testing.assert_allclose(np.diff(length, 2), 0, atol=1e-5)
    units = path / length[..., None]
    cosine = (units[:, 1:] * units[:, :-1]).sum(axis=-1)
    np.testing.assert_allclose(cosine, cosine[:, :1] * np.ones(6), atol=1e-5)
    plane = np.stack([start, end], axis=1)
    for points, pair in zip(path, plane, strict=True):
        assert np.linalg.matrix_rank(np.concatenate([points, pair]), tol=1e-4) == 2


def test_a_spherical_path_keeps_normal_latents_likely():
    start, end = latents(8, 500, seed=0), latents(8, 500, seed=1)
    middle = np.linalg.norm(spherical_path(start, end, 3)[:, 1], axis=1)
    short = np.linalg.norm(linear_path(start, end, 3)[:, 1], axis=1)
    np.testing.assert_allclose(middle / np.sqrt(500), 1, atol=0.1)
    np.testing.assert_allclose(short / np.sqrt(500), np.sqrt(0.5), atol=0.1)


def test_nearly_equal_and_equal_ends_are_exact():
    start = latents()
    for end in (start, start * (1 + 1e-6), start * 2):
        path = spherical_path(start, end, 3)
        np.testing.assert_allclose(path[:, 1], (start + end) / 2, rtol=1e-5)


def test_an_attribute_vector_moves_one_mean_to_the_other():
    points = latents(10)
    has = np.arange(10) < 4
    direction = attribute_vector(points, has)
    np.testing.assert_allclose(
        points[~has].mean(axis=0) + direction, points[has].mean(axis=0), atol=1e-6
    )


def unbalanced(num_of):
    """An attribute and two groups, as often as stated: `num_of[group][attribute]`."""
    cells = [(g, a) for g in (0, 1) for a in (0, 1) for _ in range(num_of[g][a])]
    group, has = np.array(cells).T
    return has == 1, group


@pytest.mark.parametrize("num_of", [[[5, 1], [2, 7]], [[9, 1], [0, 4]]])
def test_an_attribute_is_told_from_one_that_occurs_with_it(num_of):
    has, group = unbalanced(num_of)
    true, other = latents(2, seed=1)
    points = 3.0 + has[:, None] * true + group[:, None] * other
    np.testing.assert_allclose(attribute_vector(points, has, group), true, atol=1e-6)
    # The difference of means has the other attribute too, as often as it occurs more.
    more = group[has].mean() - group[~has].mean()
    plain = attribute_vector(points, has)
    np.testing.assert_allclose(plain, true + more * other, atol=1e-6)
    assert more > 0.3


def test_a_vector_within_groups_is_the_coefficient_of_least_squares():
    has, group = unbalanced([[4, 2], [3, 5]])
    points = latents(len(has), seed=2)
    columns = np.stack([has, group == 0, group == 1], axis=1).astype(float)
    expected = np.linalg.lstsq(columns, points, rcond=None)[0][0]
    found = attribute_vector(points, has, groups=5 - 3 * group)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    one = attribute_vector(points, has, np.zeros(len(has), int))
    np.testing.assert_allclose(one, attribute_vector(points, has), atol=1e-6)


def test_the_vector_of_a_random_split_shrinks_with_the_root_of_its_size():
    size = {}
    for num in (100, 10_000):
        points = latents(num, 50, seed=3)
        has = np.random.default_rng(4).permutation(num) < num // 2
        size[num] = np.linalg.norm(attribute_vector(points, has))
    # Variance 2 / (num / 2) in each of 50 dimensions.
    assert size[100] == pytest.approx(np.sqrt(50 * 4 / 100), rel=0.3)
    assert size[100] / size[10_000] == pytest.approx(10, rel=0.4)


def test_bad_latents_are_refused():
    start = latents()
    for path in (linear_path, spherical_path):
        with pytest.raises(ValueError, match="must have one shape"):
            path(start, start[:2], 5)
        with pytest.raises(ValueError, match="`num_steps`"):
            path(start, start, 1)
    with pytest.raises(ValueError, match="no direction"):
        spherical_path(start, start * 0, 5)
    with pytest.raises(ValueError, match="Opposite"):
        spherical_path(start, -start, 5)
    with pytest.raises(ValueError, match="boolean"):
        attribute_vector(start, [0, 1, 0, 1])
    with pytest.raises(ValueError, match="4 of 4 true"):
        attribute_vector(start, np.ones(4, bool))
    has = np.array([True, True, False, False])
    with pytest.raises(ValueError, match=r"`groups` must be integers.*float64"):
        attribute_vector(start, has, [0.5, 0.5, 0.0, 0.0])
    with pytest.raises(ValueError, match=r"`groups` must be integers.*\(3,\)"):
        attribute_vector(start, has, [0, 1, 2])
    with pytest.raises(ValueError, match="`groups`.*2 groups without"):
        attribute_vector(start, has, [0, 0, 1, 1])
