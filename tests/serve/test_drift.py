"""Requests held against the reference profile of the model that they ask, in the server itself."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kedge
from kedge._core import Service
from kedge.serve import Options
from kedge.serve.drift import Drift
from kedge.serve.options import read_config
from tests.patience import until
from tests.serve.conftest import SERVERS
from tests.serve.messages import message
from tests.serve.test_columns import COLORS, column, packed
from tests.serve.test_metrics import Labels, labels, parsed
from tests.serve.test_service import TWO_LEAVES, infer

SOON = (0.02, 0.02, 1e-6, 3600.0)


def uniform(seed: int, rows: int, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(size=(rows, 2)) + np.array([shift, 0])


def table(x: np.ndarray, **more: Any) -> dict[str, Any]:
    return {"a": x[:, 0], "b": x[:, 1], **more}


def save(folder: Path, model: kedge.Model, name: str = "m") -> Path:
    (folder / name).mkdir(exist_ok=True)
    model.save(folder / name / "1.kedge")
    return folder


def of(name: str) -> Labels:
    return labels(model="m", version="1", column=name)


def events(service: Service) -> list[dict[str, Any]]:
    """What operators were told beside what became of files."""
    told = [json.loads(line) for line in service.take_events()]
    return [one for one in told if one["event"] != "model"]


def counted(service: Service, rows: int) -> dict[str, dict[Labels, float]]:
    """What is scraped once so many rows were held against the reference."""
    own = labels(model="m", version="1")
    until(lambda: parsed(service.metrics())["kedge_drift_rows_total"].get(own) == rows)
    return parsed(service.metrics())


@pytest.mark.parametrize("sizes", [[1] * 300, [700], [255, 1, 256, 2, 1000]])
def test_rows_are_those_of_a_comparison_however_they_come(tmp_path: Path, sizes: list[int]) -> None:
    reference = kedge.profile(table(uniform(0, 5000)))
    service = Service(str(save(tmp_path, kedge.compile(TWO_LEAVES, reference=reference))), SOON)
    x = uniform(1, sum(sizes), shift=0.1)
    for part in np.split(x, np.cumsum(sizes)[:-1]):
        infer(service, part, "FP64")
    samples = counted(service, len(x))
    wanted = kedge.compare(reference, table(x))
    for one in wanted:
        assert samples["kedge_drift_distance"][of(one.column)] == one.lower
        assert samples["kedge_drift_distance_at_least"][of(one.column)] == one.at_least
        assert samples["kedge_drift_distance_at_most"][of(one.column)] == one.at_most
    own = labels(model="m", version="1")
    assert samples["kedge_drift_rows_missed_total"][own] == 0
    assert samples["kedge_drift_window_rows"][own] == len(x)


def test_a_column_that_moved_alarms_and_the_other_does_not(tmp_path: Path) -> None:
    model = kedge.compile(TWO_LEAVES, reference=table(uniform(0, 20_000)))
    service = Service(str(save(tmp_path, model)), SOON)
    infer(service, uniform(1, 2000), "FP64")
    samples = counted(service, 2000)
    assert samples["kedge_drift_alarms_total"] == {of("a"): 0, of("b"): 0}
    assert events(service) == []
    infer(service, uniform(2, 2000, shift=0.3), "FP64")
    samples = counted(service, 4000)
    assert samples["kedge_drift_alarms_total"] == {of("a"): 1, of("b"): 0}
    told: list[dict[str, Any]] = []
    until(lambda: bool(told.extend(events(service)) or told))  # the look is over, then it tells
    (alarm,) = told
    assert (alarm["event"], alarm["model"], alarm["version"]) == ("drift_alarm", "m", "1")
    assert (alarm["column"], alarm["what"]) == ("a", "values")
    assert alarm["log_evidence"] > samples["kedge_drift_log_threshold"][of("a")]
    assert 0.02 <= alarm["at_least"] <= alarm["distance"] <= alarm["at_most"]
    assert abs(alarm["time_ms"] / 1000 - time.time()) < 60
    infer(service, uniform(3, 2000, shift=0.3), "FP64")
    samples = counted(service, 6000)
    assert samples["kedge_drift_alarms_total"] == {of("a"): 2, of("b"): 0}
    assert events(service) == []  # it is where it was, which is told already


def test_names_and_scores_have_a_reference_too(tmp_path: Path) -> None:
    drawn = np.random.default_rng(0).integers(0, 3, 3000)
    colors = np.array(["red", "green", "blue"])[drawn]
    sizes = np.random.default_rng(1).uniform(size=3000)
    data = {"size": sizes, "color": list(colors)}
    bare = kedge.compile(COLORS)
    scores = np.where(colors == "green", 5.0, 3.0)
    reference = kedge.profile({**data, "score": scores})
    service = Service(str(save(tmp_path, bare.with_profile(reference))), SOON)
    for _ in range(30):
        request = message("ModelInferRequest")(
            model_name="m",
            inputs=[column("size", "FP64", [2]), column("color", "BYTES", [2])],
            raw_input_contents=[np.array([0.5, 0.25]).tobytes(), packed(["blue", "violet"])],
        )
        assert service.handle("ModelInfer", request.SerializeToString())[0] == 0
    samples = counted(service, 60)
    came = {"size": [0.5, 0.25] * 30, "color": ["blue", None] * 30}
    came_scores = np.asarray(bare.predict(np.array([[0.5, 2.0], [0.25, np.nan]]))).ravel()
    wanted = kedge.compare(reference, {**came, "score": np.tile(came_scores, 30)})
    assert {one.column: one.lower for one in wanted} == {
        dict(key)["column"]: value for key, value in samples["kedge_drift_distance"].items()
    }


def test_a_model_without_a_profile_is_not_watched_nor_one_when_it_is_off(tmp_path: Path) -> None:
    bare = Service(str(save(tmp_path, kedge.compile(TWO_LEAVES))), SOON)
    infer(bare, uniform(0, 10), "FP64")
    assert "kedge_drift" not in bare.metrics()
    save(tmp_path, kedge.compile(TWO_LEAVES, reference=table(uniform(0, 100))))
    off = Service(str(tmp_path), (0.0, 0.02, 1e-6, 3600.0))
    infer(off, uniform(0, 10), "FP64")
    assert "kedge_drift" not in off.metrics()
    assert "kedge_drift_rows_total" in Service(str(tmp_path)).metrics()


def test_threads_and_looks_lose_no_row(tmp_path: Path) -> None:
    model = kedge.compile(TWO_LEAVES, reference=table(uniform(0, 1000)))
    service = Service(str(save(tmp_path, model)), (0.01, 0.02, 1e-6, 3600.0))

    def ask() -> None:
        for _ in range(200):
            infer(service, uniform(3, 7), "FP64")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    own = labels(model="m", version="1")

    def total() -> float:
        samples = parsed(service.metrics())
        return sum(samples[f"kedge_drift_rows_{name}"][own] for name in ("total", "missed_total"))

    until(lambda: total() == 4 * 200 * 7)


@pytest.mark.parametrize(
    ("drift", "says"),
    [
        ((-1.0, 0.02, 1e-6, 10.0), "every_s = -1"),
        ((1.0, 1.5, 1e-6, 10.0), "min_effect = 1.5"),
        ((1.0, 0.02, 0.0, 10.0), "false_alarms = 0"),
        ((1.0, 0.02, 1e-6, 0.0), "window = 0"),
    ],
)
def test_options_out_of_their_bounds_are_refused_by_name(
    tmp_path: Path, drift: tuple[float, float, float, float], says: str
) -> None:
    with pytest.raises(kedge.InvalidArgument, match=re.escape(f"drift: {says}")):
        Service(str(tmp_path), drift)


def test_a_server_watches_and_tells(
    tmp_path: Path, transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    save(models, kedge.compile(TWO_LEAVES, reference=table(uniform(0, 20_000))))
    config = tmp_path / "serve.toml"
    config.write_text(
        f'models = "{models}"\nport = 0\nmetrics_port = 0\nrescan_s = 0.05\n'
        '[drift]\nevery_s = 0.05\nmin_effect = 0.05\nfalse_alarms = "1/1h"\nwindow = "10m"\n'
    )
    options = Options(**read_config(str(config)))
    assert options.drift == Drift(0.05, 0.05, "1/1h", "10m")
    server = SERVERS[transport](options)
    try:
        with (
            caplog.at_level(logging.WARNING, "kedge.serve"),
            kedge.Client(f"127.0.0.1:{server.port}") as client,
        ):
            client.predict("m", uniform(1, 3000, shift=0.4))
            at = f"http://127.0.0.1:{server.metrics_port}/metrics"
            until(lambda: "drift_alarm" in caplog.text)
            with urllib.request.urlopen(at, timeout=5) as answer:
                samples = parsed(answer.read().decode())
    finally:
        server.stop(0)
    assert samples["kedge_drift_alarms_total"][of("a")] == 1
    lines = [one.getMessage() for one in caplog.records if "drift_alarm" in one.getMessage()]
    assert json.loads(lines[0])["column"] == "a"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("drift = 1", ":1: drift: expected a table"),
        ("[drift]\nevery_s = true", "every_s = True: expected a number"),
        ("[drift]\nfalse_alarms = 1", "expected a text"),
        ('[drift]\nfalse_alarms = "often"', ":2: false_alarms = 'often': expected a rate"),
        ('[drift]\nevery_s = 1\nwindow = "x"', ":3: window = 'x': expected a length"),
        ("[drift]\neffect = 1", "there is no such key"),
        ("[drift]\nmin_effect = 0.01\nevery_s = 1e-3", ":3: every_s = 0.001"),
        ("[drift]\nmin_effect = 1", ":2: min_effect = 1"),
        ('[drift]\nevery_s = 1\nwindow = "0.5s"', ":3: window = 0.5"),
        ('[drift]\nfalse_alarms = "2/1s"', ":2: false_alarms = 2"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_by_line(
    tmp_path: Path, text: str, says: str
) -> None:
    config = tmp_path / "serve.toml"
    config.write_text(text)
    with pytest.raises(kedge.InvalidArgument, match=re.escape(says)):
        read_config(str(config))
