"""Every public model that samples, exported once in both formats."""

import pytest
from contracts import make_tiny, public_models

from keras_gen.export import export_saved_model, export_tflite
from keras_gen.models.base import Sampler


@pytest.fixture(scope="session")
def exports(tmp_path_factory):
    """A folder `NAME/1`, a file `NAME.tflite` for each, and models and reports."""
    folder = tmp_path_factory.mktemp("exports")
    models, reports = {}, {}
    for model_class in public_models():
        if not issubclass(model_class, Sampler):
            continue
        name, model = model_class.__name__, make_tiny(model_class)
        export_saved_model(model, folder / name)
        reports[name] = export_tflite(
            model,
            folder / f"{name}.tflite",
            batch_size=None,
            signatures=("serving_default", "sample"),
        )
        models[name] = model
    return folder, models, reports


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
