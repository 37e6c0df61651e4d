import keras
import numpy as np
import pytest

from keras_gen.schedules import PowerDecay, SigmoidRise

SHARES = np.linspace(0, 1, 11)


def values(schedule, steps):
    return [float(schedule(step)) for step in steps]


def test_the_rise_is_the_formula_of_the_paper_from_zero_to_nearly_one():
    found = values(SigmoidRise(8600), 8600 * SHARES)
    np.testing.assert_allclose(found, 2 / (1 + np.exp(-10 * SHARES)) - 1, atol=1e-6)
    assert found[0] == 0
    assert found[-1] == pytest.approx(0.99991, abs=1e-5)
    np.testing.assert_allclose(
        values(SigmoidRise(8600, highest=0.1, steepness=2.0), 8600 * SHARES),
        0.1 * (2 / (1 + np.exp(-2 * SHARES)) - 1),
        atol=1e-6,
    )


def test_the_decay_is_the_formula_of_the_paper():
    found = values(PowerDecay(0.01, 8600), 8600 * SHARES)
    np.testing.assert_allclose(found, 0.01 / (1 + 10 * SHARES) ** 0.75, rtol=1e-5)
    assert found[0] == pytest.approx(0.01)


@pytest.mark.parametrize("schedule", [SigmoidRise(50, 0.5, 3.0), PowerDecay(1e-3, 50)])
def test_a_schedule_ends_and_is_saved(schedule):
    assert float(schedule(51)) == float(schedule(50)) == float(schedule(5000))
    config = keras.saving.serialize_keras_object(schedule)
    again = keras.saving.deserialize_keras_object(config)
    assert values(again, range(60)) == values(schedule, range(60))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SigmoidRise(0), "`num_steps`.*0"),
        (lambda: SigmoidRise(5, highest="one"), "`highest`.*one"),
        (lambda: SigmoidRise(5, steepness=0), "`steepness` must be positive.*0"),
        (lambda: PowerDecay(np.nan, 5), "`first`.*nan"),
        (lambda: PowerDecay(0.1, 2.5), r"`num_steps`.*2\.5"),
        (lambda: PowerDecay(0.1, 5, factor=-1), "`factor` must be positive.*-1"),
        (lambda: PowerDecay(0.1, 5, power=0), "`power` must be positive.*0"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
