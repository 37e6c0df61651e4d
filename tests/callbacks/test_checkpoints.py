"""Checkpoints: exact, whole or found out, by one process, until the end."""

import contextlib
import os
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import Stopped, contract_of

from keras_gen.callbacks import Checkpoints, checkpoint_file
from keras_gen.models import VAE, WGANGP, Autoencoder
from keras_gen.networks import mlp
from keras_gen.random import Rows, seed_initializers


def make(optimizer=None, units=2, **options):
    """A tiny autoencoder, compiled, of images of 2 x 2."""
    seed_initializers(1)
    model = Autoencoder(mlp((2, 2, 1), [], (units,)), mlp((units,), [], (2, 2, 1)))
    model.compile(optimizer, run_eagerly=True, **options)
    return model


def stream(epoch, step):
    """Endless batches of six steps an epoch, from a step of an epoch on."""
    images = Rows(24, 0).uniform((2, 2, 1), "images").numpy()
    epochs = np.concatenate([np.roll(images, n, axis=0) for n in range(9)])
    batches = tf.data.Dataset.from_tensor_slices(epochs).batch(4).repeat()
    return batches.skip(6 * epoch + step)


def fit(model, checkpoints, epochs=2, callbacks=(), stop_at=None):
    """Trains from where the checkpoints stand."""
    epoch, step = checkpoints.restore(model)
    watchers = [Stopped(checkpoints, *stop_at)] if stop_at else []
    return model.fit(
        stream(epoch, step),
        steps_per_epoch=6,
        initial_epoch=epoch,
        epochs=epochs,
        callbacks=[*callbacks, checkpoints, *watchers],
        verbose=0,
    ).history


def stop(folder, model, where, **options):
    """Trains until an epoch and a step, where a checkpoint is left."""
    callbacks = options.pop("callbacks", [])
    checkpoints = Checkpoints(folder, callbacks=callbacks, **options)
    with pytest.raises(KeyboardInterrupt):
        fit(model, checkpoints, callbacks=callbacks, stop_at=where)
    checkpoints.close()


def check_same(a, b):
    for one, two in (
        (a.variables, b.variables),
        (a.optimizer.variables, b.optimizer.variables),
    ):
        for left, right in zip(one, two, strict=True):
            np.testing.assert_array_equal(np.array(left), np.array(right), left.path)
    assert a.history.history == b.history.history


@pytest.fixture
def stopped(tmp_path):
    """A folder with checkpoints after 0, 2 and 4 steps of the second epoch."""
    stop(tmp_path, make(), (1, 4), steps=2)
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.glob("*.npz"))


def averaged():
    return keras.optimizers.Adam(1e-2, use_ema=True, ema_overwrite_frequency=5)


def scheduled():
    return keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 12), 0.9)


@pytest.mark.parametrize(
    ("where", "optimizer"),
    [((0, 1), averaged), ((0, 5), scheduled), ((1, 0), scheduled), ((1, 4), averaged)],
)
def test_training_goes_on_from_any_step(tmp_path, where, optimizer):
    straight = make(optimizer(), metrics=["mse"])
    fit(straight, Checkpoints(tmp_path / "straight"))
    stop(tmp_path / "parts", make(optimizer(), metrics=["mse"]), where, steps=1)
    resumed = make(optimizer(), metrics=["mse"])
    fit(resumed, Checkpoints(tmp_path / "parts"))
    check_same(straight, resumed)


def test_a_checkpoint_stands_at_the_end_of_an_execution(tmp_path):
    stop(tmp_path, make(steps_per_execution=3), (0, 3), steps=1)
    assert names(tmp_path) == [
        "epoch_0000_step_000000.npz",
        "epoch_0000_step_000003.npz",
    ]
    straight, resumed = make(), make(steps_per_execution=3)
    fit(straight, Checkpoints(tmp_path / "straight"))
    fit(resumed, Checkpoints(tmp_path))
    check_same(straight, resumed)
    stop(tmp_path / "more", make(steps_per_execution=3), (0, 3), steps=1)
    with (
        contextlib.closing(Checkpoints(tmp_path / "more")) as checkpoints,
        pytest.raises(ValueError, match="must divide the 3 steps that are left.*2"),
    ):
        fit(make(steps_per_execution=2), checkpoints)


