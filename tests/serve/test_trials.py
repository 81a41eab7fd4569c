"""Candidates that take over, or get no more requests, by what is shown of them."""

from __future__ import annotations

import re
import time
from itertools import count
from pathlib import Path
from typing import Any

import grpc
import lightgbm
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import kedge
from kedge._core import Service
from kedge.serve import Options
from kedge.serve.options import read_config
from kedge.serve.routes import Rules
from tests.patience import until
from tests.serve.messages import message
from tests.serve.test_drift import events
from tests.serve.test_feedback import FEEDBACK, INFER, request_of, running, tell
from tests.serve.test_metrics import parsed
from tests.serve.test_routes import OTHER_LEAVES
from tests.serve.test_service import TWO_LEAVES

LOOKS = (0.02, 0.02, 1e-6, 3600.0)
SHADOW = ("m", 0.05, 0.0, 0.05, 0)
ROUTE = ("m", "1", "2", 0.0, 1.0)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    (folder / "m").mkdir(parents=True)
    (tmp_path / "state").mkdir()
    for version, text in [("1", TWO_LEAVES), ("2", OTHER_LEAVES)]:
        kedge.compile(text).save(folder / "m" / f"{version}.kedge")
    return folder


def opened(models: Path, *rules: Any, route: Any = ROUTE) -> Service:
    service = Service(str(models), LOOKS, 100_000)
    service.route([route], *rules)
    service.keep_in(str(models.parent / "state"))
    return service


def request_for(name: str) -> bytes:
    """A row whose second leaf says yes: version 2 is surer of it than version 1."""
    request = message("ModelInferRequest")(
        model_name="m",
        id=name,
        inputs=[{"name": "rows", "datatype": "FP64", "shape": [1, 2]}],
        raw_input_contents=[np.array([0.0, 1.0]).tobytes()],
    )
    out: bytes = request.SerializeToString()
    return out


def answered_by(service: Service, name: str = "x") -> str:
    code, text, answer = service.handle("ModelInfer", request_for(name))
    assert (code, text) == (0, "")
    version: str = message("ModelInferResponse").FromString(answer).model_version
    return version


def compared(service: Service, rows: int) -> None:
    key = frozenset({("model", "m"), ("version", "2")})
    until(lambda: parsed(service.metrics()).get("kedge_shadow_rows_total", {}).get(key) == rows)


def ask_and_tell(service: Service, label: float, rows: int = 200) -> None:
    for i in range(rows):
        service.handle("ModelInfer", request_for(f"r{i}"))
    compared(service, rows)
    answer = tell(service, {f"r{i}": [label] for i in range(rows)})
    assert answer.accepted == rows


def taken_over(service: Service) -> None:
    until(lambda: answered_by(service) == "2")


def ended(service: Service) -> dict[str, float]:
    samples = parsed(service.metrics())["kedge_trial_ended"]
    return {dict(key)["act"]: value for key, value in samples.items()}


def test_a_better_candidate_takes_over_and_stays_after_a_restart(models: Path) -> None:
    service = opened(models, [SHADOW])
    assert answered_by(service) == "1"
    compared(service, 1)
    for i in range(200):
        service.handle("ModelInfer", request_for(f"r{i}"))
    compared(service, 201)
    tell(service, {f"r{i}": [1.0] for i in range(200)})
    taken_over(service)
    assert ended(service) == {"promotion": 1, "rollback": 0}
    (act,) = events(service)
    assert (act["event"], act["live"], act["candidate"]) == ("promotion", "1", "2")
    assert (act["rule"], act["log_evidence_yes"] >= np.log(20)) == ("shadow", True)
    del service
    again = opened(models, [SHADOW])
    assert answered_by(again) == "2"
    assert ended(again) == {"promotion": 1, "rollback": 0}
    del again
    # A configuration that names another trial is not bound by what came of that one.
    other = opened(models, [SHADOW], route=("m", "1", "2", 0.0, 0.5))
    assert answered_by(other) == "1"
    assert set(parsed(other.metrics())["kedge_trial_log_evidence"].values()) == {0}


