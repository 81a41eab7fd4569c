"""A candidate beside the live version: who answers, and what is counted and never answered."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import kedge
from kedge._core import Service
from kedge.serve import Options
from kedge.serve.options import read_config
from kedge.serve.routes import Route
from tests.patience import until
from tests.serve.conftest import SERVERS
from tests.serve.messages import message
from tests.serve.test_service import TWO_LEAVES, X

OTHER_LEAVES = TWO_LEAVES.replace(b"leaf_value=-1 2", b"leaf_value=-1 3")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "m").mkdir()
    for version, text in [("1", TWO_LEAVES), ("2", OTHER_LEAVES)]:
        kedge.compile(text).save(tmp_path / "m" / f"{version}.kedge")
    return tmp_path


def version_of(service: Service, request_id: str, **parameters: str) -> str:
    request = message("ModelInferRequest")(
        model_name="m",
        id=request_id,
        inputs=[{"name": "rows", "datatype": "FP64", "shape": X.shape}],
        parameters={name: {"string_param": value} for name, value in parameters.items()},
        raw_input_contents=[(X * 1.0).tobytes()],
    )
    code, text, answer = service.handle("ModelInfer", request.SerializeToString())
    assert (code, text) == (0, "")
    said = message("ModelInferResponse").FromString(answer)
    text_of = {"1": TWO_LEAVES, "2": OTHER_LEAVES}[said.model_version]
    wanted = kedge.compile(text_of).predict(X * 1.0)
    assert said.raw_output_contents[0] == wanted.tobytes()
    version: str = said.model_version
    return version


def shadow_counts(service: Service) -> dict[str, float]:
    pattern = r'^kedge_shadow_(\w+)\{model="m",version="2"\} (\S+)$'
    found = re.findall(pattern, service.metrics(), re.MULTILINE)
    return {name: float(value) for name, value in found}


def test_a_canary_answers_its_share_and_keeps_its_callers(models: Path) -> None:
    service = Service(str(models))
    service.route([("m", "1", "2", 0.5, 0.0)])
    ways = {name: version_of(service, name) for name in map(str, range(64))}
    assert set(ways.values()) == {"1", "2"}
    assert all(version_of(service, name) == way for name, way in ways.items())
    keyed = {version_of(service, name, sticky_key="one caller") for name in map(str, range(16))}
    assert len(keyed) == 1
    service.route([])
    assert version_of(service, "0") == "2"


def test_versions_of_a_route_that_are_not_served_are_told_of(models: Path) -> None:
    service = Service(str(models))
    service.take_events()
    service.route([("m", "1", "3", 0.5, 0.0), ("n", "1", "2", 0.5, 0.0)])
    told = [json.loads(line) for line in service.take_events()]
    assert [(one["event"], one["model"], one["version"]) for one in told] == [
        ("route", "m", "3"),
        ("route", "n", "1"),
        ("route", "n", "2"),
    ]
    assert "not served" in told[0]["reason"]


def test_what_is_said_of_a_model_is_said_of_the_version_that_answers(models: Path) -> None:
    wide = TWO_LEAVES.replace(b"max_feature_idx=1", b"max_feature_idx=2")
    wide = wide.replace(b"feature_names=a b", b"feature_names=a b c")
    wide = wide.replace(b"feature_infos=", b"feature_infos=[0:1] ")
    kedge.compile(wide).save(models / "m" / "2.kedge")
    service = Service(str(models))

    def width() -> int:
        asked = message("ModelMetadataRequest")(name="m").SerializeToString()
        code, text, answer = service.handle("ModelMetadata", asked)
        assert (code, text) == (0, "")
        (rows,) = (
            one
            for one in message("ModelMetadataResponse").FromString(answer).inputs
            if len(one.shape) == 2 and one.shape[1] > 1
        )
        return int(rows.shape[1])

    assert width() == 3
    service.route([("m", "1", "2", 0.1, 0.0)])
    assert width() == 2
    (models / "m" / "1.kedge").unlink()
    service.rescan()
    asked = message("ModelReadyRequest")(name="m").SerializeToString()
    assert (
        not message("ModelReadyResponse").FromString(service.handle("ModelReady", asked)[2]).ready
    )


def test_the_shadow_is_compared_and_never_answers(models: Path) -> None:
    service = Service(str(models))
    service.route([("m", "1", "2", 0.0, 1.0)])
    for name in map(str, range(10)):
        assert version_of(service, name) == "1"
    until(lambda: shadow_counts(service).get("rows_total") == 30)
    live, candidate = (
        np.asarray(kedge.compile(text).predict(X * 1.0)) for text in (TWO_LEAVES, OTHER_LEAVES)
    )
    counts = shadow_counts(service)
    assert counts.pop("largest_difference") == pytest.approx(np.abs(live - candidate).max())
    assert counts == {
        "rows_total": 30,
        "rows_different_total": 10 * int((live != candidate).sum()),
        "failed_total": 0,
        "dropped_total": 0,
    }


@pytest.mark.parametrize("outputs", [["score"], ["raw"], ["label", "raw"]])
def test_the_shadow_compares_scores_whatever_was_asked_for(
    models: Path, outputs: list[str]
) -> None:
    service = Service(str(models))
    service.route([("m", "1", "2", 0.0, 1.0)])
    request = message("ModelInferRequest")(
        model_name="m",
        inputs=[{"name": "rows", "datatype": "FP64", "shape": list(X.shape)}],
        outputs=[{"name": name} for name in outputs],
        raw_input_contents=[(X * 1.0).tobytes()],
    )
    assert service.handle("ModelInfer", request.SerializeToString())[0] == 0
    until(lambda: shadow_counts(service).get("rows_total") == len(X))
    live, candidate = (
        np.asarray(kedge.compile(text).predict(X * 1.0)) for text in (TWO_LEAVES, OTHER_LEAVES)
    )
    counts = shadow_counts(service)
    assert counts["largest_difference"] == np.abs(live - candidate).max()
    assert counts["rows_different_total"] == int((live != candidate).sum())


def test_a_candidate_that_takes_other_rows_fails_in_the_shadow_alone(models: Path) -> None:
    wide = TWO_LEAVES.replace(b"max_feature_idx=1", b"max_feature_idx=2")
    wide = wide.replace(b"names=a b", b"names=a b c").replace(b"[0:1] [0:1]", b"[0:1] [0:1] [0:1]")
    kedge.compile(wide).save(models / "m" / "2.kedge")
    service = Service(str(models))
    service.route([("m", "1", "2", 0.0, 1.0)])
    assert version_of(service, "a") == "1"
    until(lambda: shadow_counts(service).get("failed_total") == 1)
    assert shadow_counts(service)["rows_total"] == 0


def test_a_call_out_of_time_is_refused_and_not_done(models: Path) -> None:
    service = Service(str(models))
    refused = (4, "the deadline passed before the call began", b"")
    assert service.handle("ServerLive", b"", 0.0) == refused
    assert service.handle("ModelInfer", b"\xff", -1.0) == refused
    assert service.handle("ServerLive", b"", 10.0)[0] == 0
    assert service.handle("ServerLive", b"", float("inf"))[0] == 0
    assert (
        'method="ServerLive",model="",version="",code="DEADLINE_EXCEEDED"} 1' in service.metrics()
    )


def test_a_server_reads_its_routes(models: Path, tmp_path: Path, transport: str) -> None:
    config = tmp_path / "serve.toml"
    config.write_text(
        f'models = "{models}"\nport = 0\n[routes.m]\nlive = "1"\ncandidate = "2"\ncanary = 1\n'
    )
    options = Options(**read_config(str(config)))
    assert options.routes == (Route("m", "1", "2", canary=1),)
    server = SERVERS[transport](options)
    with kedge.Client(f"127.0.0.1:{server.port}") as client:
        wanted = kedge.compile(OTHER_LEAVES).predict(X * 1.0)
        assert client.predict("m", X * 1.0).tobytes() == wanted.tobytes()
    server.stop(0)
    with pytest.raises(kedge.InvalidArgument, match="canary = 2"):
        SERVERS[transport](Options(str(models), port=0, routes=(Route("m", "1", "2", canary=2),)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("routes = 1", ":1: routes: expected tables"),
        ("[routes]\nm = 1", ":2: routes.m: expected a table"),
        ('[routes.m]\nlive = "1"', "candidate is missing"),
        ('[routes.m]\nlive = "1"\ncandidate = 2', ":3: candidate = 2: expected a text"),
        ('[routes.m]\nlive = "1"\ncandidate = "2"\ncanary = true', "expected a number"),
        ('[routes.m]\nlive = "1"\nshare = 1', "there is no such key"),
    ],
)
def test_routes_that_cannot_be_read_are_refused_by_line(
    tmp_path: Path, text: str, says: str
) -> None:
    config = tmp_path / "serve.toml"
    config.write_text(text)
    with pytest.raises(kedge.InvalidArgument, match=re.escape(says)):
        read_config(str(config))
