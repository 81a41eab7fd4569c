"""What is scraped, read back by the exposition format and held against the calls that were made."""

from __future__ import annotations

import re
import socket
import urllib.error
import urllib.request
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kedge
from kedge._core import Service
from tests.serve.messages import message
from tests.serve.test_service import TWO_LEAVES

Labels = frozenset[tuple[str, str]]

SAMPLE = re.compile(r'([a-zA-Z_:][\w:]*)(?:\{((?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)')
LABEL = re.compile(r'(\w+)="((?:[^"\\\n]|\\["\\n])*)"')
ESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def parsed(text: str) -> dict[str, dict[Labels, float]]:
    """Every sample by name and labels; families are in one piece, each after its help and type."""
    samples: dict[str, dict[Labels, float]] = defaultdict(dict)
    types: dict[str, str] = {}
    family = ""
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family = line.split()[2]
            assert family not in types, "a family is in two pieces"
        elif line.startswith("# TYPE "):
            assert line.split()[2] == family
            types[family] = line.split()[3]
        else:
            found = SAMPLE.fullmatch(line)
            assert found is not None, line
            name, inner, value = found.groups()
            ending = "(_bucket|_sum|_count)" if types[family] == "histogram" else ""
            assert re.fullmatch(re.escape(family) + ending, name)
            labels = frozenset(
                (key, re.sub(r"\\.", lambda m: ESCAPED[m[0]], one))
                for key, one in LABEL.findall(inner or "")
            )
            assert labels not in samples[name], "one sample twice"
            samples[name][labels] = float(value)
    return samples


def labels(**of: str) -> Labels:
    return frozenset(of.items())


def ask(service: Service, model: str, rows: int, columns: int = 2) -> int:
    request = message("ModelInferRequest")(
        model_name=model,
        inputs=[{"name": "x", "datatype": "FP64", "shape": [rows, columns]}],
        raw_input_contents=[bytes(8 * rows * columns)],
    )
    return service.handle("ModelInfer", request.SerializeToString())[0]


@pytest.mark.parametrize("name", ["m", 'a "b"\\\nc'])
def test_calls_are_counted_by_model_version_method_and_code(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    kedge.compile(TWO_LEAVES).save(tmp_path / name / "1.kedge")
    service = Service(str(tmp_path))
    for rows in (1, 2, 1000):
        assert ask(service, name, rows) == 0
    assert ask(service, name, 1, columns=3) == 3
    assert ask(service, "n", 1) == 5
    assert service.handle("ServerLive", b"")[0] == 0
    assert service.handle("Nothing", b"")[0] == 12
    samples = parsed(service.metrics())
    model = {"model": name, "version": "1"}
    none = {"model": "", "version": ""}
    assert samples["kedge_requests_total"] == {
        labels(method="ModelInfer", code="OK", **model): 3,
        labels(method="ModelInfer", code="INVALID_ARGUMENT", **model): 1,
        labels(method="ModelInfer", code="NOT_FOUND", **none): 1,
        labels(method="ServerLive", code="OK", **none): 1,
        labels(method="other", code="UNIMPLEMENTED", **none): 1,
    }
    assert samples["kedge_rows_total"] == {labels(**model): 1003}
    assert samples["kedge_model_ready"] == {labels(**model): 1}


def test_latency_is_a_histogram(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    kedge.compile(TWO_LEAVES).save(tmp_path / "m" / "1.kedge")
    service = Service(str(tmp_path))
    for _ in range(20):
        ask(service, "m", 1)
    samples = parsed(service.metrics())
    name = "kedge_request_duration_microseconds"
    (own,) = samples[f"{name}_count"]
    assert dict(own)["model"] == "m"
    buckets = {
        float(dict(key)["le"]): value
        for key, value in samples[f"{name}_bucket"].items()
        if key - {pair for pair in key if pair[0] == "le"} == own
    }
    bounds = sorted(buckets)
    assert bounds[:3] == [1.0, 1.5, 2.0]
    assert np.isinf(bounds[-1])
    assert (np.diff([buckets[bound] for bound in bounds]) >= 0).all()
    assert buckets[np.inf] == samples[f"{name}_count"][own] == 20
    assert samples[f"{name}_sum"][own] > 0


def test_a_reload_goes_on_counting(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    kedge.compile(TWO_LEAVES).save(tmp_path / "m" / "1.kedge")
    service = Service(str(tmp_path))
    request = message("RepositoryModelLoadRequest")(model_name="m").SerializeToString()
    for calls in (1, 2, 3):
        assert ask(service, "m", 2) == 0
        counted = parsed(service.metrics())["kedge_rows_total"]
        assert counted == {labels(model="m", version="1"): 2 * calls}
        for method in ("RepositoryModelUnload", "RepositoryModelLoad"):
            assert service.handle(method, request)[0] == 0


def test_a_file_that_is_written_over_takes_nobody_down(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    path = tmp_path / "m" / "1.kedge"
    kedge.compile(TWO_LEAVES).save(path)
    service = Service(str(tmp_path))
    path.write_bytes(b"")  # in place, as cp does: a map of the file would have no pages left
    assert ask(service, "m", 1) == 0
    service.rescan()
    assert ask(service, "m", 1) == 0


def test_the_port_gives_metrics_and_nothing_else(serve: Any) -> None:
    server = serve(metrics_port=0)
    at = f"http://127.0.0.1:{server.metrics_port}"
    with kedge.Client(f"127.0.0.1:{server.port}") as client:
        client.predict("m", np.zeros((5, 2)))
    with urllib.request.urlopen(f"{at}/metrics", timeout=5) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = answer.read().decode()
    assert parsed(text)["kedge_rows_total"] == {labels(model="m", version="1"): 5}
    for path in ("/", "/metricsandmore", "/" + "x" * 5_000):
        with pytest.raises(urllib.error.HTTPError, match="404") as missing:
            urllib.request.urlopen(at + path, timeout=5)
        missing.value.close()
    with socket.create_connection(("127.0.0.1", server.metrics_port)) as silent:
        silent.sendall(b"GET /met")
        with urllib.request.urlopen(f"{at}/metrics?a=b", timeout=5) as answer:
            assert b"kedge_calls_in_flight 0" in answer.read()
