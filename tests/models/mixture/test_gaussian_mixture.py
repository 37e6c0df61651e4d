import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import SamplerContract

from keras_gen.distributions import (
    DiagonalCovariance,
    FactorCovariance,
    FullCovariance,
    TiedCovariance,
)
from keras_gen.domains import Images, Symbols, Vectors
from keras_gen.models import GaussianMixture
from keras_gen.models.base import Batch
from keras_gen.models.mixture.k_means import k_means
from keras_gen.random import Rows

COVARIANCES = [
    DiagonalCovariance(),
    FactorCovariance(1),
    FullCovariance(),
    TiedCovariance(),
]
STARTS = [[0.0, 1.0], [1.0, 0.0], [-1.0, -1.0]]


class TestContract(SamplerContract):
    model_class = GaussianMixture

    def make(self, seed=0):
        return GaussianMixture(3, 2, seed=seed, name="tiny")

    def unsettle(self, model):
        model.adapt(self.x(60))


def data(num=60):
    """Three clusters with one correlated covariance."""
    centres = np.array([[2.0, 0.0], [-2.0, 1.0], [0.0, -3.0]])[np.arange(num) % 3]
    noise = np.array(Rows(num, 0).normal((2,), "data"))
    return (centres + noise @ [[1.0, 0.5], [0.0, 0.8]]).astype("float32")


def em(model, x, steps=1):
    """Steps of expectation maximization, as epochs of `fit()` are; the bounds."""
    found = []
    for _ in range(steps):
        bound, statistics = model.expect(tf.constant(x), model.parameters(), True)
        model.restart(statistics)
        found.append(float(tf.reduce_mean(bound)))
    return found


def started(covariance, weights=(0.5, 0.25, 0.25), means=STARTS, **options):
    """A mixture with components of variance 1 at given places."""
    means = np.array(means)
    model = GaussianMixture(len(means), 2, covariance, 1e-9, **options)
    ones = np.ones_like(means)
    model.restart(model.statistics_of(np.array(weights), means, ones))
    return model


def matrices(model):
    """The covariance matrices of the components, in standardized units."""
    _, means, *rest = [np.array(value, np.float64) for value in model.parameters()]
    if isinstance(model.covariance, DiagonalCovariance):
        return np.stack([np.diag(variances) for variances in rest[0]])
    if isinstance(model.covariance, FactorCovariance):
        rests = np.stack([np.diag(variances) for variances in rest[1]])
        return rest[0] @ rest[0].transpose(0, 2, 1) + rests
    found = rest[0] @ np.swapaxes(rest[0], -1, -2)
    return np.broadcast_to(found, (len(means), *found.shape[-2:]))


def densities(model, x):
    """The weighted density of each component, in float64 and without any trick."""
    weights, means = (np.array(v, np.float64) for v in model.parameters()[:2])
    found = []
    for weight, mean, matrix in zip(weights, means, matrices(model), strict=True):
        squares = np.einsum("ni,ij,nj->n", x - mean, np.linalg.inv(matrix), x - mean)
        norm = np.sqrt(np.linalg.det(2 * np.pi * matrix))
        found.append(weight * np.exp(-0.5 * squares) / norm)
    return np.stack(found, axis=1)


# The mean log-likelihood, the weights, the means and the covariances of scikit-learn
# 1.9.1 after five iterations from the same start, with `reg_covar=1e-9`.
GOLDEN = {
    "FullCovariance": (
        -3.64126538,
        [0.33662620, 0.38310953, 0.28026427],
        [
            [-1.75535937, 1.43480555],
            [2.01888862, -0.34276140],
            [-0.14969055, -3.09156729],
        ],
        [1.24088181, 0.22919231, 0.73561279, 1.39296602, 0.76305131, 1.64381326]
        + [0.59388982, -0.22075011, 0.59086049],
    ),
    "DiagonalCovariance": (
        -3.65360479,
        [0.34066993, 0.33343826, 0.32589181],
        [
            [-1.81280552, 1.39788892],
            [2.27703491, -0.05405255],
            [-0.00331288, -2.98557177],
        ],
        [
            1.18798801,
            0,
            0.79399182,
            1.05401778,
            0,
            1.22531924,
            0.36307642,
            0,
            0.64158504,
        ],
    ),
    "TiedCovariance": (
        -3.66130472,
        [0.33474328, 0.30737455, 0.35788218],
        [[-1.85616188, 1.42758838], [2.2889024, 0.11958430], [0.16315421, -2.87639535]],
        [0.94967219, 0.29521262, 0.81210448] * 3,
    ),
}


