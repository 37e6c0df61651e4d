import numpy as np
import pytest

from keras_gen.metrics import principal_components
from keras_gen.random import Rows


@pytest.fixture
def points():
    scales = np.array([3.0, 2.0, 1.0, 0.5])
    rotation = np.linalg.qr(Rows(4, 1).normal((4,), "rotation"))[0]
    return np.array(Rows(300, 0).normal((4,), "points")) * scales @ rotation + 7.0


def test_the_squared_error_is_the_sum_of_the_discarded_variances(points):
    whole = principal_components(points, 4)
    total = np.square(points - points.mean(axis=0)).sum(axis=1).mean()
    assert whole.variances.sum() == pytest.approx(total)
    for num in (1, 2, 3):
        found = principal_components(points, num)
        rebuilt = found.decode(found.encode(points))
        error = np.square(rebuilt - points).sum(axis=1).mean()
        assert error == pytest.approx(whole.variances[num:].sum())
        np.testing.assert_allclose(found.axes @ found.axes.T, np.eye(num), atol=1e-12)


def test_codes_are_uncorrelated_and_the_largest_variance_is_first(points):
    found = principal_components(points, 4)
    covariance = np.cov(found.encode(points).T, bias=True)
    np.testing.assert_allclose(covariance, np.diag(found.variances), atol=1e-10)
    assert np.all(np.diff(found.variances) < 0)


def test_axes_have_a_sign_of_their_own(points):
    found, mirrored = (principal_components(p, 3) for p in (points, -points))
    np.testing.assert_allclose(found.axes, mirrored.axes, atol=1e-10)


def test_wrong_arguments_are_refused(points):
    for num in (0, 1.5):
        with pytest.raises(ValueError, match="`num_components` must be an integer"):
            principal_components(points, num)
    with pytest.raises(ValueError, match="`num_components` must be at most 4.*5"):
        principal_components(points, 5)
    with pytest.raises(ValueError, match="`features` must have shape"):
        principal_components(points[0], 1)
