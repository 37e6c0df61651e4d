import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract, PhasesContract, SamplerContract
from players import learners

from keras_gen.models import SemiSupervisedAdversarialAutoencoder
from keras_gen.models.base import Batch
from keras_gen.networks import mlp
from keras_gen.random import Rows

K = 3


def tiny(seed=0, **options):
    encoder = mlp((8, 8, 1), [16], (K + 2,), name="encoder")
    end = {"output_activation": "sigmoid", "name": "decoder"}
    decoder = mlp((K + 2,), [16], (8, 8, 1), **end)
    of_class = mlp((K,), [16], (1,), name="class_discriminator")
    of_style = mlp((2,), [16], (1,), name="style_discriminator")
    networks = encoder, decoder, of_class, of_style
    options = {"seed": seed, "name": "tiny", **options}
    return SemiSupervisedAdversarialAutoencoder(*networks, K, **options)


class TestContract(SamplerContract, AutoencodingContract, PhasesContract):
    model_class = SemiSupervisedAdversarialAutoencoder

    def make(self, seed=0):
        return tiny(seed=seed)


def test_labels_that_are_known_alone_teach_classes():
    model, x = tiny(), TestContract().x(4)
    log_probs = np.log(model.classify(x))
    for labels in ([1, -1, 2, -1], [-1, -1, -1, -1], [0, 1, 2, 0]):
        batch = Batch(tf.constant(x), Rows(4, 0), tf.constant(labels))
        found = model.classification_terms(batch, True)["classification_loss"]
        terms = [log_probs[i, label] for i, label in enumerate(labels) if label >= 0]
        assert float(found) == pytest.approx(-sum(terms) / 4, rel=1e-4, abs=1e-6)


def test_each_phase_has_its_own_networks():
    names = "encoder", "decoder", "class_discriminator", "style_discriminator"
    assert learners(tiny(), names) == {
        "reconstruction": {"encoder", "decoder"},
        "discriminator": {"class_discriminator", "style_discriminator"},
        "generator": {"encoder"},
        "classification": {"encoder"},
    }


def test_each_discriminator_sees_its_own_part_of_the_latents():
    model, x = tiny(), tf.constant(TestContract().x(40))
    batch = Batch(x, Rows(40, 0), tf.fill((40,), -1))
    drawn, codes = model.priors(batch.rows, "prior"), model.codes(x)
    np.testing.assert_array_equal(np.sort(drawn[0], axis=1)[:, :-1], 0.0)
    np.testing.assert_array_equal(np.max(drawn[0], axis=1), 1.0)
    expected = 0.0
    for judge, a, b in zip(
        (model.class_discriminator, model.style_discriminator),
        drawn,
        codes,
        strict=True,
    ):
        real, fake = tf.math.log_sigmoid(judge(a)), tf.math.log_sigmoid(-judge(b))
        expected -= float(tf.reduce_mean(real) + tf.reduce_mean(fake))
    found = model.discriminator_terms(batch, True)["discriminator_loss"]
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_samples_have_the_class_that_is_asked_for_or_any():
    model = tiny()
    latents = model.noise(4, seed=0).numpy()
    any_class = model.sample(4, seed=0, y=-1)
    np.testing.assert_allclose(any_class, model.decode(latents), atol=1e-6)
    latents[:, :K] = np.eye(K)[[2, 2, 0, 1]]
    found = model.sample(4, seed=0, y=[2, 2, 0, 1])
    np.testing.assert_allclose(found, model.decode(latents), atol=1e-6)


def test_a_few_labels_name_the_classes():
    keras.utils.set_random_seed(0)
    centres = np.array([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]], "f4")
    y = np.arange(600) % K
    x = centres[y] + 0.3 * Rows(600, 0).normal((2,), "x").numpy()
    labels = np.where(np.arange(600) < 30, y, -1)
    networks = mlp((2,), [32], (K + 1,)), mlp((K + 1,), [32], (2,))
    judges = mlp((K,), [16], (1,)), mlp((1,), [16], (1,))
    model = SemiSupervisedAdversarialAutoencoder(*networks, *judges, K)
    model.compile(steps_per_execution=6)
    model.fit(x, labels, batch_size=100, epochs=40, verbose=0)
    assert np.mean(np.argmax(model.classify(x), axis=1) == y) > 0.95


def test_bad_labels_are_refused():
    model, x = tiny(), TestContract().x(3)
    model.compile()
    for labels, message in (([0, 1, 3], "from 0 to 3"), ([0, -2, 1], "from -2 to 1")):
        with pytest.raises(ValueError, match=rf"`y` must lie in \[-1, 3\).*{message}"):
            model.fit(x, np.array(labels), verbose=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_classes": 1}, "`num_classes` must be an integer of at least 2.*1"),
        ({"num_classes": 5}, "`decoder` must take more than.*5 classes.*size 5"),
        ({"num_classes": 2}, r"`class_discriminator` must take shape \(2,\).*\(3,\)"),
        (
            {"style_discriminator": mlp((3,), [], (1,))},
            r"`style_discriminator`.*\(2,\)",
        ),
        ({"encoder": mlp((8, 8, 1), [], (4,))}, r"`decoder` must take.*\(4,\)"),
    ],
)
def test_what_does_not_match_is_refused(change, message):
    model = tiny()
    names = "encoder", "decoder", "class_discriminator", "style_discriminator"
    given = {name: getattr(model, name) for name in (*names, "num_classes")}
    with pytest.raises(ValueError, match=message):
        SemiSupervisedAdversarialAutoencoder(**{**given, **change})
