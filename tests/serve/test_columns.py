"""One tensor for each feature, and all that a model answers, against what the model itself says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kedge
from kedge._core import Service
from tests.serve.messages import message
from tests.serve.test_service import INVALID_ARGUMENT, OK, TWO_LEAVES, X, ask

COLORS = (
    b"tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\n"
    b"objective=regression\nfeature_names=size color\nfeature_infos=[0:1] 0:1:2\ntree_sizes=100\n\n"
    b"Tree=0\nnum_leaves=2\nnum_cat=1\nsplit_feature=1\nsplit_gain=1\nthreshold=0\n"
    b"decision_type=1\nleft_child=-1\nright_child=-2\nleaf_value=3 5\nleaf_weight=1 1\n"
    b"leaf_count=1 1\ninternal_value=0\ninternal_weight=0\ninternal_count=2\n"
    b"cat_boundaries=0 1\ncat_threshold=5\nis_linear=0\nshrinkage=1\n\n\nend of trees\n"
    b'[categorical_feature: 1]\npandas_categorical:[["red", "green", "blue"]]\n'
)  # red and blue go left


@pytest.fixture
def service(tmp_path: Path) -> Service:
    for name, text in [("m", TWO_LEAVES), ("colors", COLORS)]:
        (tmp_path / name).mkdir()
        kedge.compile(text).save(tmp_path / name / "1.kedge")
    return Service(str(tmp_path))


def packed(texts: list[str]) -> bytes:
    return b"".join(len(text).to_bytes(4, "little") + text.encode() for text in texts)


def column(name: str, datatype: str, shape: list[int]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape}


def answered(answer: Any, place: int = 0) -> np.ndarray:
    """An output of a raw answer."""
    out = answer.outputs[place]
    dtype = {"FP64": "<f8", "FP32": "<f4", "INT64": "<i8"}[out.datatype]
    return np.frombuffer(answer.raw_output_contents[place], dtype).reshape(list(out.shape))


@pytest.mark.parametrize("shape", [[3], [3, 1]])
def test_a_tensor_for_each_feature_scores_as_one_of_all(service: Service, shape: list[int]) -> None:
    answer = ask(
        service,
        "ModelInfer",
        "ModelInferRequest",
        model_name="m",
        inputs=[column("b", "FP32", shape), column("a", "INT8", shape)],
        raw_input_contents=[X[:, 1].astype("<f4").tobytes(), X[:, 0].astype("i1").tobytes()],
    )
    wanted = kedge.compile(TWO_LEAVES).predict(X * 1.0)
    assert answered(answer).tobytes() == wanted.tobytes()


@pytest.mark.parametrize("is_raw", [True, False])
def test_categories_come_by_name(service: Service, is_raw: bool) -> None:
    names = ["blue", "green", "", "red", "unheard of"]
    color, size = column("color", "BYTES", [5]), column("size", "FP64", [5])
    fields: dict[str, Any] = {"raw_input_contents": [packed(names), bytes(40)]}
    if not is_raw:
        color["contents"] = {"bytes_contents": [name.encode() for name in names]}
        size["contents"] = {"fp64_contents": [0.0] * 5}
        fields = {}
    request = {"model_name": "colors", "inputs": [color, size], **fields}
    answer = ask(service, "ModelInfer", "ModelInferRequest", **request)
    scores = answered(answer).ravel() if is_raw else answer.outputs[0].contents.fp64_contents
    assert list(scores) == [3, 5, 5, 3, 5]
    about = ask(service, "ModelMetadata", "ModelMetadataRequest", name="colors")
    assert [(one.name, one.datatype) for one in about.inputs] == [
        ("size", "FP64"),
        ("color", "BYTES"),
    ]


@pytest.mark.parametrize(
    ("says", "inputs"),
    [
        ('missing columns "color"', [column("size", "FP64", [1])]),
        ("too many", [column(name, "FP64", [1]) for name in ("size", "color", "too many")]),
        (
            'tensor "size": expected numbers, got BYTES',
            [column("size", "BYTES", [1]), column("color", "BYTES", [1])],
        ),
        (
            'tensor "color": expected names of categories',
            [column("size", "FP64", [1]), column("color", "FP64", [1])],
        ),
        (
            'tensor "color": has 2 rows, "size" has 1',
            [column("size", "FP64", [1]), column("color", "BYTES", [2])],
        ),
        ("must be a column", [column("size", "FP64", [1, 2]), column("color", "BYTES", [1])]),
    ],
)
def test_columns_that_do_not_fit_are_named(
    service: Service, says: str, inputs: list[dict[str, Any]]
) -> None:
    sizes = [
        int(np.prod(one["shape"])) * (4 if one["datatype"] == "BYTES" else 8) for one in inputs
    ]
    request = message("ModelInferRequest")(
        model_name="colors", inputs=inputs, raw_input_contents=[bytes(size) for size in sizes]
    )
    code, text, _ = service.handle("ModelInfer", request.SerializeToString())
    assert code == INVALID_ARGUMENT
    assert says in text


def asked(service: Service, outputs: list[str], **parameters: Any) -> Any:
    return ask(
        service,
        "ModelInfer",
        "ModelInferRequest",
        model_name="m",
        inputs=[column("rows", "FP64", [3, 2])],
        outputs=[{"name": name} for name in outputs],
        parameters={name: {"bool_param": value} for name, value in parameters.items()},
        raw_input_contents=[(X * 1.0).tobytes()],
    )


def test_a_classifier_gives_labels_and_probabilities(service: Service) -> None:
    answer = asked(service, ["label", "probabilities", "score"])
    second = kedge.compile(TWO_LEAVES).predict(X * 1.0)
    np.testing.assert_array_equal(answered(answer, 1), np.stack([1 - second, second], axis=1))
    np.testing.assert_array_equal(answered(answer, 0).ravel(), second > 0.5)
    assert answered(answer, 2).tobytes() == second.tobytes()
    code, text, _ = service.handle(
        "ModelInfer",
        message("ModelInferRequest")(
            model_name="colors",
            inputs=[column("rows", "FP64", [1, 2])],
            outputs=[{"name": "label"}],
            raw_input_contents=[bytes(16)],
        ).SerializeToString(),
    )
    assert (code, text) == (
        INVALID_ARGUMENT,
        'output "label": the model has "score", "raw", "contributions", "base"',
    )


def test_an_answer_is_explained_where_that_is_asked(service: Service) -> None:
    model = kedge.compile(TWO_LEAVES)
    plain, explained = asked(service, [], explain=False), asked(service, [], explain=True)
    assert [one.name for one in plain.outputs] == ["score"]
    assert [one.name for one in explained.outputs] == ["score", "contributions", "base"]
    phi, base = answered(explained, 1), answered(explained, 2)
    np.testing.assert_allclose(
        phi.sum(axis=2) + base, model.predict(X * 1.0, raw=True)[:, None], rtol=1e-12
    )
    assert [one.name for one in asked(service, ["base"], explain=True).outputs] == [
        "base",
        "contributions",
    ]


def test_explaining_nothing_is_nothing(service: Service) -> None:
    request = message("ModelInferRequest")(
        model_name="m",
        inputs=[column("rows", "FP64", [0, 2])],
        parameters={"explain": {"bool_param": True}},
        raw_input_contents=[b""],
    )
    code, _, answer = service.handle("ModelInfer", request.SerializeToString())
    said = message("ModelInferResponse").FromString(answer)
    assert code == OK
    assert [list(one.shape) for one in said.outputs] == [[0, 1], [0, 1, 2], [1]]
