"""The service, bytes in and bytes out, against what the model itself says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kedge
from kedge._core import Service
from tests.serve.messages import message

TWO_LEAVES = (
    b"tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\n"
    b"objective=binary sigmoid:1\nfeature_names=a b\nfeature_infos=[0:1] [0:1]\ntree_sizes=100\n\n"
    b"Tree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=1\nsplit_gain=1\nthreshold=0.5\n"
    b"decision_type=2\nleft_child=-1\nright_child=-2\nleaf_value=-1 2\nleaf_weight=1 1\n"
    b"leaf_count=1 1\ninternal_value=0\ninternal_weight=0\ninternal_count=2\nis_linear=0\n"
    b"shrinkage=1\n\n\nend of trees\n"
)
X = np.array([[0, 0], [0, 1], [1, 0]])
OK, INVALID_ARGUMENT, NOT_FOUND, UNIMPLEMENTED = 0, 3, 5, 12


@pytest.fixture
def service(tmp_path: Path) -> Service:
    (tmp_path / "m").mkdir()
    kedge.compile(TWO_LEAVES).save(tmp_path / "m" / "1.kedge")
    return Service(str(tmp_path))


def ask(service: Service, method: str, request: str, **fields: Any) -> Any:
    code, text, answer = service.handle(method, message(request)(**fields).SerializeToString())
    assert (code, text) == (OK, "")
    return message(request.replace("Request", "Response")).FromString(answer)


def infer(service: Service, x: np.ndarray, datatype: str, **fields: Any) -> Any:
    tensor = {"name": "rows", "datatype": datatype, "shape": x.shape}
    fields = {"model_name": "m", "raw_input_contents": [x.tobytes()], **fields}
    return ask(service, "ModelInfer", "ModelInferRequest", inputs=[tensor], **fields)


@pytest.mark.parametrize("datatype", ["FP32", "FP64", "INT8", "UINT16", "INT64", "BOOL"])
def test_rows_of_any_type_score_as_the_model_says(service: Service, datatype: str) -> None:
    name = {"FP32": "float32", "FP64": "float64"}.get(datatype, datatype.lower())
    answer = infer(service, X.astype(name), datatype, id="7")
    assert (answer.model_name, answer.model_version, answer.id) == ("m", "1", "7")
    assert [(out.name, out.datatype, out.shape) for out in answer.outputs] == [
        ("score", "FP64", [3, 1])
    ]
    wanted = kedge.compile(TWO_LEAVES).predict(X.astype(float))
    assert answer.raw_output_contents[0] == wanted.tobytes()


def test_typed_requests_have_typed_answers(service: Service) -> None:
    tensor = {
        "name": "rows",
        "datatype": "FP64",
        "shape": X.shape,
        "contents": {"fp64_contents": X.astype(float).ravel()},
    }
    answer = ask(
        service,
        "ModelInfer",
        "ModelInferRequest",
        model_name="m",
        inputs=[tensor],
        outputs=[{"name": "raw"}],
    )
    assert list(answer.outputs[0].contents.fp64_contents) == [-1, 2, -1]
    assert not answer.raw_output_contents


def test_no_rows_are_no_scores(service: Service) -> None:
    answer = infer(service, np.empty((0, 2)), "FP64")
    assert (list(answer.outputs[0].shape), answer.raw_output_contents) == ([0, 1], [b""])


def test_a_model_comes_and_goes(service: Service) -> None:
    assert ask(service, "ServerLive", "ServerLiveRequest").live
    assert ask(service, "ServerReady", "ServerReadyRequest").ready
    assert ask(service, "ServerMetadata", "ServerMetadataRequest").name == "kedge"
    about = ask(service, "ModelMetadata", "ModelMetadataRequest", name="m")
    assert (list(about.versions), about.platform) == (["1"], "kedge")
    assert [(one.name, list(one.shape)) for one in about.inputs] == [("rows", [-1, 2])]
    assert [(one.name, one.datatype, list(one.shape)) for one in about.outputs] == [
        ("score", "FP64", [-1, 1]),
        ("raw", "FP64", [-1, 1]),
        ("probabilities", "FP64", [-1, 2]),
        ("label", "INT64", [-1, 1]),
        ("contributions", "FP64", [-1, 1, 2]),
        ("base", "FP64", [1]),
    ]
    ask(service, "RepositoryModelUnload", "RepositoryModelUnloadRequest", model_name="m")
    assert not ask(service, "ModelReady", "ModelReadyRequest", name="m").ready
    ask(service, "RepositoryModelLoad", "RepositoryModelLoadRequest", model_name="m")
    assert ask(service, "ModelReady", "ModelReadyRequest", name="m", version="1").ready
    index = ask(service, "RepositoryIndex", "RepositoryIndexRequest").models
    assert [(one.name, one.version, one.state) for one in index] == [("m", "1", "READY")]


def test_a_configuration_has_rows_as_batches(service: Service) -> None:
    config = ask(service, "ModelConfig", "ModelConfigRequest", name="m").config
    assert (config.name, config.backend, config.max_batch_size) == ("m", "kedge", 2**31 - 1)
    types = message("ModelConfig").DESCRIPTOR.fields_by_name["input"].message_type
    names = types.fields_by_name["data_type"].enum_type.values_by_number
    said = {one.name: (names[one.data_type].name, list(one.dims)) for one in config.input}
    assert said == {"rows": ("TYPE_FP64", [2])}
    assert {one.name: (names[one.data_type].name, list(one.dims)) for one in config.output} == {
        "score": ("TYPE_FP64", [1]),
        "raw": ("TYPE_FP64", [1]),
        "probabilities": ("TYPE_FP64", [2]),
        "label": ("TYPE_INT64", [1]),
        "contributions": ("TYPE_FP64", [1, 2]),
    }


def test_statistics_count_requests_and_rows(service: Service) -> None:
    infer(service, X * 1.0, "FP64")
    infer(service, X * 1.0, "FP64")
    broken = message("ModelInferRequest")(model_name="m").SerializeToString()
    assert service.handle("ModelInfer", broken)[0] == INVALID_ARGUMENT
    for fields in ({}, {"name": "m"}, {"name": "m", "version": "1"}):
        (stats,) = ask(service, "ModelStatistics", "ModelStatisticsRequest", **fields).model_stats
        assert (stats.name, stats.version) == ("m", "1")
        assert (stats.inference_count, stats.execution_count) == (6, 2)
        about = stats.inference_stats
        assert (about.success.count, about.fail.count) == (2, 1)
        assert about.success.ns > 0
        assert about.fail.ns > 0
        assert stats.last_inference > 1_600_000_000_000
    unknown = message("ModelStatisticsRequest")(name="n").SerializeToString()
    assert service.handle("ModelStatistics", unknown)[0] == NOT_FOUND


def test_explain_gives_what_each_feature_adds(service: Service) -> None:
    tensor = {"name": "rows", "datatype": "FP64", "shape": X.shape}
    request = message("ModelInferRequest")(
        model_name="m", inputs=[tensor], raw_input_contents=[(X * 1.0).tobytes()]
    )
    code, _, answer = service.handle("Explain", request.SerializeToString())
    said = message("ModelInferResponse").FromString(answer)
    assert (code, [one.name for one in said.outputs]) == (OK, ["contributions", "base"])
    wanted = kedge.compile(TWO_LEAVES).explain(X * 1.0)
    assert said.raw_output_contents[0] == np.asarray(wanted.values).tobytes()


def test_an_error_does_not_end_a_stream(service: Service) -> None:
    tensor = {"name": "rows", "datatype": "FP64", "shape": X.shape}
    request = message("ModelInferRequest")(
        model_name="m", id="8", inputs=[tensor], raw_input_contents=[(X * 1.0).tobytes()]
    )
    stream = message("ModelStreamInferResponse")
    code, _, answer = service.stream(request.SerializeToString())
    said = stream.FromString(answer)
    assert (code, said.error_message, said.infer_response.id) == (OK, "", "8")
    _, _, alone = service.handle("ModelInfer", request.SerializeToString())
    assert said.infer_response.SerializeToString() == alone
    request.model_name = "n"
    said = stream.FromString(service.stream(request.SerializeToString())[2])
    assert said.error_message.startswith('NOT_FOUND: model "n" is not served')
    assert said.infer_response.id == "8"
    said = stream.FromString(service.stream(b"\xff")[2])
    assert said.error_message.startswith("INVALID_ARGUMENT: ")


@pytest.mark.parametrize(
    ("code", "says", "shape", "fields"),
    [
        (NOT_FOUND, 'model "n" is not served, there is "m"', [1, 2], {"model_name": "n"}),
        (INVALID_ARGUMENT, "has 3 columns, the model has 2 features", [1, 3], {}),
        (INVALID_ARGUMENT, 'tensor "x": has 1 dimensions', [2], {}),
        (INVALID_ARGUMENT, 'missing columns "a", "b"; columns that the model', [1], {"inputs": 2}),
        (INVALID_ARGUMENT, "the request has no inputs", [1, 2], {"inputs": 0}),
        (INVALID_ARGUMENT, 'output "y"', [1, 2], {"outputs": ["y"]}),
        (INVALID_ARGUMENT, "is wanted twice", [1, 2], {"outputs": ["raw", "raw"]}),
        (UNIMPLEMENTED, "rows of FP16 are not read", [1, 2], {"datatype": "FP16"}),
    ],
)
def test_what_is_wrong_is_a_status(
    service: Service, code: int, says: str, shape: list[int], fields: dict[str, Any]
) -> None:
    datatype = fields.get("datatype", "FP32")
    inputs = [{"name": "x", "datatype": datatype, "shape": shape}] * fields.get("inputs", 1)
    size = int(np.prod(shape)) * (2 if datatype == "FP16" else 4)
    request = message("ModelInferRequest")(
        model_name=fields.get("model_name", "m"),
        inputs=inputs,
        outputs=[{"name": name} for name in fields.get("outputs", [])],
        raw_input_contents=[bytes(size)] * len(inputs),
    )
    got, text, answer = service.handle("ModelInfer", request.SerializeToString())
    assert (got, answer) == (code, b"")
    assert says in text


def test_what_is_not_served_is_said(service: Service) -> None:
    assert service.handle("TraceSetting", b"") == (12, 'method "TraceSetting" is not served', b"")
    assert service.handle("ModelInfer", b"\xff")[0] == INVALID_ARGUMENT


def test_what_is_not_served_names_few_of_many(tmp_path: Path) -> None:
    bundle = kedge.compile(TWO_LEAVES).to_bytes()
    for i in range(100):
        (tmp_path / f"a-long-name-of-a-model-{i:03}").mkdir()
        (tmp_path / f"a-long-name-of-a-model-{i:03}" / "1.kedge").write_bytes(bundle)
    service = Service(str(tmp_path))
    request = message("ModelMetadataRequest")(name="none").SerializeToString()
    code, text, _ = service.handle("ModelMetadata", request)
    assert code == NOT_FOUND
    assert text.endswith('"a-long-name-of-a-model-019" and 80 more')


def test_a_message_is_cut_where_a_letter_ends(service: Service) -> None:
    request = message("ModelMetadataRequest")(name="\u00e5" * 5000).SerializeToString()
    code, text, _ = service.handle("ModelMetadata", request)
    assert code == NOT_FOUND
    assert text.startswith('model "\u00e5\u00e5')
    assert text.endswith("\u00e5 ...")
    assert 1990 < len(text.encode()) <= 2004


def test_an_answer_that_is_too_large_is_refused_and_counted_so(service: Service) -> None:
    rows = np.zeros((100, 2), "float32")
    tensor = {"name": "rows", "datatype": "FP32", "shape": rows.shape}
    request = message("ModelInferRequest")(
        model_name="m", inputs=[tensor], raw_input_contents=[rows.tobytes()]
    ).SerializeToString()
    code, _, answer = service.handle("ModelInfer", request)
    assert code == OK
    service.answer_at_most(len(answer))
    assert service.handle("ModelInfer", request)[0] == OK
    service.answer_at_most(len(answer) - 1)
    why = f"the answer has {len(answer)} bytes, at most {len(answer) - 1} are sent"
    assert service.handle("ModelInfer", request) == (8, why, b"")
    assert 'version="1",code="RESOURCE_EXHAUSTED"} 1' in service.metrics()