def test_other_callbacks_go_on_too(tmp_path):
    def watchers():
        return [
            keras.callbacks.EarlyStopping(
                "loss", mode="max", patience=2, restore_best_weights=True
            ),
            keras.callbacks.ReduceLROnPlateau("loss", 0.5, 1, mode="max"),
        ]

    # It begins each epoch anew, also one that is resumed.
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    models = [make(), make()]
    for folder, model in zip(("straight", "parts"), models, strict=True):
        callbacks = watchers()
        checkpoints = Checkpoints(tmp_path / folder, 1, callbacks=callbacks)
        stop_at = (1, 3) if folder == "parts" else None
        try:
            fit(model, checkpoints, 9, [halve, *callbacks], stop_at)
        except KeyboardInterrupt:
            checkpoints.close()
            callbacks, models[1] = watchers(), make()
            checkpoints = Checkpoints(tmp_path / folder, 1, callbacks=callbacks)
            fit(models[1], checkpoints, 9, [halve, *callbacks])
    check_same(*models)
    assert len(models[1].history.history["loss"]) == 3


def test_random_layers_go_on_with_their_streams(tmp_path):
    def model():
        seed_initializers(1)
        network = keras.Sequential(
            [
                keras.Input((2, 2, 1)),
                keras.layers.Flatten(),
                keras.layers.Dropout(0.5, seed=3),
                keras.layers.Dense(2),
            ]
        )
        model = Autoencoder(network, mlp((2,), [], (2, 2, 1)))
        model.compile()
        return model

    straight, resumed = model(), model()
    fit(straight, Checkpoints(tmp_path / "straight"))
    stop(tmp_path / "parts", model(), (0, 4), steps=2)
    fit(resumed, Checkpoints(tmp_path / "parts"))
    check_same(straight, resumed)


def test_a_plain_keras_model_goes_on(tmp_path):
    def model():
        seed_initializers(1)
        inputs = keras.Input((2, 2, 1))
        model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
        model.compile("adam", "mse", run_eagerly=True)
        return model

    def run(model, folder, *stop_at):
        checkpoints = Checkpoints(tmp_path / folder, 1)
        epoch, step = checkpoints.restore(model)
        with contextlib.closing(checkpoints):
            model.fit(
                stream(epoch, step).map(lambda images: (images, images)),
                steps_per_epoch=6,
                initial_epoch=epoch,
                epochs=2,
                callbacks=[checkpoints, *(Stopped(checkpoints, *at) for at in stop_at)],
                verbose=0,
            )

    straight, stopped, resumed = model(), model(), model()
    run(straight, "straight")
    with pytest.raises(KeyboardInterrupt):
        run(stopped, "parts", (1, 3))
    run(resumed, "parts")
    check_same(straight, resumed)


def test_two_replicas_go_on_and_so_does_one_device(tmp_path, two_replicas):
    contract = contract_of(VAE)()
    images = tf.data.Dataset.from_tensor_slices(contract.x(24)).batch(8).repeat()

    def run(model, folder, *stop_at, **options):
        with contextlib.closing(
            Checkpoints(tmp_path / folder, 1, **options)
        ) as checkpoints:
            epoch, step = checkpoints.restore(model)
            model.fit(
                images.skip(step),
                steps_per_epoch=3,
                initial_epoch=epoch,
                epochs=2,
                callbacks=[checkpoints, *(Stopped(checkpoints, *at) for at in stop_at)],
                verbose=0,
            )

    straight, one = contract.fresh(), contract.fresh()
    run(straight, "straight")
    with two_replicas.scope():
        stopped, two = contract.fresh(), contract.fresh()
    with pytest.raises(KeyboardInterrupt):
        run(stopped, "stopped", (0, 2))
    for model in (one, two):
        run(model, "stopped", writes=False)
        for a, b in zip(straight.weights, model.weights, strict=True):
            np.testing.assert_allclose(np.array(a), np.array(b), atol=1e-5)
        np.testing.assert_allclose(
            model.history.history["loss"], straight.history.history["loss"], rtol=1e-5
        )