@pytest.mark.parametrize(
    "covariance", [c for c in COVARIANCES if type(c).__name__ in GOLDEN], ids=repr
)
def test_five_steps_are_five_iterations_of_scikit_learn(covariance):
    model, x = started(covariance), data()
    em(model, x, 5)
    log_likelihood, weights, means, expected = GOLDEN[type(covariance).__name__]
    assert model.log_prob(x).mean() == pytest.approx(log_likelihood, abs=2e-5)
    np.testing.assert_allclose(model.parameters()[0], weights, atol=2e-5)
    np.testing.assert_allclose(model.means(), means, atol=2e-4)
    found = matrices(model)[:, [0, 0, 1], [0, 1, 1]]
    np.testing.assert_allclose(found.ravel(), expected, atol=2e-4)


@pytest.mark.parametrize("covariance", COVARIANCES, ids=repr)
class TestEachCovariance:
    def test_the_likelihood_never_falls(self, covariance):
        rise = np.diff(em(started(covariance), data(), 15))
        assert (rise > -1e-6).all()
        assert rise[0] > 0.1

    def test_densities_and_responsibilities_follow_bayes_rule(self, covariance):
        model, x = started(covariance), data()
        em(model, x, 2)
        expected = densities(model, x)
        total = expected.sum(axis=1)
        np.testing.assert_allclose(model.log_prob(x), np.log(total), atol=2e-4)
        found = np.array(model.responsibilities(x))
        np.testing.assert_allclose(found, expected / total[:, None], atol=2e-4)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)

    def test_the_order_of_components_does_not_matter(self, covariance):
        model, x = started(covariance), data()
        order = [2, 0, 1]
        weights = np.array([0.5, 0.25, 0.25])[order]
        other = started(covariance, weights, np.array(STARTS)[order])
        if isinstance(covariance, FactorCovariance):
            # Its start is random.
            for a, b in zip(other._statistics, model._statistics, strict=True):
                a.assign(np.array(b)[order])
        for one in (model, other):
            em(one, x, 3)
        np.testing.assert_allclose(other.log_prob(x), model.log_prob(x), atol=1e-4)
        np.testing.assert_allclose(
            other.means(), np.array(model.means())[order], atol=1e-4
        )

    def test_samples_have_the_moments_of_the_mixture(self, covariance):
        model = started(covariance)
        em(model, data(), 3)
        weights, means = (np.array(v, np.float64) for v in model.parameters()[:2])
        samples = model.sample(20_000, seed=0, batch_size=20_000)
        mean = weights @ means
        np.testing.assert_allclose(samples.mean(axis=0), mean, atol=0.06)
        within = np.einsum("k,kij->ij", weights, matrices(model))
        between = (weights[:, None] * means).T @ means - np.outer(mean, mean)
        np.testing.assert_allclose(np.cov(samples.T), within + between, atol=0.15)

    def test_singular_data_are_regularized_and_told(self, covariance):
        x = np.repeat(data(20)[:, :1], 2, axis=1)
        model = GaussianMixture(2, 2, covariance, regularization=0.05)
        model.adapt(x)
        assert np.isfinite(em(model, x, 40)).all()
        batch = Batch(tf.constant(x), None, None)
        found = float(model.loss_terms(batch, training=False)["collapsed"])
        # Variances by themselves do not see that the two values are one.
        assert (found > 0) != isinstance(covariance, DiagonalCovariance)

    def test_one_component_is_what_the_data_say_in_closed_form(self, covariance):
        x = data().astype("float64")
        model = GaussianMixture(1, 2, covariance, 1e-9)
        model.adapt(x)
        is_factor = isinstance(covariance, FactorCovariance)
        em(model, x.astype("float32"), 60 if is_factor else 1)
        expected = np.cov(x.T, bias=True)
        if isinstance(covariance, DiagonalCovariance):
            expected = np.diag(np.diag(expected))
        scale = np.exp(-np.array(model._flow.layers[-1].log_scale, np.float64))
        found = matrices(model)[0] * np.outer(scale, scale)
        # A factor and two variances can be any matrix of two by two.
        np.testing.assert_allclose(found, expected, atol=2e-2 if is_factor else 1e-5)
        np.testing.assert_allclose(model.means()[0], x.mean(axis=0), atol=1e-5)
        np.testing.assert_allclose(model.parameters()[0], [1.0], atol=1e-6)