def test_a_worse_candidate_gets_no_more_requests(models: Path) -> None:
    service = opened(models, [SHADOW])
    ask_and_tell(service, label=0.0)
    until(lambda: ended(service) == {"promotion": 0, "rollback": 1})
    assert events(service)[0]["event"] == "rollback"
    assert answered_by(service) == "1"
    time.sleep(0.05)
    compared(service, 200)


def test_nothing_is_decided_before_there_are_so_many_rows(models: Path) -> None:
    service = opened(models, [("m", 0.05, 0.0, 0.05, 201)])
    ask_and_tell(service, label=1.0)
    time.sleep(0.2)
    assert ended(service) == {"promotion": 0, "rollback": 0}


def test_evidence_from_labels_survives_a_restart(models: Path) -> None:
    service = opened(models, [("m", 0.05, 0.0, 0.05, 201)])
    ask_and_tell(service, label=1.0)
    evidence = parsed(service.metrics())["kedge_trial_log_evidence"]
    del service
    again = opened(models, [("m", 0.05, 0.0, 0.05, 201)])
    assert parsed(again.metrics())["kedge_trial_log_evidence"] == evidence
    assert max(evidence.values()) > 3


def test_a_canary_whose_calls_fail_is_rolled_back(models: Path) -> None:
    wide = TWO_LEAVES.replace(b"max_feature_idx=1", b"max_feature_idx=2")
    wide = wide.replace(b"names=a b", b"names=a b c").replace(b"[0:1] [0:1]", b"[0:1] [0:1] [0:1]")
    kedge.compile(wide).save(models / "m" / "2.kedge")
    rules = ("m", 1.0, 0.01, 0.01, 0.0, True)
    service = opened(models, [], [rules], route=("m", "1", "2", 0.5, 0.0))
    codes = [service.handle("ModelInfer", request_for(str(i)))[0] for i in range(400)]
    assert 0 < codes.count(3) < 300  # a look in between may end it
    until(lambda: ended(service) == {"promotion": 0, "rollback": 1})
    act = events(service)[0]
    assert (act["event"], act["rule"]) == ("rollback", "canary")
    assert {service.handle("ModelInfer", request_for(str(i)))[0] for i in range(400)} == {0}


def test_without_a_rule_nothing_is_done(models: Path) -> None:
    service = opened(models)
    ask_and_tell(service, label=1.0)
    time.sleep(0.1)
    assert "kedge_trial" not in service.metrics()
    assert answered_by(service) == "1"


def test_rules_that_cannot_be_are_refused_by_model(models: Path) -> None:
    service = Service(str(models), LOOKS)
    with pytest.raises(kedge.InvalidArgument, match='model "n" has rules of a trial and no route'):
        service.route([ROUTE], [("n", 1.0, 0.0, 0.05, 0)])
    with pytest.raises(kedge.InvalidArgument, match='model "m" has the same rules twice'):
        service.route([ROUTE], [SHADOW, SHADOW])
    with pytest.raises(kedge.InvalidArgument, match='trial of "m": '):
        service.route([ROUTE], [("m", -1.0, 0.0, 0.05, 0)])
    with pytest.raises(kedge.InvalidArgument, match='trial of "m": '):
        service.route([ROUTE], [], [("m", 1.0, 0.01, 0.05, 0.0, False)])


def config_of(models: Path) -> Path:
    folder = models.parent
    policy = folder / "policy.toml"
    policy.write_text(
        "[shadow]\npromote_if = { loss_better_by = 0.0, error = 0.05, loss_bound = 0.05 }\n"
        "min_rows = 50\n"
        '[canary]\nshare = 0.05\nrollback_if = [{ what = "errors", error = 0.01 }, '
        '{ what = "latency_over_ms", limit = 5000, error = 0.01 }]\n'
        "promote_if = { factor = 1.0, margin = 0.5 }\n"
    )
    config = folder / "serve.toml"
    config.write_text(
        f'models = "{models}"\nport = 0\nrescan_s = 0.05\nstate = "{folder / "state"}"\n'
        f"[drift]\nevery_s = 0.05\n"
        f'[routes.m]\nlive = "1"\ncandidate = "2"\ncanary = 0.2\nshadow = 1\npolicy = "{policy}"\n'
    )
    return config