def test_the_newest_stay(stopped):
    assert names(stopped) == [f"epoch_0001_step_00000{step}.npz" for step in (0, 2, 4)]


def test_minutes_pass_between_two(tmp_path, monkeypatch):
    moments = iter(range(0, 10_000, 20))
    monkeypatch.setattr("time.monotonic", lambda: next(moments))
    checkpoints = Checkpoints(tmp_path, minutes=1, keep=99)
    fit(make(), checkpoints, epochs=1, stop_at=(9, 0))
    checkpoints.close()
    assert names(tmp_path) == [
        "epoch_0000_step_000000.npz",
        "epoch_0000_step_000003.npz",
    ]


def damage(path, at):
    contents = bytearray(path.read_bytes())
    contents[at] ^= 1
    path.write_bytes(contents)


def test_a_damaged_checkpoint_is_named_and_the_one_before_taken(stopped):
    damage(stopped / "epoch_0001_step_000004.npz", 200)
    straight = make()
    fit(straight, Checkpoints(stopped / "straight"))
    resumed = make()
    with pytest.warns(UserWarning, match="step_000004.npz' is damaged.*one before"):
        fit(resumed, Checkpoints(stopped))
    check_same(straight, resumed)
    assert (stopped / "epoch_0001_step_000004.damaged").exists()


def test_nothing_is_trained_where_all_are_damaged(stopped):
    for path in stopped.glob("*.npz"):
        path.write_bytes(path.read_bytes()[:-100])
    with (
        pytest.warns(UserWarning, match="is damaged"),
        pytest.raises(ValueError, match="no good checkpoint in .*all 3 are damaged"),
    ):
        Checkpoints(stopped).restore(make())


def test_every_flipped_bit_and_every_cut_is_found(tmp_path):
    path = tmp_path / "a.npz"
    arrays = {"model/a": np.arange(50.0), "model/b": np.array(tf.ones(3, "bfloat16"))}
    checkpoint_file.write(path, arrays, {"epoch": 1})
    whole = path.read_bytes()
    found, facts = checkpoint_file.read(path)
    assert facts == {"epoch": 1}
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
    assert set(np.load(path)) == {*arrays, "facts.json"}
    draws = Rows(2, 0).bits((200,), "damage").numpy().view(np.uint32)
    for bit, cut in (draws % [[8 * len(whole)], [len(whole)]]).T:
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << (bit % 8)
        for contents, name in ((flipped, f"bit_{bit}"), (whole[:cut], f"cut_{cut}")):
            # New files, since some disks write at once what replaces another.
            (tmp_path / name).write_bytes(contents)
            with pytest.raises(ValueError, match=f"{name}' is damaged"):
                checkpoint_file.read(tmp_path / name)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda: make(units=3), "written with model.*units 2, not 3"),
        (
            lambda: make(keras.optimizers.Adam(0.1)),
            "optimizer.config.learning_rate 0.001.*, not 0.1",
        ),
        (lambda: make("sgd"), "optimizer.class_name 'Adam', not 'SGD'"),
        (lambda: contract_of(WGANGP)().fresh(), "written with model"),
    ],
)
def test_another_model_or_optimizer_is_refused(stopped, other, message):
    with pytest.raises(ValueError, match=message):
        Checkpoints(stopped).restore(other())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("model/outputs/bias"), "it has no model/outputs/bias"),
        (lambda a: a.update({"model/x": np.ones(1)}), "it has model/x besides"),
        (
            lambda a: a.update({"model/outputs/bias": np.ones((3,), "f4")}),
            r"its model/outputs/bias is float32 of shape \(3,\), not .*\(2,\)",
        ),
        (
            lambda a: a.update({"model/outputs/bias": np.ones((2,), "f8")}),
            r"its model/outputs/bias is float64 of shape \(2,\), not float32",
        ),
    ],
)
def test_other_variables_are_refused(stopped, change, message):
    path = stopped / "epoch_0001_step_000004.npz"
    arrays, facts = checkpoint_file.read(path)
    change(arrays)
    checkpoint_file.write(path, arrays, facts)
    model = make()
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        Checkpoints(stopped).restore(model)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_other_versions_are_warned_of(stopped):
    path = stopped / "epoch_0001_step_000004.npz"
    arrays, facts = checkpoint_file.read(path)
    checkpoint_file.write(path, arrays, {**facts, "versions": {"keras": "2.0"}})
    with pytest.warns(UserWarning, match="written with keras 2.0, not 3"):
        Checkpoints(stopped).restore(make())


