"""Exports models as ONNX files, which run without TensorFlow."""

from pathlib import Path

import numpy as np

from keras_gen.export.parity import ExportReport, check_parity, compare, probes
from keras_gen.export.signatures import (
    check_float32,
    chosen_of,
    function_of,
    signatures_of,
    specs_of,
)
from keras_gen.export.writing import check_absent, make_room
from keras_gen.files import written_whole
from keras_gen.lazy import optional_import

_OPSET = 18
_PROBED_IMAGES = 20


def export_onnx(model, directory, signatures=None, overwrite=False) -> ExportReport:
    """Writes a model as ONNX files, one for each signature, and checks them.

    The file `directory/<signature>.onnx` takes any number of examples, and draws its
    noise from seeds. Each file is run in ONNX Runtime and compared with the model. The
    folder appears only after all its files have passed.

    Args:
        model: One of `keras_gen.models`, or a functional `keras.Model` of one input and
            one output.
        directory: String or path, the folder of the files.
        signatures: Sequence of names, of `signatures_of()`. Defaults to all.
        overwrite: Boolean, whether to replace an existing folder.

    Returns:
        `ExportReport`. An output that has the name of an input is `<name>_out`: names
        in a file are different.

    Raises:
        ValueError: If an argument is wrong, the model does not compute in float32 or
            needs an operation that tf2onnx does not convert, or a file gives other
            results than the model.
        OSError: If it cannot be written, for instance because the disk is full.
        ImportError: If tf2onnx or onnxruntime, of the extra `onnx`, is not installed.
    """
    for module in ("tf2onnx.convert", "onnxruntime"):
        optional_import(module, "onnx", "an ONNX file")
    known = signatures_of(model)
    check_float32(model)
    chosen = chosen_of(known, signatures)
    directory = Path(directory)
    check_absent(directory, overwrite, "directory")
    make_room(directory.parent)
    names, parity = {}, {}
    with written_whole(directory) as partial:
        partial.mkdir()
        for name, probe in probes(model, chosen, _PROBED_IMAGES).items():
            path = partial / f"{name}.onnx"
            outputs = [_output_name(n, probe.inputs) for n in probe.outputs]
            path.write_bytes(_converted(chosen[name]))
            found = _run(path, probe.inputs, outputs)
            parity[name] = compare(probe, dict(zip(probe.outputs, found, strict=True)))
            names[name] = (list(probe.inputs), outputs)
        check_parity(model, "float32", parity)
    num_bytes = sum(path.stat().st_size for path in directory.iterdir())
    return ExportReport(directory, num_bytes, names, parity)


def _output_name(name, inputs):
    return f"{name}_out" if name in inputs else name


def _converted(signature):
    """A signature as the bytes of an ONNX file."""
    import onnx
    import tf2onnx.convert

    def call(**inputs):
        outputs = signature.function(**inputs)
        return {_output_name(n, inputs): value for n, value in outputs.items()}

    converted, _ = tf2onnx.convert.from_function(
        function_of(signature._replace(function=call)),
        list(specs_of(signature).values()),
        opset=_OPSET,
        custom_op_handlers={
            "BroadcastArgs": (_broadcast_args, []),
            "Log1p": (_log1p, []),
        },
    )
    # What it cannot convert stays in the graph, where nothing can run it.
    unknown = sorted(set(_unknown_operations(converted.graph)))
    if unknown:
        raise ValueError(
            "`model` needs operations that tf2onnx does not convert: "
            f"{', '.join(unknown)}"
        )
    # Of loops it leaves inputs that nothing reads.
    for found in list(converted.graph.input):
        if found.name not in signature.inputs:
            converted.graph.input.remove(found)
    onnx.checker.check_model(converted)
    return converted.SerializeToString()


# How to write what tf2onnx does not know, as nodes of ONNX.


def _log1p(graph, node, name, args):
    one = graph.make_const(f"{name}/one", np.ones((), np.float32))
    total = graph.make_node("Add", [node.input[0], one.output[0]])
    _replace(graph, node, "Log", total.output)


def _broadcast_args(graph, node, name, args):
    from onnx import TensorProto

    def shape(tensor):
        return graph.make_node("Cast", [tensor], {"to": TensorProto.INT64}).output[0]

    zeros = graph.make_node("ConstantOfShape", [shape(node.input[0])])
    both = graph.make_node("Expand", [zeros.output[0], shape(node.input[1])])
    found = graph.make_node("Shape", both.output)
    to = {"to": graph.get_dtype(node.output[0])}
    _replace(graph, node, "Cast", found.output, to)


def _replace(graph, node, operation, inputs, attributes=None):
    graph.remove_node(node.name)
    graph.make_node(operation, inputs, attributes, name=node.name, outputs=node.output)


def _unknown_operations(graph):
    """The kinds of the nodes of a graph that ONNX does not have."""
    from onnx import AttributeProto, defs

    for node in graph.node:
        if node.domain or not defs.has(node.op_type, _OPSET, ""):
            yield node.op_type
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                yield from _unknown_operations(attribute.g)


def _run(path, inputs, outputs):
    """Outputs of a file: the first row by itself, the others together."""
    from onnxruntime import InferenceSession

    session = InferenceSession(path, providers=["CPUExecutionProvider"])
    parts = [
        session.run(outputs, {name: values[rows] for name, values in inputs.items()})
        for rows in (slice(0, 1), slice(1, None))
    ]
    return [np.concatenate(both) for both in zip(*parts, strict=True)]
