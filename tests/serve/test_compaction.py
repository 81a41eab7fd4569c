"""A log of which little is still needed has that alone from the next start on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest

import kedge
from kedge._core import Service
from kedge.serve.routes import Route
from tests.patience import until
from tests.serve.test_drift import events
from tests.serve.test_feedback import tell
from tests.serve.test_metrics import parsed
from tests.serve.test_routes import OTHER_LEAVES
from tests.serve.test_service import TWO_LEAVES, infer
from tests.serve.test_trials import LOOKS, ROUTE, compared, ended, request_for

TOLD = ("kedge_feedback_rows_total", "kedge_quality_loss", "kedge_quality_auc")
TRIAL = ("kedge_trial_log_evidence", "kedge_trial_ended")
LONG = "a name that takes the room of a log without a need " * 4


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    (folder / "m").mkdir(parents=True)
    (tmp_path / "state").mkdir()
    for version, text in [("1", TWO_LEAVES), ("2", OTHER_LEAVES)]:
        kedge.compile(text).save(folder / "m" / f"{version}.kedge")
    return folder


def opened(models: Path, min_rows: int | None = None, remembered: int = 100_000) -> Service:
    service = Service(str(models), LOOKS, remembered)
    rules = [] if min_rows is None else [("m", 0.05, 0.0, 0.05, min_rows)]
    service.route([ROUTE], rules)
    service.keep_in(str(models.parent / "state"))
    return service


def log_of(models: Path) -> Path:
    return models.parent / "state" / "service.log"


def told(service: Service, names: tuple[str, ...] = TOLD) -> dict[str, Any]:
    samples = parsed(service.metrics())
    return {name: samples.get(name) for name in names}


def ask_and_tell(service: Service, rows: int) -> None:
    """Labels come before their requests are forgotten."""
    labels = np.random.default_rng(0).uniform(size=rows) < 0.8
    for first in range(0, rows, 50):
        names = {f"r{i} {LONG}": [float(labels[i])] for i in range(first, first + 50)}
        for name in names:
            assert service.handle("ModelInfer", request_for(name))[0] == 0
        compared(service, first + 50)
        assert tell(service, names).accepted >= 45


def compactions(service: Service) -> list[dict[str, Any]]:
    return [one for one in events(service) if one["event"] == "compaction"]


def test_labels_that_only_count_become_their_counts(models: Path) -> None:
    service = opened(models, remembered=160)
    ask_and_tell(service, 1500)
    wanted, size = told(service), log_of(models).stat().st_size
    del service
    again = opened(models, remembered=160)
    (event,) = compactions(again)
    assert (event["before_bytes"], event["after_bytes"]) == (size, log_of(models).stat().st_size)
    assert told(again) == wanted
    assert tell(again, {f"r1499 {LONG}": [1.0]}).duplicates == 1
    del again
    small = log_of(models).read_bytes()
    last = opened(models, remembered=160)
    assert compactions(last) == []
    assert log_of(models).read_bytes() == small
    assert told(last) == wanted
    assert tell(last, {f"r1499 {LONG}": [1.0]}).duplicates == 1


def test_labels_of_a_trial_that_goes_on_are_kept_whole(models: Path) -> None:
    service = opened(models, 10_000)
    ask_and_tell(service, 300)
    wanted = told(service, TOLD + TRIAL)
    assert max(wanted["kedge_trial_log_evidence"].values()) > 1
    del service
    size = log_of(models).stat().st_size
    for _ in range(2):
        again = opened(models, 10_000)
        assert compactions(again) == []
        assert told(again, TOLD + TRIAL) == wanted
        del again
    assert log_of(models).stat().st_size == size


def test_a_trial_in_a_log_with_much_else_is_as_it_was(models: Path) -> None:
    before = opened(models, remembered=160)
    ask_and_tell_alone(before, 1000)
    del before
    log_of(models).rename(log_of(models).with_suffix(".alone"))
    service = opened(models, 10_000, remembered=160)
    ask_and_tell(service, 100)
    wanted = told(service, TRIAL)
    del service
    alone, trial = log_of(models).with_suffix(".alone").read_bytes(), log_of(models).read_bytes()
    log_of(models).write_bytes(alone + trial[8:])
    again = opened(models, 10_000, remembered=160)
    assert len(compactions(again)) == 1
    assert told(again, TRIAL) == wanted
    counted = told(again)
    ask = {f"r99 {LONG}": [1.0]}
    assert tell(again, ask).duplicates == 1
    del again
    last = opened(models, 10_000, remembered=160)
    assert told(last, TRIAL) == wanted
    assert told(last) == counted
    assert 1000 < sum(counted["kedge_feedback_rows_total"].values()) <= 1100


def ask_and_tell_alone(service: Service, rows: int) -> None:
    """Without a candidate's scores."""
    service.route([])
    for first in range(0, rows, 50):
        names = [f"alone {i} {LONG}" for i in range(first, first + 50)]
        for name in names:
            service.handle("ModelInfer", request_for(name))
        tell(service, {name: [1.0] for name in names})