def test_fit_must_go_on_where_the_checkpoint_stands(stopped):
    for options, message in (
        ({"steps_per_epoch": 6}, "`initial_epoch` must be 1 .*Received: 0"),
        ({"steps_per_epoch": 5, "initial_epoch": 1}, "`steps_per_epoch` must be 6.*5"),
        ({}, "`steps_per_epoch` must be given"),
    ):
        checkpoints, model = Checkpoints(stopped), make()
        assert checkpoints.restore(model) == (1, 4)
        with pytest.raises(ValueError, match=message):
            model.fit(
                stream(1, 4),
                epochs=2,
                callbacks=[checkpoints],
                verbose=0,
                **options,
            )
        checkpoints.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "`steps` must be an integer of at least 1. Received: 0"),
        ({"minutes": 0}, "`minutes` must be above 0. Received: 0"),
        ({"minutes": float("nan")}, "`minutes` must be above 0. Received: nan"),
        ({"keep": 0}, "`keep` must be an integer"),
        ({"callbacks": [keras.callbacks.Callback()]}, "`callbacks` must have methods"),
    ],
)
def test_bad_arguments_are_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        Checkpoints(tmp_path, **options)
    assert not any(tmp_path.iterdir())


def test_a_file_where_the_folder_should_be_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="Cannot write to the folder .*file"):
        Checkpoints(tmp_path / "file")


LOCK = """
import sys
from pathlib import Path
from keras_gen.callbacks.folder_lock import lock
lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path):
    first = subprocess.Popen(
        [sys.executable, "-c", LOCK, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout.readline() == "held\n"
    with pytest.raises(ValueError, match=f"Another process, {first.pid} on .*writes"):
        Checkpoints(tmp_path)
    first.kill()
    first.communicate()
    Checkpoints(tmp_path).close()


def test_a_full_disk_is_warned_of_and_training_goes_on(tmp_path, monkeypatch):
    """As on a disk that has room for one checkpoint, then for none, then again."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    class Fill(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            size = {0: 1000, 3: limits[0]}.get(batch)
            if size is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))

    straight, model = make(), make()
    fit(straight, Checkpoints(tmp_path / "straight"), epochs=1)
    checkpoints = Checkpoints(tmp_path / "full", 1, keep=99)
    try:
        with pytest.warns(UserWarning, match="could not be written.*File too large"):
            fit(model, checkpoints, 1, [Fill()], stop_at=(9, 0))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    checkpoints.close()
    check_same(straight, model)
    assert not list((tmp_path / "full").glob("*partial*"))
    for path in (tmp_path / "full").glob("*.npz"):
        checkpoint_file.read(path)


def test_a_signal_that_comes_too_late_is_not_lost(tmp_path):
    class Late(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            os.kill(os.getpid(), signal.SIGTERM)

    heard = []
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append("SIGTERM"))
    try:
        fit(make(), Checkpoints(tmp_path), 1, [Late()])
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == ["SIGTERM"]


@pytest.mark.parametrize("how", ["signal", "file"])
def test_asked_to_end_it_leaves_a_checkpoint(tmp_path, how, capsys):
    class Ask(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2 and how == "signal":
                os.kill(os.getpid(), signal.SIGTERM)
            elif batch == 2:
                (tmp_path / "stop").touch()

    handler = signal.getsignal(signal.SIGTERM)
    checkpoints = Checkpoints(tmp_path)
    with pytest.raises(SystemExit) as ended:
        fit(make(), checkpoints, callbacks=[Ask()])
    assert ended.value.code == 0
    checkpoints.close()
    assert "3 steps into epoch 1. Resume from" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) == handler
    straight, resumed = make(), make()
    fit(straight, Checkpoints(tmp_path / "straight"))
    fit(resumed, Checkpoints(tmp_path))
    check_same(straight, resumed)
