import keras
import numpy as np
import pytest

from keras_gen.distributions import MixturePrior, NormalPrior, RingPrior
from keras_gen.random import Rows


def drawn(prior, num=4000):
    return prior.from_noise(prior.noise(Rows(num, 0), "latents")).numpy()


def test_normal_latents_have_unit_covariance():
    latents = drawn(NormalPrior(3))
    np.testing.assert_allclose(latents.mean(axis=0), 0.0, atol=0.07)
    np.testing.assert_allclose(np.cov(latents.T), np.eye(3), atol=0.1)


def test_a_mixture_has_its_means_equally_often():
    means = [[-3.0, 0.0], [3.0, 0.0], [0.0, 3.0]]
    latents = drawn(MixturePrior(means, scale=0.2))
    distances = np.linalg.norm(latents[:, None] - np.array(means), axis=-1)
    nearest = distances.argmin(axis=1)
    # Four standard errors.
    np.testing.assert_allclose(np.bincount(nearest) / 4000, 1 / 3, atol=0.03)
    for index, mean in enumerate(means):
        part = latents[nearest == index]
        np.testing.assert_allclose(part.mean(axis=0), mean, atol=0.03)
        np.testing.assert_allclose(part.std(axis=0), 0.2, atol=0.02)


def test_a_ring_has_its_radius_and_no_direction():
    latents = drawn(RingPrior(radius=2.0, scale=0.1))
    radius = np.linalg.norm(latents, axis=1)
    assert radius.mean() == pytest.approx(2.0, abs=0.01)
    assert radius.std() == pytest.approx(0.1, abs=0.01)
    turn = np.arctan2(latents[:, 1], latents[:, 0]) / (2 * np.pi) + 0.5
    gap = np.abs(np.sort(turn) - (np.arange(4000) + 0.5) / 4000).max()
    # Kolmogorov's statistic stays below this with probability 0.999.
    assert gap < 1.95 / np.sqrt(4000)


@pytest.mark.parametrize(
    "prior", [NormalPrior(3), MixturePrior([[1.0], [2.0]], 0.5), RingPrior(1.0, 0.2)]
)
def test_a_prior_is_its_config(prior):
    saved = keras.saving.serialize_keras_object(prior)
    again = keras.saving.deserialize_keras_object(saved)
    assert again.latent_dim == prior.latent_dim
    np.testing.assert_array_equal(drawn(again, 5), drawn(prior, 5))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: NormalPrior(0), "`latent_dim` must be an integer of at least 1.*0"),
        (lambda: MixturePrior([1.0, 2.0]), r"`means` must be finite.*\[1.0, 2.0\]"),
        (lambda: MixturePrior([[np.nan]]), "`means` must be finite.*nan"),
        (lambda: MixturePrior([[1.0]], 0.0), "`scale` must be positive.*0.0"),
        (lambda: RingPrior(scale="wide"), "`scale` must be a finite number.*wide"),
        (lambda: RingPrior(radius=-1.0), "`radius` must be positive.*-1.0"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
