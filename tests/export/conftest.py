"""TFLite files of some tiny models, made as they are asked for."""

import functools

import pytest
from contracts import make_tiny

import keras_gen.models
from keras_gen.export import export_tflite


@pytest.fixture(scope="session")
def exports(tmp_path_factory):
    """A function of the name of a model: the model, and the report of its file.

    All files stand in one folder, beside their sampler.
    """
    folder = tmp_path_factory.mktemp("exports")

    @functools.cache
    def export(name):
        model = make_tiny(getattr(keras_gen.models, name))
        signatures = ("serving_default", "sample")
        path = folder / f"{name}.tflite"
        return model, export_tflite(model, path, None, signatures=signatures)

    return export


@pytest.fixture
def gan():
    """A tiny GAN of linear networks."""
    from keras_gen.models import GAN
    from keras_gen.networks import mlp

    generator = mlp((2,), [], (4, 4, 1), output_activation="tanh")
    return GAN(generator, mlp((4, 4, 1), [], (1,)), name="tiny")


@pytest.fixture
def unbuilt():
    """A model that has no weights yet."""
    import keras

    return keras.Sequential([keras.layers.Dense(3)], name="blank")


def files_in(folder):
    """Names of all files and folders, also hidden ones."""
    return sorted(path.name for path in folder.iterdir())