def test_epochs_are_exact_steps_whatever_the_batch_size():
    expected, model = started(FactorCovariance(1)), started(FactorCovariance(1))
    bounds = em(expected, data(), 2)
    model.compile()
    history = model.fit(data(), batch_size=25, epochs=2, verbose=0).history
    np.testing.assert_allclose(history["loss"], -np.array(bounds), atol=1e-5)
    for a, b in zip(model._statistics, expected._statistics, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_stepwise_fit_learns_within_an_epoch():
    x = data(240)
    model, exact = started(FullCovariance(), stepwise=True), started(FullCovariance())
    em(exact, x)
    model.compile()
    model.fit(x, batch_size=20, verbose=0)
    assert model.log_prob(x).mean() > exact.log_prob(x).mean() + 0.01
    weights = np.array(model._statistics[0])
    assert weights.sum() == pytest.approx(1.0, abs=1e-5)


def test_a_batch_of_a_stepwise_fit_moves_the_statistics_by_the_rate():
    x, expected = data(), started(FullCovariance())
    before = [np.array(value) for value in expected._statistics]
    em(expected, x)
    model = started(FullCovariance(), stepwise=True)
    model.compile(keras.optimizers.SGD(0.3), run_eagerly=True)
    model.train_on_batch(x)
    for old, new, found in zip(
        before, expected._statistics, model._statistics, strict=True
    ):
        np.testing.assert_allclose(found, old + 0.3 * (new - old), atol=1e-5)


def test_the_start_does_not_depend_on_the_units_of_the_data():
    x, found = data().astype("float64"), []
    for scale, shift in ((1.0, 0.0), (1e3, 1e6), (1e-7, 0.0)):
        model = GaussianMixture(3, 2, seed=1)
        moved = (x * scale + shift).astype("float32")
        model.adapt(moved)
        found.append(em(model, moved, 5)[-1] + 2 * np.log(scale))
    assert found[1:] == pytest.approx(found[:1] * 2, abs=1e-2)


@pytest.mark.parametrize("covariance", COVARIANCES, ids=repr)
def test_a_component_of_one_far_example_leaves_all_finite(covariance):
    x = np.concatenate([[[1000.0, 1001.0]], 10 * data(500)]).astype("float32")
    model = GaussianMixture(3, 2, covariance)
    model.adapt(x)
    bounds = em(model, x, 5)
    assert np.isfinite(bounds).all()
    # The other components go on learning.
    assert bounds[-1] > bounds[0]


def test_a_random_start_is_told():
    model = GaussianMixture(3, 2)
    model.compile(run_eagerly=True)
    with pytest.warns(UserWarning, match=r"means are random.*call `adapt\(x\)`"):
        model.fit(data(), verbose=0)
    model = GaussianMixture(3, 2)
    model.adapt(data())
    model.compile(run_eagerly=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        model.fit(data(), epochs=2, verbose=0)


def test_it_starts_from_clusters_of_an_array_or_a_dataset():
    x = data() * 10
    dataset = tf.data.Dataset.from_tensor_slices((x, np.arange(60))).batch(8)
    for given in (x, dataset):
        model = GaussianMixture(3, 2, seed=3)
        model.adapt(given)
        means = np.array(model.means())
        centres = 10 * np.array([[2.0, 0.0], [-2.0, 1.0], [0.0, -3.0]])
        nearest = np.linalg.norm(means[:, None] - centres, axis=-1).argmin(axis=1)
        assert sorted(nearest) == [0, 1, 2]


def test_careful_seeding_finds_clusters_of_any_size():
    x = np.concatenate([np.zeros((98, 2)), [[0.0, 50.0], [50.0, 0.0]]])
    for seed in range(5):
        centres, cluster = k_means(x, 3, seed, steps=0)
        assert len({tuple(centre) for centre in centres}) == 3
        assert sorted(np.bincount(cluster)) == [1, 1, 98]


def test_more_clusters_than_distinct_examples_share_places():
    centres, cluster = k_means(np.zeros((4, 2)), 3, seed=0)
    assert np.array_equal(centres, np.zeros((3, 2)))
    assert set(cluster) == {0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_components": 0}, "`num_components` must be an integer of at least 1"),
        ({"x_domain": Symbols(4, 3)}, "`x_domain` must be Vectors or Images"),
        (
            {"x_domain": Vectors(2, optional=True)},
            "`x_domain` must be .* without NaN.*optional",
        ),
        ({"covariance": "full"}, "`covariance` must be one such as `FullCovar.*'full'"),
        ({"regularization": 0.0}, "`regularization` must be a positive float.*0.0"),
        ({"regularization": "some"}, "`regularization` must be a positive.*'some'"),
        (
            {"preprocessing": "logit"},
            "`preprocessing` must be a layer.*'logit'",
        ),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture(**{"num_components": 2, "x_domain": 2, **options})


def test_a_bad_start_is_refused():
    model = GaussianMixture(3, 2)
    with pytest.raises(ValueError, match="`num_components`.*3 components and 2 ex"):
        model.adapt(data(2))
    with pytest.raises(ValueError, match="`x` holds NaN"):
        model.adapt(np.full((5, 2), np.nan))
    with pytest.raises(ValueError, match="`x` must be an array"):
        model.adapt(5)
    with pytest.raises(ValueError, match="`x` holds no vectors"):
        model.adapt(iter([]))
    with pytest.raises(ValueError, match="`rank` must be an integer"):
        FactorCovariance(0)


@pytest.mark.parametrize(
    ("optimizer", "stepwise"),
    [
        ("adam", False),
        (keras.optimizers.SGD(0.5), False),
        (keras.optimizers.SGD(1.0, momentum=0.9), False),
        (keras.optimizers.SGD(2.0), True),
    ],
)
def test_an_optimizer_that_is_no_em_is_refused(optimizer, stepwise):
    model = GaussianMixture(2, 2, stepwise=stepwise)
    with pytest.raises(ValueError, match="`optimizer` of GaussianMixture must be pl"):
        model.compile(optimizer)


def test_without_preprocessing_there_is_no_density_of_its_outputs():
    model = GaussianMixture(2, 2)
    assert model.domain_of("preprocessed_log_prob") is None
    with pytest.raises(ValueError, match="`preprocessing` of the model is None"):
        model.preprocessed_log_prob(data())


def test_images_are_fitted_too():
    x = Images((2, 3, 1)).draw(Rows(40, 0))
    model = GaussianMixture(2, Images((2, 3, 1)), DiagonalCovariance())
    model.adapt(x)
    flat = GaussianMixture(2, 6, DiagonalCovariance())
    flat.adapt(x.reshape(40, 6))
    np.testing.assert_allclose(model.log_prob(x), flat.log_prob(x.reshape(40, 6)))
    assert model.sample(3, seed=0).shape == (3, 2, 3, 1)
