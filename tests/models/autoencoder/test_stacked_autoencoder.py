import keras
import numpy as np
import pytest
from contracts import AutoencodingContract

from keras_gen.layers import MaskingCorruption
from keras_gen.models import (
    Autoencoder,
    BiGAN,
    DenoisingAutoencoder,
    StackedAutoencoder,
)
from keras_gen.networks import mlp
from keras_gen.random import Rows, seed_initializers

IMAGE_SHAPE = (8, 8, 1)


def level(shape, units, corrupted=True):
    encoder = mlp(shape, [], (units,), output_activation="sigmoid", name="encoder")
    decoder = mlp((units,), [], shape, name="decoder")
    if not corrupted:
        return Autoencoder(encoder, decoder, name=f"level_{units}")
    corruption = MaskingCorruption(0.3, name="corruption")
    return DenoisingAutoencoder(encoder, decoder, corruption, name=f"level_{units}")


def tiny(seed=0, **options):
    levels = [level(IMAGE_SHAPE, 12), level((12,), 6), level((6,), 4, False)]
    return StackedAutoencoder(levels, seed=seed, name="tiny", **options)


class TestContract(AutoencodingContract):
    model_class = StackedAutoencoder

    def make(self, seed=0):
        levels = [level(IMAGE_SHAPE, 12), level((12,), 4)]
        return StackedAutoencoder(levels, epochs_per_level=1, seed=seed, name="tiny")


def images(num=8):
    return Rows(num, 0).uniform(IMAGE_SHAPE, "images").numpy()


def weights_of(model):
    return [np.array(weight) for weight in model.trainable_weights]


def fit(model, x, epochs=2):
    options = {"batch_size": 4, "shuffle": False, "verbose": 0}
    return model.fit(x, epochs=epochs, **options).history["loss"]


@pytest.fixture(scope="module")
def stages():
    """A stack that `fit()` has trained level by level: losses, and weights by level."""
    seed_initializers(0)
    model = tiny(seed=5)
    model.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
    losses, weights = [], [[weights_of(part) for part in model.levels]]
    for _ in model.levels:
        losses.append(fit(model, images()))
        weights.append([weights_of(part) for part in model.levels])
    return model, losses, weights


def test_a_level_learns_while_all_others_stay_as_they_are(stages):
    model, _, weights = stages
    for stage in range(3):
        for index in range(3):
            pairs = zip(weights[stage][index], weights[stage + 1][index], strict=True)
            for before, after in pairs:
                assert np.array_equal(before, after) == (index != stage)


def test_each_level_learns_as_an_autoencoder_of_the_clean_codes_below(stages):
    model, losses, weights = stages
    seed_initializers(0)
    codes = images()
    for index, alone in enumerate(tiny().levels):
        alone.seed = 5
        alone.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
        assert fit(alone, codes) == losses[index]
        for a, b in zip(weights_of(alone), weights[3][index], strict=True):
            np.testing.assert_array_equal(a, b)
        codes = alone.encode(codes).numpy()


