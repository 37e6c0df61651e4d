import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.callbacks import KeepSaved, StopAtDivergence, WarnOfDivergence
from keras_gen.models import GAN
from keras_gen.networks import mlp


def gan(rate, **options):
    generator = mlp((2,), [], (4, 4, 1), output_activation="tanh")
    model = GAN(generator, mlp((4, 4, 1), [], (1,)))
    optimizer = keras.optimizers.SGD(rate)
    model.compile(discriminator_optimizer=optimizer, jit_compile=False, **options)
    return model


def test_any_reported_number_stops_training_and_what_was_saved_stays(tmp_path):
    path = tmp_path / "model.keras"
    images = np.ones((16, 4, 4, 1))
    saved = KeepSaved(path, every_seconds=0)
    gan(1e-3).fit(images, callbacks=[StopAtDivergence(), saved], verbose=0)
    before = path.read_bytes()
    model = gan(1e38)
    with pytest.raises(ValueError, match="diverged: `.*_loss` became (nan|inf) within"):
        model.fit(
            images,
            batch_size=4,
            epochs=9,
            callbacks=[StopAtDivergence(), saved],
            verbose=0,
        )
    assert path.read_bytes() == before


def test_numbers_pass():
    model = gan(1e-3)
    model.fit(np.ones((16, 4, 4, 1)), callbacks=[StopAtDivergence()], verbose=0)
    assert int(model.optimizer.iterations) == 1


def test_weights_that_the_last_update_spoiled_are_not_saved(tmp_path):
    """The number is reported before the update that it leads to."""
    model = gan(1e-3)
    model.optimizer.by_phase["generator"].learning_rate = np.nan
    saved = KeepSaved(tmp_path / "model.keras", every_seconds=0)
    with pytest.raises(ValueError, match="diverged: '.*' is not finite after 1 steps"):
        model.fit(
            np.ones((8, 4, 4, 1)), callbacks=[StopAtDivergence(), saved], verbose=0
        )
    assert not saved.path.exists()


@pytest.mark.parametrize(("max_skipped", "stops"), [(0, True), (1, True), (2, False)])
def test_so_many_updates_may_be_skipped(max_skipped, stops):
    model = gan(1e-3, skip_nonfinite=True)
    images = np.ones((16, 4, 4, 1))
    images[[5, 9]] = np.nan
    batches = tf.data.Dataset.from_tensor_slices(images).batch(4)
    stop = StopAtDivergence(max_skipped)
    if stops:
        with pytest.raises(ValueError, match=f"of {max_skipped + 1} updates of this"):
            model.fit(batches, callbacks=[stop], verbose=0)
    else:
        history = model.fit(batches, callbacks=[stop], verbose=0).history
        assert history["skipped_updates"] == [2]


def test_a_loss_that_grows_without_bounds_is_warned_of_once(recwarn):
    warn = WarnOfDivergence(factor=10)
    for epoch, value in enumerate([-6.0, 59.0, -61.0, 500.0]):
        warn.on_epoch_end(epoch, {"loss": value, "rate": 1e9 * epoch})
    (warning,) = recwarn.list
    assert "`loss` has come to -61 in epoch 3" in str(warning.message)


def test_small_losses_may_grow_to_the_bound(recwarn):
    warn = WarnOfDivergence(factor=10)
    for epoch, value in enumerate([0.0, 0.1, 9.9]):
        warn.on_epoch_end(epoch, {"loss": value})
    assert not recwarn.list


def test_bad_bounds_are_refused():
    with pytest.raises(ValueError, match="`factor` must be above 1. Received: 1"):
        WarnOfDivergence(1)
    with pytest.raises(ValueError, match="`max_skipped` must be an integer"):
        StopAtDivergence(-1)
