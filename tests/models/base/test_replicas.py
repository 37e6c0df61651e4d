import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import contract_of

from keras_gen.models import VAE, WGAN
from keras_gen.random import seed_initializers


def make(model_class=VAE):
    seed_initializers(1)
    return contract_of(model_class)().make()


def images(num_images, model_class=VAE):
    """Black and white images, mostly black, from which one can learn."""
    x = contract_of(model_class)().x(num_images)
    return (x < 0.3).astype("float32")


@pytest.mark.parametrize("clipping", ["clipnorm", "global_clipnorm", "clipvalue"])
def test_gradients_are_clipped_after_they_are_summed(two_replicas, clipping):
    with two_replicas.scope():
        both = make()
        both.compile(keras.optimizers.SGD(0.1, **{clipping: 1e-3}))
    one = make()
    one.compile(keras.optimizers.SGD(0.1, **{clipping: 1e-3}), jit_compile=False)
    before = [np.array(weight) for weight in one.trainable_weights]
    for model in (one, both):
        model.fit(images(8), batch_size=8, shuffle=False, verbose=0)
    for start, a, b in zip(
        before, one.trainable_weights, both.trainable_weights, strict=True
    ):
        change = np.array(a) - start
        assert 0 < np.abs(change).max() <= 1.01e-4
        np.testing.assert_allclose(np.array(b) - start, change, atol=1e-7)


@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.Adam(0.01, gradient_accumulation_steps=2),
        keras.optimizers.Adam(
            0.01, use_ema=True, global_clipnorm=1.0, weight_decay=0.1
        ),
        keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01)),
    ],
    ids=["accumulating", "averaging", "scaling"],
)
def test_one_device_trains_with_every_kind_of_optimizer(optimizer):
    model = make()
    model.compile(optimizer)
    losses = model.fit(images(32), batch_size=8, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.9 * losses[0]


def test_several_steps_an_execution_are_taken_one_by_one(two_replicas):
    with two_replicas.scope():
        model = make()
        model.compile(steps_per_execution=2)
    alone = make()
    alone.compile(steps_per_execution=2)
    for each in (model, alone):
        each.fit(images(8), batch_size=2, shuffle=False, verbose=0)
    assert model.optimizer.iterations == 4
    for a, b in zip(alone.trainable_weights, model.trainable_weights, strict=True):
        np.testing.assert_allclose(np.array(b), np.array(a), atol=1e-6)


def test_evaluation_does_not_depend_on_the_replicas(two_replicas):
    with two_replicas.scope():
        both = make()
        both.compile()
    one = make()
    one.compile()
    expected = one.evaluate(images(24), batch_size=8, verbose=0)
    assert both.evaluate(images(24), batch_size=6, verbose=0) == pytest.approx(
        expected, rel=1e-5
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"jit_compile": True}, "`jit_compile` must be left out.*True"),
        (
            {"optimizer": keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)},
            "`gradient_accumulation_steps` must be left out.*2",
        ),
    ],
)
def test_what_does_not_work_on_replicas_is_refused(two_replicas, options, message):
    with two_replicas.scope():
        model = make()
        with pytest.raises(ValueError, match=message):
            model.compile(**options)


def test_float16_is_refused_on_replicas(two_replicas):
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        with two_replicas.scope():
            model = make()
            with pytest.raises(ValueError, match="mixed_float16 does not train on sev"):
                model.compile()
    finally:
        keras.mixed_precision.set_global_policy("float32")


def test_a_model_is_compiled_where_it_was_made(two_replicas):
    with two_replicas.scope():
        model = make()
    with pytest.raises(ValueError, match="was not made in the present scope"):
        model.compile()
    model = make()
    with (
        two_replicas.scope(),
        pytest.raises(ValueError, match="scope, that of MirroredStr"),
    ):
        model.compile()


def test_batches_that_do_not_divide_are_refused(two_replicas):
    with two_replicas.scope():
        model = make()
        model.compile()
    with pytest.raises(ValueError, match="multiple of 2.*7 examples.*one has 3"):
        model.fit(images(7), batch_size=4, verbose=0)
    with pytest.raises(ValueError, match="7 examples in batches of 4"):
        model.evaluate(images(7), batch_size=4, verbose=0)
    with pytest.raises(ValueError, match="5 examples in batches of 4"):
        model.fit(images(8), validation_data=(images(5),), batch_size=4, verbose=0)
    batches = tf.data.Dataset.from_tensor_slices(images(7)).batch(4)
    with pytest.raises(tf.errors.InvalidArgumentError, match="multiple of 2"):
        model.fit(batches, verbose=0)
    model.fit(batches.take(1), verbose=0)


def test_replicas_see_whole_shares(two_replicas):
    with two_replicas.scope():
        model = make(WGAN)
        model.compile()
    divisor = 2 * model.num_shares
    with pytest.raises(ValueError, match=f"must be a multiple of {divisor}"):
        model.fit(images(12, WGAN)[: divisor + 2], batch_size=divisor + 2, verbose=0)
