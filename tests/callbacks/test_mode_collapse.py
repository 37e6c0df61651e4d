import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from contracts import contract_of

from keras_gen.callbacks import ModeCollapse
from keras_gen.callbacks.mode_collapse import mean_distance
from keras_gen.models import GAN


class Samples:
    """What the callback sees of a model: samples as bytes."""

    def __init__(self, samples):
        self.samples = np.asarray(samples, np.float32)
        self.x_domain = self

    def sample(self, num_samples, seed):
        return self.samples[:num_samples]

    def to_bytes(self, samples):
        return samples.astype(np.uint8)


def first_pixel(images):
    """An extractor whose class is the first pixel."""
    return SimpleNamespace(probabilities=np.eye(10)[images[:, 0, 0, 0]])


def report(callback, samples):
    callback.set_model(Samples(samples))
    logs = {}
    callback.on_epoch_end(0, logs)
    return logs


def images_of(levels):
    return np.broadcast_to(np.reshape(levels, (-1, 1, 1, 1)), (len(levels), 2, 2, 1))


def test_even_classes_pass_and_missing_ones_are_named():
    callback = ModeCollapse(extractor=first_pixel)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        even = report(callback, images_of(np.arange(100) % 10))
    assert even == {"smallest_class": pytest.approx(0.1)}
    with pytest.warns(UserWarning, match=r"2 of 10 classes.*class 8: 0.00%, class 9"):
        few = report(callback, images_of(np.arange(104) % 8))
    assert few == {"smallest_class": 0.0}


def test_distances_fall_to_zero_as_samples_become_the_same():
    images = np.random.default_rng(0).normal(size=(50, 2, 2, 1)).astype("f4")
    callback = ModeCollapse(images)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same = report(callback, images[::-1])
    assert same == {"relative_distance": pytest.approx(1.0)}
    with pytest.warns(UserWarning, match="only 0.25 times as far"):
        assert report(callback, 3 + images / 4)["relative_distance"] == pytest.approx(
            0.25, rel=1e-5
        )
    with pytest.warns(UserWarning, match="only 0.00 times"):
        report(callback, images[:1].repeat(50, axis=0))


def test_the_mean_distance_is_that_of_all_pairs():
    points = np.random.default_rng(1).normal(size=(6, 3))
    pairs = [np.linalg.norm(a - b) for i, a in enumerate(points) for b in points[:i]]
    assert mean_distance(points) == pytest.approx(np.mean(pairs))


def test_it_looks_every_so_many_epochs_and_logs_nan_between():
    contract = contract_of(GAN)()
    model = contract.fresh()
    callback = ModeCollapse(contract.x(), num_samples=8, epochs=2)
    with pytest.warns(UserWarning, match="Mode collapse"):
        history = model.fit(
            contract.x(), epochs=4, verbose=0, callbacks=[callback]
        ).history
    found = np.isfinite(history["relative_distance"])
    np.testing.assert_array_equal(found, [False, True, False, True])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Give either"),
        ({"images": np.ones((3, 2)), "extractor": first_pixel}, "Give either"),
        ({"images": np.ones((1, 2))}, "at least two"),
        ({"images": np.ones((3, 2))}, "all the same"),
        ({"extractor": first_pixel, "num_samples": 1}, "`num_samples`"),
        ({"extractor": first_pixel, "epochs": 0}, "`epochs`"),
        ({"extractor": first_pixel, "seed": -1}, "`seed`"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ModeCollapse(**arguments)
