"""What is shipped for Prometheus and Grafana speaks of what a server tells that has done it all."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kedge
from kedge.serve import wire
from kedge.serve.routes import Route
from tests.patience import until
from tests.serve.test_metrics import labels, parsed
from tests.serve.test_service import TWO_LEAVES, X

OPEN = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
SHIPPED = files("kedge.serve") / "monitoring"


def scraped(server: Any, accept: str = "") -> tuple[str, str]:
    """The text of a scrape and its media type."""
    at = f"http://127.0.0.1:{server.metrics_port}/metrics"
    asked = urllib.request.Request(at, headers={"Accept": accept} if accept else {})
    with urllib.request.urlopen(asked, timeout=5) as answer:
        return answer.read().decode(), answer.headers["Content-Type"]


def families(text: str) -> set[str]:
    return set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))


@pytest.fixture
def busy(serve: Any, models: Path) -> Iterator[Any]:
    """A server that has done all there is to tell of."""
    kedge.compile(TWO_LEAVES).save(models / "m" / "2.kedge")
    server = serve(metrics_port=0, rescan_s=0.05, routes=(Route("m", "1", "2", shadow=1.0),))
    with kedge.Client(f"127.0.0.1:{server.port}") as client:
        for number in range(3):
            client.infer("m", {"rows": X * 1.0}, id=f"request {number}")
        (models / "m" / "3.kedge").write_bytes(b"no bundle")
        until(lambda: 'version="3",outcome="refused"} 1' in scraped(server)[0])
        until(lambda: "kedge_shadow_rows_total" in scraped(server)[0])
        yield server


def test_all_that_is_named_is_there(busy: Any) -> None:
    rules = (SHIPPED / "kedge.rules.yml").read_text()
    board = json.loads((SHIPPED / "dashboard.json").read_text())
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    queries += [one["query"] for one in board["templating"]["list"] if one["type"] == "query"]
    queries.append("\n".join(line for line in rules.splitlines() if "name:" not in line))
    named = set(re.findall(r"\bkedge_\w+", "\n".join(queries)))
    assert len(named) > 10
    there = families(scraped(busy)[0])
    missing = {one for one in named if re.sub("_(bucket|sum|count)$", "", one) not in there}
    assert missing - there == set()
    outcomes = re.findall(r'outcome="(\w+)"', "\n".join(queries))
    assert set(outcomes) <= {"loaded", "refused", "unloaded"}
    assert set(re.findall(r'window="(\w+)"', rules)) == {"5m", "1h"}


def test_reloads_are_counted_by_their_outcome(serve: Any, models: Path) -> None:
    server = serve(metrics_port=0, rescan_s=0.05)
    with kedge.Client(f"127.0.0.1:{server.port}") as client:
        for method in ("Unload", "Load"):
            path = f"/inference.GRPCInferenceService/RepositoryModel{method}"
            client._call(path, wire.part(2, "m"))
    (models / "m" / "1.kedge").write_bytes(b"no bundle")
    until(lambda: 'outcome="refused"} 1' in scraped(server)[0])
    samples = parsed(scraped(server)[0])
    assert samples["kedge_model_loads_total"] == {
        labels(model="m", version="1", outcome="loaded"): 2,
        labels(model="m", version="1", outcome="refused"): 1,
        labels(model="m", version="1", outcome="unloaded"): 1,
    }
    assert samples["kedge_model_ready"] == {labels(model="m", version="1"): 1}


def test_waiting_is_a_histogram_of_all_calls(serve: Any) -> None:
    server = serve(metrics_port=0)
    with kedge.Client(f"127.0.0.1:{server.port}") as client:
        for _ in range(5):
            assert client.is_ready()
    samples = parsed(scraped(server)[0])
    name = "kedge_queue_duration_microseconds"
    assert samples[f"{name}_count"] == {labels(): 5}
    assert samples[f"{name}_bucket"][labels(le="+Inf")] == 5
    assert 0 < samples[f"{name}_sum"][labels()] < 5e6


def test_calls_are_held_against_the_objective(serve: Any) -> None:
    server = serve(metrics_port=0, slo_ms=0.001, slo_share=0.75)
    with kedge.Client(f"127.0.0.1:{server.port}") as client:
        assert client.is_ready()
        before = parsed(scraped(server)[0])
        assert before["kedge_slo_calls_total"] == {labels(): 0}
        assert set(before["kedge_slo_burn_rate"].values()) == {0}
        client.predict("m", np.zeros((1000, 2)))
        with pytest.raises(LookupError):
            client.predict("n", X)
    samples = parsed(scraped(server)[0])
    assert samples["kedge_slo_objective"] == {labels(): 0.75}
    assert samples["kedge_slo_latency_seconds"][labels()] == pytest.approx(1e-6)
    assert samples["kedge_slo_calls_total"] == {labels(): 2}
    missed = samples["kedge_slo_missed_total"][labels()]
    assert missed >= 1
    for window in ("5m", "1h"):
        rate = samples["kedge_slo_burn_rate"][labels(window=window)]
        assert rate == pytest.approx(missed / 2 / 0.25)


def test_a_bucket_names_a_request_where_open_metrics_is_asked_for(busy: Any) -> None:
    text, kind = scraped(busy, OPEN)
    assert kind.startswith("application/openmetrics-text; version=1.0.0")
    assert text.endswith("# EOF\n")
    assert "# TYPE kedge_requests counter" in text
    found = re.findall(
        r'_bucket{.*?} \d+ # {request_id="(.*?)"} ([\d.]+) ([\d.]+)$', text, re.MULTILINE
    )
    assert found
    for name, value, when in found:
        assert name in {"request 0", "request 1", "request 2"}
        assert float(value) > 0
        assert abs(float(when) - time.time()) < 60
    plain, kind = scraped(busy)
    assert kind.startswith("text/plain; version=0.0.4")
    assert "request_id" not in plain
    assert "# EOF" not in plain
    bounds = set(re.findall(r'le="(.*?)"', plain))
    assert bounds == set(re.findall(r'le="(.*?)"', text))


def test_what_happens_is_a_line_of_json(
    serve: Any, models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING", "kedge.serve")

    def told() -> list[dict[str, Any]]:
        return [json.loads(record.getMessage()) for record in caplog.records]

    server = serve(rescan_s=0.05)
    until(lambda: len(told()) == 1)
    (models / "m" / "1.kedge").write_bytes(b"no bundle")
    until(lambda: len(told()) == 2)
    server.stop(0)
    loaded, refused = told()[:2]
    assert (loaded["event"], loaded["model"], loaded["outcome"]) == ("model", "m", "loaded")
    assert (refused["version"], refused["outcome"]) == ("1", "refused")
    assert "reason" in refused
    assert "reason" not in loaded
    assert abs(refused["time_ms"] / 1000 - time.time()) < 60
