import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import PhasesContract, unsettle

from keras_gen.layers import AdaptiveInstanceNormalization
from keras_gen.models import MUNIT
from keras_gen.models.base import Batch
from keras_gen.networks import (
    content_encoder,
    conv_encoder,
    mlp,
    patch_discriminator,
    style_decoder,
)
from keras_gen.random import Rows

SHAPE, LARGE, CONTENT, STYLE = (4, 4, 1), (3, 5, 2), (5,), (2,)


def joined(shape, name):
    """A decoder of content and style."""
    content, style = keras.Input(CONTENT), keras.Input(STYLE)
    both = keras.layers.Concatenate()([content, style])
    decoder = mlp((7,), [], shape, output_activation="tanh")
    return keras.Model([content, style], decoder(both), name=name)


def networks():
    return {
        "content_encoder_x": mlp(SHAPE, [], CONTENT, name="content_encoder_x"),
        "content_encoder_y": mlp(LARGE, [], CONTENT, name="content_encoder_y"),
        "style_encoder_x": mlp(SHAPE, [], STYLE, name="style_encoder_x"),
        "style_encoder_y": mlp(LARGE, [], STYLE, name="style_encoder_y"),
        "decoder_x": joined(SHAPE, "decoder_x"),
        "decoder_y": joined(LARGE, "decoder_y"),
        "discriminator_x": mlp(SHAPE, [4], (1,), name="discriminator_x"),
        "discriminator_y": mlp(LARGE, [4], (1,), name="discriminator_y"),
    }


def tiny(seed=0, **options):
    return MUNIT(**networks(), seed=seed, name="tiny", **options)


class TestContract(PhasesContract):
    model_class = MUNIT

    def make(self, seed=0):
        return tiny(seed=seed)


def batch_of(num=5):
    x, y = TestContract().arrays(num)
    return Batch(tf.constant(x), Rows(num, 0), tf.constant(y))


def test_normalization_has_exactly_the_mean_and_deviation_that_it_is_told():
    rng = np.random.default_rng(0)
    images = rng.normal(5.0, 3.0, (4, 6, 6, 3)).astype("f4")
    means, deviations = rng.normal(size=(2, 4, 3)).astype("f4")
    found = np.array(AdaptiveInstanceNormalization()(images, means, deviations))
    np.testing.assert_allclose(found.mean(axis=(1, 2)), means, atol=1e-4)
    np.testing.assert_allclose(found.std(axis=(1, 2)), np.abs(deviations), atol=1e-4)
    mean, deviation = np.array([[3.0]]), np.array([[2.0]])
    flat = AdaptiveInstanceNormalization()(np.ones((1, 2, 2, 1)), mean, deviation)
    np.testing.assert_allclose(flat, np.full((1, 2, 2, 1), 3.0))


def test_the_terms_are_those_of_the_paper():
    model, batch = tiny(), batch_of()
    unsettle(model)
    terms = model.generator_terms(batch, training=True)
    sides = {"x": batch.x, "y": batch.y}
    part = {
        (kind, name): getattr(model, f"{kind}_encoder_{name}")
        for kind in ("content", "style")
        for name in "xy"
    }
    expected = dict.fromkeys(("distance", "content", "style", "adversarial"), 0.0)
    for here, there in (("x", "y"), ("y", "x")):
        content, style = (part[k, here](sides[here]) for k in ("content", "style"))
        decoder = getattr(model, f"decoder_{here}")
        # The same content and the same style give the image again.
        again = decoder([content, style])
        expected["distance"] += np.mean(np.abs(sides[here] - again))
        drawn = batch.rows.normal(STYLE, f"generator {there}")
        fake = getattr(model, f"decoder_{there}")([content, drawn])
        expected["content"] += np.mean(np.abs(part["content", there](fake) - content))
        expected["style"] += np.mean(np.abs(part["style", there](fake) - drawn))
        score = getattr(model, f"discriminator_{there}")(fake)
        expected["adversarial"] += np.mean(np.square(score - 1.0))
    for name, value in expected.items():
        assert float(terms[name]) == pytest.approx(float(value), rel=1e-4), name
    weights = {"adversarial": 1.0, "distance": 10.0, "content": 1.0, "style": 1.0}
    total = sum(weights[name] * value for name, value in expected.items())
    assert float(terms["generator_loss"]) == pytest.approx(float(total), rel=1e-4)


