import numpy as np

from keras_gen.compression import Decisions, Grid

GRID = Grid(-4.0, 4.0, step=0.5, fallback=0.25)


def values(num=200, size=40):
    return np.random.default_rng(0).normal(0.0, 2.5, (num, size))


def test_two_computations_within_the_tolerance_are_rounded_alike():
    found = values()
    shifts = GRID.safe_shifts(found, 1e-3)
    assert (shifts < GRID.num_shifts).all()
    assert len(np.unique(shifts)) > 2
    other = found + np.random.default_rng(1).uniform(-1e-3, 1e-3, found.shape)
    steps = GRID.steps(found, shifts)
    np.testing.assert_array_equal(GRID.steps(other, shifts), steps)
    # One grid for all would not do.
    first = np.zeros_like(shifts)
    assert (GRID.steps(found, first) != GRID.steps(other, first)).any()


def test_rounding_moves_a_value_by_half_a_step_at_most():
    found = values()
    rounded = GRID.round(found, GRID.safe_shifts(found, 1e-3))
    errors = np.abs(rounded - found.clip(-4.0, 4.0))
    assert 0.2 < errors.max() <= 0.25 + 1e-12


def test_without_a_safe_grid_all_values_are_rounded_to_one():
    crowd = np.linspace(-4.0, 4.0, 4000)[None]
    shifts = GRID.safe_shifts(crowd, 1e-3)
    np.testing.assert_array_equal(shifts, [GRID.num_shifts])
    np.testing.assert_array_equal(GRID.round(crowd, shifts), np.full((1, 4000), 0.25))


def test_values_beyond_the_bounds_lie_in_the_last_steps():
    beyond = np.array([[-np.inf, -4.1, -4.0, 4.0, 4.1, np.inf]])
    for shift in range(GRID.num_shifts):
        steps = GRID.steps(beyond, [shift])[0]
        assert len(set(steps[:3])) == len(set(steps[3:])) == 1


def test_a_warped_grid_has_longer_steps_where_decisions_are_certain():
    grid = Decisions(2).grid
    steps = np.diff(grid.centres[8, 1:-1])
    middle = len(steps) // 2
    assert steps.argmin() in range(middle - 2, middle + 3)
    assert steps[1] > 3 * steps[middle]
