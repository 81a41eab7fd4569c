"""Labels that come for answers: joined by the request's id, counted, and never lost."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

import kedge
from kedge._core import Service
from kedge.serve.feedback import Feedback
from tests.serve.messages import message
from tests.serve.test_drift import save
from tests.serve.test_metrics import labels, parsed
from tests.serve.test_service import INVALID_ARGUMENT, NOT_FOUND, OK, TWO_LEAVES, infer

OFF = (0.0, 0.02, 1e-6, 3600.0)
FAILED_PRECONDITION = 9
FEEDBACK = "/kedge.v1.Kedge/Feedback"
INFER = "/inference.GRPCInferenceService/ModelInfer"
OWN = labels(model="m", version="1")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "state").mkdir()
    return save(tmp_path / "models", kedge.compile(TWO_LEAVES))


@pytest.fixture
def service(models: Path) -> Service:
    return opened(models)


def opened(models: Path, remembered: int = 1000) -> Service:
    service = Service(str(models), OFF, remembered)
    service.keep_in(str(models.parent / "state"))
    return service


def request_of(became: dict[str, list[float]], model: str = "m") -> bytes:
    said = [{"request_id": name, "values": values} for name, values in became.items()]
    request = message("kedge.v1.FeedbackRequest")(model_name=model, labels=said)
    out: bytes = request.SerializeToString()
    return out


def tell(service: Service, became: dict[str, list[float]]) -> Any:
    code, text, answer = service.handle("Feedback", request_of(became))
    assert (code, text) == (OK, "")
    return message("kedge.v1.FeedbackResponse").FromString(answer)


def refused(service: Service, became: dict[str, list[float]], model: str = "m") -> tuple[int, str]:
    code, text, answer = service.handle("Feedback", request_of(became, model))
    assert answer == b""
    return code, text


def rows(seed: int, many: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(size=(many, 2))


def test_labels_say_how_good_the_answers_were(service: Service) -> None:
    x = rows(0, 60)
    became = (np.random.default_rng(1).uniform(size=60) < 0.5).astype(float)
    for i in range(20):
        infer(service, x[3 * i : 3 * i + 3], "FP64", id=f"r{i}")
    for part in (range(15), range(15, 20)):
        answer = tell(service, {f"r{i}": list(became[3 * i : 3 * i + 3]) for i in part})
        assert answer.accepted == 3 * len(part)
    wanted = kedge.Performance("binary", prediction="score", target="y")
    wanted.update({"score": kedge.compile(TWO_LEAVES).predict(x), "y": became})
    result = wanted.result()
    samples = parsed(service.metrics())
    assert samples["kedge_feedback_rows_total"] == {OWN: 60}
    found = {dict(key)["loss"]: value for key, value in samples["kedge_quality_loss"].items()}
    assert found["wrong"] == pytest.approx(1 - result.accuracy, abs=1e-15)
    assert found["log"] == pytest.approx(result.log_loss, abs=1e-15)
    assert found["brier"] == pytest.approx(result.brier, abs=1e-15)
    assert samples["kedge_quality_auc"] == {OWN: result.auc.value}


def test_unknown_and_repeated_labels_are_counted_and_named(service: Service) -> None:
    infer(service, rows(0, 1), "FP64", id="a")
    answer = tell(service, {"nobody": [1], "a": [1], "b": [0, 0]})
    assert (answer.accepted, answer.unknown, answer.duplicates) == (1, 2, 0)
    assert list(answer.unknown_ids) == ["nobody", "b"]
    answer = tell(service, {"a": [0]})
    assert (answer.accepted, answer.unknown, answer.duplicates) == (0, 0, 1)
    assert list(answer.duplicate_ids) == ["a"]
    samples = parsed(service.metrics())
    assert samples["kedge_feedback_unknown_total"] == {frozenset(): 2}
    assert samples["kedge_feedback_duplicates_total"] == {frozenset(): 1}
    many = tell(service, {f"n{i}": [1.0] for i in range(150)})
    assert (many.unknown, len(many.unknown_ids)) == (150, 100)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([1.0], 'request "b": 1 values, it had 2 rows'),
        ([1.0, 2.0], 'request "b": values[1] = 2 is neither 0 nor 1'),
        ([float("nan"), 0.0], 'request "b": values[0] = nan is neither 0 nor 1'),
    ],
)
def test_labels_that_cannot_be_are_refused_and_none_of_the_call_is_taken(
    service: Service, values: list[float], says: str
) -> None:
    infer(service, rows(0, 1), "FP64", id="a")
    infer(service, rows(0, 2), "FP64", id="b")
    assert refused(service, {"a": [1], "b": values}) == (INVALID_ARGUMENT, says)
    assert tell(service, {"a": [1], "b": [0, 1]}).accepted == 3


def test_what_is_not_there_is_refused_by_name(models: Path) -> None:
    service = Service(str(models), OFF)
    code, text = refused(service, {"a": [1]})
    assert (code, "no folder for its state" in text) == (FAILED_PRECONDITION, True)
    code, text = refused(service, {"a": [1]}, model="n")
    assert (code, text) == (NOT_FOUND, 'model "n" is not served, there is "m"')
    assert refused(service, {"": [1]}) == (INVALID_ARGUMENT, "a label without a request_id")
    with pytest.raises(kedge.InvalidArgument, match="there is no folder"):
        service.keep_in(str(models / "nowhere"))


def test_memory_of_answers_is_bounded(models: Path) -> None:
    service = opened(models, remembered=160)
    for i in range(1000):
        infer(service, rows(0, 1), "FP64", id=str(i))
    answer = tell(service, {str(i): [1.0] for i in range(1000)})
    assert 80 <= answer.accepted <= 160
    assert tell(service, {"999": [1.0]}).duplicates == 1


def test_a_restart_goes_on_where_it_was(models: Path) -> None:
    before = opened(models)
    for i in range(10):
        infer(before, rows(i, 2), "FP64", id=str(i))
    tell(before, {str(i): [0.0, 1.0] for i in range(10)})
    wanted = parsed(before.metrics())
    with pytest.raises(kedge.InvalidArgument, match="another server has it"):
        opened(models)
    before.let_go()
    assert refused(before, {"3": [0.0, 1.0]})[0] == FAILED_PRECONDITION
    after = opened(models)
    found = parsed(after.metrics())
    for name in ("kedge_feedback_rows_total", "kedge_quality_loss", "kedge_quality_auc"):
        assert found[name] == wanted[name]
    assert tell(after, {"3": [0.0, 1.0]}).duplicates == 1


def test_a_log_that_is_damaged_is_refused(models: Path) -> None:
    before = opened(models)
    for name in ("a", "b"):
        infer(before, rows(0, 1), "FP64", id=name)
        tell(before, {name: [1.0]})
    del before
    path = models.parent / "state" / "service.log"
    whole = path.read_bytes()
    path.write_bytes(whole[:20] + b"\xff" + whole[21:])
    with pytest.raises(kedge.CorruptData, match="the record at 8 is damaged"):
        opened(models)
    path.write_bytes(whole[:-1])
    assert parsed(opened(models).metrics())["kedge_feedback_rows_total"] == {OWN: 1}


@contextlib.contextmanager
def running(transport: str, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server in a process of its own, that can be killed."""
    command = [sys.executable, "-m", "kedge", "serve", "--json", "--transport", transport]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            target = json.loads(process.stdout.readline())["target"]
            yield process, int(target.rpartition(":")[2])
        finally:
            process.kill()