def test_styles_are_drawn_from_a_standard_normal_prior():
    model, rows = tiny(), Rows(4000, 0)
    for styles in model._styles(rows, "generator"):
        assert np.abs(np.mean(styles, axis=0)).max() < 0.08
        np.testing.assert_allclose(np.cov(np.transpose(styles)), np.eye(2), atol=0.1)
    drawn = model.domain_of("style_noise").draw(rows)
    assert np.abs(drawn.std(axis=0) - 1.0).max() < 0.05


def test_a_style_decides_the_translation_and_zero_is_the_default():
    model = tiny()
    unsettle(model)
    x, y = (part[:3] for part in TestContract().arrays())
    styles = tf.constant(model.domain_of("style_noise").draw(Rows(3, 0)))
    content = model.content_encoder_x(x)
    expected = model.decoder_y([content, styles])
    np.testing.assert_allclose(model.to_y_in_style(x, styles), expected, atol=1e-6)
    assert not np.allclose(model.to_y(x), expected, atol=1e-3)
    np.testing.assert_allclose(
        model.to_y(x), model.decoder_y([content, tf.zeros((3, 2))]), atol=1e-6
    )
    expected = model.decoder_x([model.content_encoder_y(y), styles])
    np.testing.assert_allclose(model.to_x_in_style(y, styles), expected, atol=1e-6)


def test_convolutional_networks_train():
    shape = (8, 8, 1)
    model = MUNIT(
        *(content_encoder(shape, [2, 3], 1) for _ in range(2)),
        *(conv_encoder(shape, [2], 3) for _ in range(2)),
        *(style_decoder((4, 4, 3), 3, [2], 1, 1, units=4) for _ in range(2)),
        *(patch_discriminator(shape, [2]) for _ in range(2)),
        buffer_size=2,
    )
    model.compile(run_eagerly=True)
    x, y = (model.x_domain.draw(Rows(4, seed)) for seed in (0, 1))
    history = model.fit(x, y, verbose=0).history
    assert np.isfinite(list(history.values())).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"content_encoder_y": mlp(LARGE, [], (4,))},
            r"`content_encoder_y` must take shape \(3, 5, 2\) and give \(5,\)",
        ),
        (
            {"style_encoder_y": mlp(LARGE, [], (4,))},
            r"`style_encoder_y` must take shape \(3, 5, 2\) and give \(2,\)",
        ),
        (
            {"decoder_y": joined(SHAPE, "wrong")},
            r"`decoder_y` must take shape \(5,\) and \(2,\) and give \(3, 5, 2\)",
        ),
        ({"decoder_x": mlp(CONTENT, [], SHAPE)}, "`decoder_x` must have 2 inputs"),
        (
            {"discriminator_x": mlp(LARGE, [], (1,))},
            "`discriminator_x` must take shape",
        ),
        ({"style_weight": -1.0}, "`style_weight` must be at least 0"),
    ],
)
def test_bad_arguments_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        MUNIT(**(networks() | change))


def test_a_style_of_the_wrong_length_is_refused():
    x = TestContract().x(3)
    with pytest.raises(ValueError, match=r"`style_noise` must have shape \(batch, 2\)"):
        tiny().to_y_in_style(x, np.zeros((3, 4)))
    with pytest.raises(ValueError, match="`style_noise` must have as many rows as `x`"):
        tiny().to_y_in_style(x, np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: content_encoder((6, 8, 1), [2, 2, 2], 1), "divisible by 4"),
        (
            lambda: content_encoder((8, 8, 1), [2], -1),
            "`num_blocks` must be an integer",
        ),
        (lambda: style_decoder((4, 4), 2, [], 1, 1), "`content_shape` must be"),
        (lambda: style_decoder((4, 4, 2), 0, [], 1, 1), "`style_dim` must be an integ"),
        (
            lambda: style_decoder((4, 4, 2), 2, [0], 1, 1),
            "`filters` must hold positive",
        ),
    ],
)
def test_bad_sizes_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
