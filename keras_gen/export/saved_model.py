"""Exports models as SavedModels, which run without Keras and keras_gen."""

from pathlib import Path

import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.export.signatures import function_of, signatures_of, variables_of
from keras_gen.export.writing import check_absent, make_room
from keras_gen.files import written_whole


def export_saved_model(model, directory, version=1, overwrite=False) -> Path:
    """Writes a model as `directory/version/`, the layout of TensorFlow Serving.

    The SavedModel has the signatures of `signatures_of()` and the weights that they
    use, without the optimizer. What `tf.saved_model.load()` returns has the signatures
    as methods too. A method, and a request to TensorFlow Serving, may leave out the
    temperature, which is then 1. The sampling of autoregressive models is compiled with
    XLA, once for each batch size. The folder appears only when it is complete.

    Args:
        model: One of `keras_gen.models`, or a functional `keras.Model` of one input and
            one output.
        directory: String or path, the folder of the model and all its versions.
        version: Integer of at least 1.
        overwrite: Boolean, whether to replace that version if it exists.

    Returns:
        `pathlib.Path` of the version's folder.

    Raises:
        ValueError: If `model` is not such a model or not built, or the version exists.
        OSError: If it cannot be written, for instance because the disk is full.

    Example:
    >>> import tempfile
    >>> import tensorflow as tf
    >>> from keras_gen.export import export_saved_model
    >>> from keras_gen.models import GAN
    >>> from keras_gen.networks import mlp
    >>> generator = mlp((2,), [16], (8, 8, 1), output_activation="tanh")
    >>> gan = GAN(generator, mlp((8, 8, 1), [16], (1,)))
    >>> path = export_saved_model(gan, tempfile.mkdtemp() + "/gan")
    >>> path.parts[-2:]
    ('gan', '1')
    >>> model = tf.saved_model.load(str(path))
    >>> model.sample(seed=[[7, 0], [7, 1]])["x"].shape
    TensorShape([2, 8, 8, 1])
    """
    check_count(version, "version", 1)
    path = Path(directory) / str(version)
    signatures = signatures_of(model, compiled=True)
    check_absent(path, overwrite, "directory")
    make_room(path.parent)
    with written_whole(path) as partial:
        methods = {name: function_of(found) for name, found in signatures.items()}
        module = tf.Module()
        module.weights = variables_of(
            method.get_concrete_function() for method in methods.values()
        )
        for name, method in methods.items():
            setattr(module, name, method)
        write_saved_model(module, methods, partial)
    return path


def write_saved_model(module, functions, path, debug_info=False):
    """Writes signatures as a SavedModel.

    Args:
        module: `tf.Module`, which has their variables.
        functions: Dict from names to functions of tensors with a known signature.
        path: `Path` of its folder.
        debug_info: Boolean, whether to note where each operation came from.
    """
    options = tf.saved_model.SaveOptions(
        experimental_custom_gradients=False, save_debug_info=debug_info
    )
    try:
        tf.saved_model.save(module, str(path), functions, options)
    except tf.errors.OpError as error:
        raise OSError(f"{str(path)!r} cannot be written: {error.message}") from error