def test_one_fit_trains_all_levels_as_several_do(stages):
    model, losses, weights = stages
    seed_initializers(0)
    again = tiny(seed=5, epochs_per_level=2)
    again.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
    assert fit(again, images(), epochs=6) == sum(losses, [])
    for index, part in enumerate(again.levels):
        for a, b in zip(weights_of(part), weights[3][index], strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_encoder_is_the_composition_of_the_encoders_of_the_levels(stages):
    model, *_ = stages
    codes = images()
    for part in model.levels:
        codes = part.encode(codes)
    np.testing.assert_array_equal(model.encode(images()), codes)
    for part in reversed(model.levels):
        codes = part.decode(codes)
    np.testing.assert_array_equal(model.reconstruct(images()), codes)


def test_evaluation_is_of_the_level_that_has_learned_last(stages):
    model, *_ = stages
    below = model.levels[1].encode(model.levels[0].encode(images()))
    rebuilt = model.levels[2].reconstruct(below)
    expected = np.square(rebuilt - below).sum(axis=1).mean()
    assert model.evaluate(images(), verbose=0) == pytest.approx(expected, rel=1e-5)


def test_linear_levels_lose_the_eigenvalues_that_they_discard():
    scales = np.array([0.3, 0.2, 0.1, 0.05, 0.02, 0.01])
    rotation = np.linalg.qr(Rows(6, 1).normal((6,), "rotation"))[0]
    points = np.array(Rows(500, 0).normal((6,), "points")) * scales @ rotation
    points -= points.mean(axis=0)
    variances, axes = np.linalg.eigh(points.T @ points / len(points))
    axes = axes[:, ::-1].astype("f4")
    first = Autoencoder(mlp((6,), [], (4,)), mlp((4,), [], (6,)))
    second = Autoencoder(mlp((4,), [], (2,)), mlp((2,), [], (4,)))
    first.encoder.set_weights([axes[:, :4], np.zeros(4)])
    first.decoder.set_weights([axes[:, :4].T, np.zeros(6)])
    second.encoder.set_weights([np.eye(4)[:, :2], np.zeros(2)])
    second.decoder.set_weights([np.eye(4)[:2], np.zeros(4)])
    model = StackedAutoencoder([first, second])
    rebuilt = model.reconstruct(points.astype("f4"))
    lost = np.square(rebuilt - points).sum(axis=1).mean()
    # Principal components of principal components: two discards, in two levels.
    assert lost == pytest.approx(variances[:4].sum(), rel=1e-4)
    model.compile(keras.optimizers.SGD(1e-9), run_eagerly=True)
    for discarded in (variances[:2], variances[2:4]):
        # A step that is too small to change a weight moves on to the next level.
        model.fit(points.astype("f4"), verbose=0)
        error = model.evaluate(points.astype("f4"), verbose=0)
        assert error == pytest.approx(discarded.sum(), rel=1e-4)


def test_the_classifier_has_the_encoders_as_layers_and_changes_them():
    seed_initializers(0)
    model = tiny()
    classifier = model.to_classifier(10)
    kernel, bias = classifier.get_layer("logits").get_weights()
    expected = model.encode(images()).numpy() @ kernel + bias
    np.testing.assert_allclose(classifier(images()), expected, atol=1e-6)
    before = [np.array(part.encoder.weights[0]) for part in model.levels]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile("adam", loss, run_eagerly=True)
    classifier.fit(images(), np.arange(8), verbose=0)
    for part, kernel in zip(model.levels, before, strict=True):
        assert not np.array_equal(part.encoder.weights[0], kernel)


def test_a_level_is_not_trained_before_those_below_it():
    model = tiny()
    with pytest.raises(ValueError, match="`level` must be at most 0.*Received: 1"):
        model.level = 1
    model.compile(run_eagerly=True)
    fit(model, images(), epochs=1)
    assert model.level == 1
    with pytest.raises(ValueError, match="`level` must be at most 1.*Received: 2"):
        model.level = 2
    model.level = 0
    before = weights_of(model.levels[1])
    fit(model, images(), epochs=1)
    for a, b in zip(weights_of(model.levels[1]), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_stopped_training_goes_on_with_its_level():
    model = tiny()
    model.compile(run_eagerly=True)

    def stop(batch, logs):
        raise KeyboardInterrupt

    stopping = keras.callbacks.LambdaCallback(on_train_batch_end=stop)
    with pytest.raises(KeyboardInterrupt):
        model.fit(images(), callbacks=[stopping], verbose=0)
    assert model.level == 0


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ([], r"`levels` must be a list.*\[\]"),
        (None, "`levels` must be a list.*None"),
        (["encoder"], "`levels` must be a list.*encoder"),
        ([level(IMAGE_SHAPE, 6), level((5,), 2)], r"`levels\[1\]` must take.*\(5,\)"),
    ],
)
def test_levels_that_do_not_match_are_refused(levels, message):
    with pytest.raises(ValueError, match=message):
        StackedAutoencoder(levels)


def test_a_game_is_no_level():
    encoder, decoder = mlp(IMAGE_SHAPE, [], (2,)), mlp((2,), [], IMAGE_SHAPE)
    game = BiGAN(encoder, decoder, mlp([IMAGE_SHAPE, (2,)], [], (1,)))
    with pytest.raises(ValueError, match="`levels` must be a list.*one loss"):
        StackedAutoencoder([game])


def test_bad_numbers_are_refused():
    for wrong in (0, 1.5, "two"):
        with pytest.raises(ValueError, match="`epochs_per_level` must be an integer"):
            tiny(epochs_per_level=wrong)
    for wrong in (1, 0, "ten"):
        with pytest.raises(ValueError, match="`num_classes` must be an integer"):
            tiny().to_classifier(wrong)
    with pytest.raises(ValueError, match="`level` must be an integer"):
        tiny().level = -1