def test_what_a_trial_came_to_outlives_its_labels(models: Path) -> None:
    service = opened(models, 0)
    ask_and_tell_until_over(service)
    shown = told(service, TRIAL)
    del service
    for many in (1, 0):
        again = opened(models, 0, remembered=160)
        assert len(compactions(again)) == many
        assert ended(again) == {"promotion": 1, "rollback": 0}
        assert told(again, TRIAL) == shown
        del again


def ask_and_tell_until_over(service: Service) -> None:
    names = [f"r{i} {LONG}" for i in range(500)]
    for name in names:
        service.handle("ModelInfer", request_for(name))
    compared(service, 500)
    tell(service, {name: [1.0] for name in names})
    until(lambda: ended(service)["promotion"] == 1)


def test_counts_of_many_classes_are_read_again(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(2400, 2))
    y = np.arange(2400) % 12
    (tmp_path / "models" / "m").mkdir(parents=True)
    (tmp_path / "state").mkdir()
    forest = lightgbm.LGBMClassifier(n_estimators=2, num_leaves=4, verbosity=-1).fit(x, y)
    kedge.compile(forest).save(tmp_path / "models" / "m" / "1.kedge")
    models = tmp_path / "models"
    wanted = None
    for start in range(3):
        service = Service(str(models), LOOKS, 160)
        service.keep_in(str(tmp_path / "state"))
        assert len(compactions(service)) == (1 if start == 1 else 0)
        assert wanted is None or told(service) == wanted
        if start == 0:
            names = [f"class {i} {LONG}" for i in range(1500)]
            for i, name in enumerate(names):
                infer(service, x[i : i + 1], "FP64", id=name)
                assert tell(service, {name: [float(y[i])]}).accepted == 1
        wanted = told(service)
        del service


def test_a_model_that_is_away_keeps_its_labels(models: Path) -> None:
    service = opened(models, remembered=160)
    ask_and_tell_alone(service, 500)
    wanted = told(service)
    del service
    away = models.parent / "away"
    (models / "m").rename(away)
    gone = opened(models, remembered=160)
    assert compactions(gone) == []
    del gone
    away.rename(models / "m")
    back = opened(models, remembered=160)
    assert told(back) == wanted
    assert tell(back, {f"alone 499 {LONG}": [1.0]}).duplicates == 1


def test_a_log_that_cannot_be_replaced_stays(models: Path) -> None:
    service = opened(models, remembered=160)
    ask_and_tell_alone(service, 500)
    wanted = told(service)
    del service
    size = log_of(models).stat().st_size
    Path(f"{log_of(models)}.new").mkdir()
    again = opened(models, remembered=160)
    (event,) = compactions(again)
    assert "service.log.new" in event["reason"]
    assert (told(again), log_of(models).stat().st_size) == (wanted, size)
    ask_and_tell_alone(again, 50)
    assert log_of(models).stat().st_size > size


def test_a_server_goes_on_with_a_log_that_it_made_small(models: Path, serve_in: Any) -> None:
    service = opened(models, remembered=160)
    ask_and_tell_alone(service, 500)
    size = log_of(models).stat().st_size
    del service
    route = Route("m", "1", "2", shadow=1.0)
    for i in range(2):
        options = {"state": str(models.parent / "state"), "remember_rows": 160}
        server = serve_in(models, routes=(route,), **options)
        assert log_of(models).stat().st_size < size / 2
        with kedge.Client(f"127.0.0.1:{server.port}") as client:
            client.infer("m", {"rows": np.zeros((1, 2))}, id=f"x{i}")
            assert client.feedback("m", {f"x{i}": 1.0}).accepted == 1
            assert client.feedback("m", {f"alone 499 {LONG}": 1.0, "x0": 1.0}).duplicates == 2
        server.stop(0)
