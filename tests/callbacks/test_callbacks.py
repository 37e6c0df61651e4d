import keras
import numpy as np
import pytest
from PIL import Image

from keras_gen.callbacks import KeepSaved, PictureEveryEpoch
from keras_gen.images import grid
from keras_gen.models import GAN, Autoencoder
from keras_gen.networks import mlp


@pytest.fixture
def model():
    model = Autoencoder(mlp((4, 4, 1), [], (2,)), mlp((2,), [], (4, 4, 1)))
    model.compile()
    return model


@pytest.fixture
def images():
    return np.zeros((8, 4, 4, 1), "f4")


def test_a_picture_is_written_after_each_epoch(model, images, tmp_path):
    def picture(model):
        return grid(model.x_domain.to_bytes(model.reconstruct(images)))

    callback = PictureEveryEpoch(tmp_path / "new" / "folder", picture)
    model.fit(images, epochs=2, callbacks=[callback], verbose=0)
    files = sorted((tmp_path / "new" / "folder").iterdir())
    assert [file.name for file in files] == ["epoch_0001.png", "epoch_0002.png"]
    np.testing.assert_array_equal(Image.open(files[1]), picture(model)[..., 0])


def test_the_picture_is_of_the_same_noise_unless_told_otherwise(tmp_path):
    generator = mlp((2,), [], (4, 4, 1), output_activation="tanh")
    model = GAN(generator, mlp((4, 4, 1), [], (1,)))
    model.compile(generator_optimizer="sgd", discriminator_optimizer="sgd")
    callback = PictureEveryEpoch(tmp_path)
    model.fit(np.zeros((8, 4, 4, 1), "f4"), callbacks=[callback], verbose=0)
    expected = grid(model.x_domain.to_bytes(model.sample(64, seed=0)))
    picture = Image.open(tmp_path / "epoch_0001.png")
    np.testing.assert_array_equal(picture, expected[..., 0])


def test_the_newest_model_is_on_disk(model, images, tmp_path):
    path = tmp_path / "model.keras"
    model.fit(images, epochs=3, callbacks=[KeepSaved(path, 1e9)], verbose=0)
    loaded = keras.saving.load_model(path)
    for a, b in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert [file.name for file in tmp_path.iterdir()] == ["model.keras"]


def test_saving_waits_between_two_times(model, images, tmp_path):
    saved = []
    callback = KeepSaved(tmp_path / "model.keras", every_seconds=1e9)
    callback.save, save = lambda: (saved.append(1), save()), callback.save
    model.fit(images, epochs=5, callbacks=[callback], verbose=0)
    assert len(saved) == 2


def test_a_failed_save_leaves_the_last_model(model, images, tmp_path, monkeypatch):
    path = tmp_path / "model.keras"
    model.fit(images, callbacks=[KeepSaved(path)], verbose=0)
    before = path.read_bytes()

    def fail(place):
        place.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(model, "save", fail)
    with pytest.raises(OSError, match="no space"):
        model.fit(images, callbacks=[KeepSaved(path)], verbose=0)
    assert path.read_bytes() == before
