"""Commands that put models to use: exports and a server."""

import importlib.util
from typing import Literal

from keras_gen.cli.printing import check_flag
from keras_gen.zoo.startup import import_tensorflow


def export(
    model,
    *,
    format: Literal["saved_model", "tflite", "onnx"] = "saved_model",
    out: str | None = None,
    overwrite: bool = False,
    batch_size: int | Literal["any"] | None = None,
    precision: Literal["float32", "float16", "int8"] | None = None,
    signatures: list[str] | None = None,
):
    """Writes a model as a SavedModel, a TFLite file or ONNX files, and checks them.

    Args:
        model: A zoo entry, a saved model or the folder of a run.
        format: What to write.
        out: Where to write. Without this flag, a name in exports/.
        overwrite: Replaces what exists there.
        batch_size: For tflite; number of rows that the file takes at once. Without this
            flag, 1.
        precision: For tflite; how weights are stored. Without this flag, float32.
        signatures: For tflite and onnx; what the files can do. Without this flag, all
            that the model can.
    """
    import_tensorflow()
    from keras_gen.export import (
        export_onnx,
        export_saved_model,
        export_tflite,
        saved_model_report,
    )
    from keras_gen.zoo.shelf.loading import find, label_of

    for flag, value, formats in (
        ("batch_size", batch_size, ["tflite"]),
        ("precision", precision, ["tflite"]),
        ("signatures", signatures, ["tflite", "onnx"]),
    ):
        if value is not None and format not in formats:
            formats = " or ".join(f"--format={name}" for name in formats)
            raise ValueError(f"export takes --{flag} with {formats} only")
    found = find(model)
    opened, label = found.load(), label_of(model)
    if format == "tflite":
        report = export_tflite(
            opened,
            out or f"exports/{label}.tflite",
            None if batch_size == "any" else 1 if batch_size is None else batch_size,
            precision or "float32",
            signatures,
            overwrite,
            _extractor(found) if precision == "int8" else None,
        )
    elif format == "onnx":
        report = export_onnx(
            opened, out or f"exports/{label}_onnx", signatures, overwrite
        )
    else:
        path = export_saved_model(
            opened, out or f"exports/{label}", overwrite=overwrite
        )
        report = saved_model_report(opened, path)
    _print_report(report)


def _print_report(report):
    print(f"Wrote {report.path}: {report.num_bytes:,} bytes")
    for signature, (inputs, outputs) in report.signatures.items():
        print(
            f"  {signature}({', '.join(inputs)}) -> {', '.join(outputs)}: "
            f"{report.parity[signature]}"
        )
    if report.distance is not None:
        extractor, value, floor, num = report.distance
        print(
            f"  {num:,} samples: FD[{extractor}] {value:.3g} from others of the model, "
            f"{floor:.3g} of the model's own"
        )


def _extractor(found):
    """The extractor that a recipe names; None for a recipe or a model without one."""
    from keras_gen.zoo.evaluation.extraction import extractor
    from keras_gen.zoo.shelf.run import SavedModel

    if isinstance(found, SavedModel):
        return None
    recipe = found.recipe
    return extractor(recipe.extractor) if hasattr(recipe, "extractor") else None


def serve(
    *models,
    format: Literal["tflite", "saved_model"] = "tflite",
    out: str | None = None,
    overwrite: bool = False,
    host: str = "127.0.0.1",
    port: int = 8080,
    workers: int = 1,
    queue: int = 1024,
    deadline: int = 60,
    drain: int = 0,
):
    """Serves models over REST and gRPC.

    Args:
        models: Zoo entries, saved models or folders of runs.
        format: What the server runs.
        out: Folder for the exported models. Without this flag,
            exports/repository/FORMAT.
        overwrite: Exports again what is in the folder already.
        host: Address to listen on.
        port: REST port; gRPC uses the next port, metrics the one after it.
        workers: Processes that run the models.
        queue: Requests that may wait for a worker; others are refused.
        deadline: Seconds until a request is given up.
        drain: Seconds for which a server that is told to stop still takes requests,
            while it says that it is not ready.
    """
    if importlib.util.find_spec("mlserver") is None:
        raise ImportError(
            "the server needs mlserver, on Python 3.11 or 3.12: pip install "
            "'keras-gen[serve]'"
        )
    from keras_gen.serving.repository import write_repository

    folder = out or f"exports/repository/{format}"
    check_flag("workers", workers, 1, 1024)
    check_flag("port", port, 1, 65533)
    check_flag("queue", queue, 1, 2**20)
    check_flag("deadline", deadline, 1, 86400)
    check_flag("drain", drain, 0, 86400)
    served = write_repository(models, folder, format, overwrite, in_process=False)
    from keras_gen.serving.server import serve as run_server

    print(f"Serving {', '.join(served)} at http://{host}:{port}", flush=True)
    run_server(folder, served, host, port, workers, queue, deadline, drain)
