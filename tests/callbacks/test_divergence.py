import keras
import numpy as np
import pytest

from keras_gen.callbacks import KeepSaved, StopAtDivergence
from keras_gen.models import GAN
from keras_gen.networks import mlp


def gan(rate):
    generator = mlp((2,), [], (4, 4, 1), output_activation="tanh")
    model = GAN(generator, mlp((4, 4, 1), [], (1,)))
    model.compile(discriminator_optimizer=keras.optimizers.SGD(rate), jit_compile=False)
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
