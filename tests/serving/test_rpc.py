"""The gRPC server beside `ModelInfer`, and what `ModelInfer` refuses."""

import numpy as np
import pytest

from keras_gen.serving.messages import CONTENTS
from keras_gen.serving.requests import DATATYPES

from .conftest import is_image

grpc = pytest.importorskip("grpc")
protocol = pytest.importorskip("mlserver.grpc.dataplane_pb2")
services = pytest.importorskip("mlserver.grpc.dataplane_pb2_grpc")

PAIRS = np.array([(7, 0), (7, 1)], np.int32)
SERVICE = "inference.GRPCInferenceService"


@pytest.fixture(scope="module")
def channel(served):
    with grpc.insecure_channel(f"127.0.0.1:{served.port + 1}") as channel:
        yield channel


@pytest.fixture(scope="module")
def stub(channel):
    return services.GRPCInferenceServiceStub(channel)


def infer_request(raw=(), contents=(), version="", num_inputs=1):
    request = protocol.ModelInferRequest(model_name="gan", model_version=version)
    for _ in range(num_inputs):
        seed = request.inputs.add(name="seed", datatype="INT32", shape=[2, 2])
    seed.contents.int_contents.extend(contents)
    request.raw_input_contents.extend(raw)
    return request


def refusal(call, request):
    """The name of the code and the details of a refused call."""
    with pytest.raises(grpc.RpcError) as refused:
        call(request)
    return refused.value.code().name, refused.value.details()


@pytest.mark.parametrize("version", ["", "1"])
def test_the_version_is_known(served, stub, version):
    model = served.models["gan"]
    expected = model.x_domain.to_bytes(model.sample(2, seed=7)).astype(int)
    answer = stub.ModelInfer(infer_request([PAIRS.tobytes()], version=version))
    found = np.frombuffer(answer.raw_output_contents[0], np.uint8)
    assert is_image(found.reshape(answer.outputs[0].shape).astype(int), expected)
    assert answer.model_version == "1"
    request = protocol.ModelReadyRequest(name="gan", version=version)
    assert stub.ModelReady(request).ready


@pytest.mark.parametrize("version", ["7", "1.0", "x" * 5000])
def test_another_version_is_refused_with_the_one_there_is(stub, version):
    request = infer_request([PAIRS.tobytes()], version=version)
    code, details = refusal(stub.ModelInfer, request)
    assert code == "NOT_FOUND"
    assert f"Model gan has version '1' only. Received: '{version[:9]}" in details
    assert len(details) < 200


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (infer_request([PAIRS.tobytes()] * 2), "each of the 1 inputs, or none. Re"),
        (infer_request([PAIRS.tobytes(), b""]), "each of the 1 inputs, or none. Re"),
        (infer_request([PAIRS.tobytes()], num_inputs=2), "of the 2 inputs, or none"),
        (infer_request([PAIRS.tobytes()], [7, 0, 7, 1]), "Received both"),
        (infer_request([PAIRS.tobytes()] * 2, num_inputs=2), "inputs must be seed"),
        (infer_request([PAIRS.tobytes() + b"1"]), "of 4 bytes. Received 17 bytes"),
        (infer_request([b""]), "`seed` must hold 4 values of 4 bytes. Received 0"),
        (infer_request(contents=[7]), "`seed` must hold 4 values"),
    ],
)
def test_surplus_and_doubled_contents_are_refused(stub, request_, reason):
    code, details = refusal(stub.ModelInfer, request_)
    assert code == "INVALID_ARGUMENT"
    assert reason in details


def test_contents_of_another_datatype_are_refused(stub):
    request = infer_request()
    request.inputs[0].contents.fp32_contents.extend([7, 0, 7, 1])
    code, details = refusal(stub.ModelInfer, request)
    assert code == "INVALID_ARGUMENT"
    assert "must have `int_contents`. Received: fp32_contents" in details


def test_streams_are_refused_with_a_sentence(stub):
    requests = iter([infer_request([PAIRS.tobytes()])])
    code, details = refusal(lambda r: list(stub.ModelStreamInfer(r)), requests)
    assert code == "UNIMPLEMENTED"
    assert details == "There are no streams: send each request by ModelInfer."


def test_a_message_has_a_field_for_each_datatype():
    # The protocol sends FP16 as bytes only.
    assert CONTENTS.keys() == {*DATATYPES.values()} - {"FP16"}
    fields = protocol.InferTensorContents.DESCRIPTOR.fields_by_name
    assert set(CONTENTS.values()) <= set(fields)


def test_the_health_service_answers(channel):
    pb = pytest.importorskip("grpc_health.v1.health_pb2")
    from grpc_health.v1.health_pb2_grpc import HealthStub

    health = HealthStub(channel)
    for name in ("", SERVICE):
        request = pb.HealthCheckRequest(service=name)
        assert health.Check(request).status == pb.HealthCheckResponse.SERVING
        watched = health.Watch(request, timeout=600)
        assert next(watched).status == pb.HealthCheckResponse.SERVING
        watched.cancel()
    code, _ = refusal(health.Check, pb.HealthCheckRequest(service="other"))
    assert code == "NOT_FOUND"


def test_the_reflection_service_answers(channel):
    pytest.importorskip("grpc_reflection")
    from google.protobuf.descriptor_pool import DescriptorPool
    from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
        ProtoReflectionDescriptorDatabase,
    )

    found = ProtoReflectionDescriptorDatabase(channel)
    assert {SERVICE, "grpc.health.v1.Health"} <= set(found.get_services())
    service = DescriptorPool(found).FindServiceByName(SERVICE)
    assert service.FindMethodByName("ModelInfer").input_type.name == "ModelInferRequest"


def test_messages_that_name_no_model_are_short(channel):
    call = channel.unary_unary(f"/{SERVICE}/ServerLive")
    assert refusal(call, bytes(5000))[0] == "RESOURCE_EXHAUSTED"
    assert refusal(call, b"\xff")[0] == "INVALID_ARGUMENT"


def test_whatever_message_comes_is_answered(channel):
    """Messages of which some bytes are changed, cut or added."""
    random = np.random.default_rng(0)
    call, codes = channel.unary_unary(f"/{SERVICE}/ModelInfer"), set()
    for number in range(300):
        raw = [PAIRS.tobytes()] if number % 2 else []
        message = infer_request(raw, [] if raw else [7, 0, 7, 1]).SerializeToString()
        changed = bytearray(message)
        for place in random.integers(len(message), size=random.integers(1, 4)):
            changed[place] = random.integers(256)
        changed = changed[: random.integers(1, len(message) + 1)] + random.bytes(
            random.integers(0, 9)
        )
        try:
            call(bytes(changed))
        except grpc.RpcError as error:
            codes.add(error.code().name)
    assert codes <= {"INVALID_ARGUMENT", "NOT_FOUND"}