def test_a_killed_server_has_lost_no_label_that_it_acknowledged(
    models: Path, transport: str
) -> None:
    request = message("ModelInferRequest")(
        model_name="m",
        inputs=[{"name": "rows", "datatype": "FP64", "shape": [1, 2]}],
        raw_input_contents=[bytes(16)],
    )
    acknowledged: list[str] = []
    state = str(models.parent / "state")
    with (
        running(transport, str(models), "--port", "0", "--state", state) as (process, port),
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        infer, feedback = channel.unary_unary(INFER), channel.unary_unary(FEEDBACK)
        with contextlib.suppress(grpc.RpcError):
            for i in range(200):
                request.id = f"r{i}"
                infer(request.SerializeToString(), timeout=10)
                call = feedback.future(request_of({f"r{i}": [1.0]}), timeout=10)
                if i == 100:
                    os.kill(process.pid, signal.SIGKILL)  # while that one is on its way
                answer = message("kedge.v1.FeedbackResponse").FromString(call.result())
                assert answer.accepted == 1
                acknowledged.append(f"r{i}")
        process.wait(10)
    assert len(acknowledged) in (100, 101)
    after = opened(models)
    answer = tell(after, {name: [1.0] for name in acknowledged})
    assert (answer.duplicates, answer.unknown) == (len(acknowledged), 0)
    counted = parsed(after.metrics())["kedge_feedback_rows_total"][OWN]
    assert counted in (len(acknowledged), len(acknowledged) + 1)


def test_the_client_says_what_became_of_rows(models: Path, serve_in: Any) -> None:
    server = serve_in(models, state=str(models.parent / "state"))
    with kedge.Client(f"127.0.0.1:{server.port}") as client:
        client.infer("m", {"rows": rows(0, 2)}, id="a")
        client.infer("m", {"rows": rows(0, 1)}, id="b")
        answer = client.feedback("m", {"a": np.array([True, False]), "b": 1, "c": [0.0]})
        assert answer == Feedback(3, unknown=1, unknown_ids=("c",))
        again = client.feedback("m", {"a": [1, 0]})
        assert again == Feedback(0, duplicates=1, duplicate_ids=("a",))
        with pytest.raises(kedge.InvalidArgument, match="a label without"):
            client.feedback("m", {"": [1]})


def test_a_token_for_feedback_is_for_nothing_else(
    models: Path, tmp_path: Path, serve_in: Any
) -> None:
    tokens = {"infer": "0123456789abcdef", "feedback": "123456789abcdef0"}
    tokens["admin"] = "23456789abcdef01"
    file = tmp_path / "tokens"
    file.write_text("\n".join(f"{scope} {token}" for scope, token in tokens.items()))
    server = serve_in(models, state=str(tmp_path / "state"), token_file=str(file))
    request = message("ModelInferRequest")(
        model_name="m",
        id="a",
        inputs=[{"name": "rows", "datatype": "FP64", "shape": [1, 2]}],
        raw_input_contents=[bytes(16)],
    ).SerializeToString()
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:

        def ended(method: str, body: bytes, scope: str) -> grpc.StatusCode:
            header = [("authorization", f"Bearer {tokens[scope]}")]
            try:
                channel.unary_unary(method)(body, timeout=10, metadata=header)
            except grpc.RpcError as error:
                code: grpc.StatusCode = error.code()
                return code
            return grpc.StatusCode.OK

        denied = grpc.StatusCode.PERMISSION_DENIED
        assert ended(INFER, request, "feedback") == denied
        assert ended(INFER, request, "infer") == grpc.StatusCode.OK
        assert ended(FEEDBACK, request_of({"a": [1.0]}), "infer") == denied
        assert ended(FEEDBACK, request_of({"a": [1.0]}), "feedback") == grpc.StatusCode.OK
        assert ended(FEEDBACK, request_of({"a": [1.0]}), "admin") == grpc.StatusCode.OK