def versions(channel: grpc.Channel, names: list[str]) -> set[str]:
    infer = channel.unary_unary(INFER)
    answers = [infer(request_for(name), timeout=10) for name in names]
    return {message("ModelInferResponse").FromString(one).model_version for one in answers}


def test_a_policy_acts_in_a_server_and_a_kill_does_not_undo_it(
    models: Path, transport: str
) -> None:
    options = Options(**read_config(str(config_of(models))))
    assert options.routes[0].rules == Rules(
        ("m", 0.05, 0.0, 0.05, 50), ("m", 1.0, 0.5, 0.02, 5000.0, True)
    )
    config = str(config_of(models))
    with (
        running(transport, "--config", config) as (process, port),
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        feedback = channel.unary_unary(FEEDBACK)
        turns = count()

        def is_promoted() -> bool:
            turn = next(turns)
            names = [f"{turn} {k}" for k in range(40)]
            if versions(channel, names) == {"2"}:
                return True
            time.sleep(0.02)  # the shadow scores behind the answer
            feedback(request_of({name: [1.0] for name in names}), timeout=10)
            return False

        until(is_promoted)
        process.kill()
        process.wait(10)
    with (
        running(transport, "--config", config) as (_, port),
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        assert versions(channel, [str(i) for i in range(40)]) == {"2"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[quality]\nkind = 1\n", "policy.toml"),
        ("", "there is neither [shadow] nor [canary]"),
    ],
)
def test_a_policy_that_says_nothing_of_it_is_refused(models: Path, text: str, says: str) -> None:
    config = config_of(models)
    (models.parent / "policy.toml").write_text(text)
    with pytest.raises(kedge.InvalidArgument, match=re.escape(says)):
        _ = Options(**read_config(str(config))).routes[0].rules


def test_a_policy_wants_a_folder(models: Path) -> None:
    config = config_of(models)
    config.write_text(
        "\n".join(line for line in config.read_text().splitlines() if "state" not in line)
    )
    with pytest.raises(kedge.InvalidArgument, match="a policy that acts wants state"):
        Options(**read_config(str(config)))


def test_a_candidate_that_answers_some_rows_with_no_number_does_not_take_over(
    models: Path,
) -> None:
    """Where it answers it is better; where a number is missing it has none."""
    x = np.array([[0.0, 1.0], [1.0, 3.0], [2.0, 5.0]])
    linear = LinearRegression().fit(x[:, :1], x[:, 1])
    off = lightgbm.train(
        {"verbosity": -1, "min_data_in_leaf": 1, "min_data_in_bin": 1, "objective": "l2"},
        lightgbm.Dataset(np.repeat(x[:, :1], 20, axis=0), np.repeat(x[:, 1] + 0.3, 20)),
        1,
    )
    kedge.compile(off).save(models / "m" / "1.kedge")
    kedge.compile(linear).save(models / "m" / "2.kedge")
    service = opened(models, [("m", 3.0, 0.0, 0.05, 0)])
    values = {f"r{i}": float("nan") if i % 3 == 0 else i % 3 + 0.0 for i in range(300)}
    for name, value in values.items():
        request = message("ModelInferRequest")(
            model_name="m",
            id=name,
            inputs=[{"name": "rows", "datatype": "FP64", "shape": [1, 1]}],
            raw_input_contents=[np.array([value]).tobytes()],
        )
        assert service.handle("ModelInfer", request.SerializeToString())[0] == 0
    compared(service, 300)
    labels = {name: [1.0 if np.isnan(value) else 2 * value + 1] for name, value in values.items()}
    assert tell(service, labels).accepted == 300
    until(lambda: ended(service) == {"promotion": 0, "rollback": 1})
