"""Tests of what is drawn of a model of points in the plane."""

import numpy as np
import tensorflow as tf

from keras_gen.domains import Vectors
from keras_gen.models import MAF
from keras_gen.random import Rows
from keras_gen.zoo.pictures import density_beside_points, save_made


def model_of_points():
    model = MAF(Vectors(2), 1, ())
    model.compiled_sampling = False
    # Shifts by 2 to the right and by 1 up, with deviations of one half.
    wanted = np.array([[1.5, 0.5], [2.5, 1.5]], np.float32)
    model.adapt(wanted)
    return model


def points(num):
    return 0.5 * np.array(Rows(num, 3).normal((2,), "points")) + [2.0, 1.0]


def test_points_density_and_samples_lie_in_the_same_place():
    picture = density_beside_points(model_of_points(), points(2000), size=40)
    assert picture.shape == (40, 120, 1)
    ink = 255.0 - picture.reshape(40, 3, 40).transpose(1, 0, 2)
    rows, columns = np.mgrid[:40, :40]
    for axis in (rows, columns):
        centres = (ink * axis).sum(axis=(1, 2)) / ink.sum(axis=(1, 2))
        np.testing.assert_allclose(centres, centres[0], atol=1.0)
    # Up is up: a point at the upper right darkens the upper right of its panel.
    corner = np.concatenate([points(50), [[9.0, 9.0]] * 50])
    left = density_beside_points(model_of_points(), corner, size=20)[:, :20, 0]
    assert (left[:5, 15:] < 255).any()
    assert (left[:5, :10] == 255).all()


def test_a_run_of_points_is_drawn(tmp_path):
    class Recipe:
        name = "points"

        @staticmethod
        def data(split, **options):
            return tf.data.Dataset.from_tensors(points(100))

    path = save_made(Recipe(), model_of_points(), tmp_path / "samples")
    assert path.name == "samples.png"
    assert path.is_file()
