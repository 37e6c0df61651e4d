import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import contract_of

from keras_gen.models import DCGAN, VAE, WGAN
from keras_gen.random import seed_initializers


def make(model_class, **options):
    seed_initializers(1)
    model = contract_of(model_class)().make()
    model.compile(skip_nonfinite=True, **options)
    return model


def batches(model, *spoilt):
    """A batch for each flag; where it is set, the last image has a pixel of NaN."""
    contract, size = contract_of(type(model))(), 4 * model.num_shares
    images = contract.x(size * len(spoilt))
    images[np.flatnonzero(spoilt) * size + size - 1, 0, 0, 0] = np.nan
    return tf.data.Dataset.from_tensor_slices(images).batch(size)


class States(keras.callbacks.Callback):
    """After each step all that images teach, and the optimizer's count of steps."""

    def on_train_begin(self, logs=None):
        self.arrays, self.iterations = [], []

    def on_train_batch_end(self, batch, logs=None):
        weights, optimizer = self.model.weights, self.model.optimizer
        if hasattr(self.model, "discriminator"):
            # Generators see no images, so that their updates are good.
            weights = self.model.discriminator.weights
            optimizer = optimizer.by_phase["discriminator"]
        moments = [v for v in optimizer.variables if v is not optimizer.iterations]
        self.arrays.append([np.array(v) for v in (*weights, *moments)])
        self.iterations.append(int(np.array(optimizer.iterations)))


def check_skipped(model):
    states = States()
    data = batches(model, False, True, False)
    history = model.fit(data, callbacks=[states], verbose=0).history
    assert history.pop("skipped_updates") == [1]
    assert set(history) == set(model.term_names)
    assert np.isfinite(list(history.values())).all()
    first, skipped, last = states.arrays
    for a, b in zip(first, skipped, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(skipped, last, strict=True))
    steps = states.iterations[0]
    assert states.iterations == [steps, 2 * steps, 3 * steps]


def test_compiling_again_forgets_what_was_counted():
    model = make(VAE)
    for _ in range(2):
        model.compile(skip_nonfinite=True)
        assert [m.name for m in model.metrics].count("skipped_updates") == 1
    model.compile()
    assert "skipped_updates" not in {m.name for m in model.metrics}


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("model_class", [VAE, DCGAN])
def test_an_update_that_is_not_finite_changes_nothing(model_class, jit_compile):
    check_skipped(make(model_class, jit_compile=jit_compile))


@pytest.mark.parametrize("model_class", [VAE, DCGAN])
def test_replicas_skip_together(two_replicas, model_class):
    with two_replicas.scope():
        model = make(model_class)
    check_skipped(model)
    for weight in model.weights:
        local = model.distribute_strategy.experimental_local_results(weight.value)
        np.testing.assert_array_equal(*[value.numpy() for value in local])


def test_of_several_updates_only_the_bad_ones_are_skipped():
    model = make(WGAN, jit_compile=False)
    history = model.fit(batches(model, False, True), verbose=0).history
    # The last image is in the last of the shares.
    assert history["skipped_updates"] == [1]
    assert int(model.optimizer.by_phase["discriminator"].iterations) == 4
    for variable in (*model.weights, *model.optimizer.variables):
        assert np.isfinite(np.array(variable)).all()
    clip = max(np.abs(np.array(v)).max() for v in model.discriminator.trainable_weights)
    assert clip <= model.clip


def test_gradients_alone_are_enough():
    """The square root has an infinite slope where the term is finite, at zero."""
    model = make(VAE, jit_compile=False)
    terms = model.loss_terms

    def with_root(batch, training):
        weight = model.trainable_weights[0]
        root = tf.sqrt(tf.reduce_sum(tf.zeros_like(weight) * weight))
        return {**(found := terms(batch, training)), "loss": found["loss"] + root}

    model.loss_terms = with_root
    before = [np.array(weight) for weight in model.weights]
    history = model.fit(batches(model, False), verbose=0).history
    assert history["skipped_updates"] == [1]
    for a, b in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(a, np.array(b))


def test_without_bad_updates_training_is_the_same():
    plain, guarded = make(VAE, jit_compile=False), make(VAE, jit_compile=False)
    plain.compile(plain.optimizer, jit_compile=False)
    for model in (plain, guarded):
        model.fit(batches(model, False, False), verbose=0)
    for a, b in zip(plain.weights, guarded.weights, strict=True):
        np.testing.assert_array_equal(np.array(a), np.array(b))


def test_a_saved_model_is_loaded_with_its_guard(tmp_path):
    make(VAE).save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").skip_nonfinite


def test_float16_has_a_guard_of_its_own():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        with pytest.raises(ValueError, match="`skip_nonfinite` must be left out in mi"):
            make(VAE)
    finally:
        keras.mixed_precision.set_global_policy("float32")
