"""A real Prometheus scrapes a server and evaluates the rules that are shipped."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import kedge
from tests.patience import until
from tests.serve.test_service import X

RULES = str(files("kedge.serve") / "monitoring" / "kedge.rules.yml")

pytestmark = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason=".ci/run engines installs Debian's prometheus"
)


def ask(port: int, path: str, **query: str) -> Any:
    """What the API answers; none while it starts."""
    at = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
    try:
        with urllib.request.urlopen(at, timeout=5) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        error.close()
        return None
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


@contextmanager
def prometheus(folder: Path, scraped: int) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}\n"
        f"rule_files: ['{RULES}']\n"
        "scrape_configs:\n"
        f"  - {{job_name: kedge, static_configs: [{{targets: ['127.0.0.1:{scraped}']}}]}}\n"
    )
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--enable-feature=exemplar-storage"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield port
        finally:
            process.terminate()
            process.wait(10)


def test_the_rules_are_rules() -> None:
    subprocess.run(["promtool", "check", "rules", RULES], check=True, capture_output=True)


def test_a_scrape_is_stored_and_rules_are_evaluated(
    serve: Any, models: Path, tmp_path: Path
) -> None:
    server = serve(metrics_port=0, rescan_s=0.05, slo_ms=0.001)
    with (
        kedge.Client(f"127.0.0.1:{server.port}") as client,
        prometheus(tmp_path, server.metrics_port) as port,
    ):
        client.infer("m", {"rows": X * 1.0}, id="seen")
        name = "kedge_request_duration_microseconds_bucket"

        def exemplars() -> list[str]:
            found = ask(port, "query_exemplars", query=name, start="0", end="9999999999") or []
            return [one["labels"]["request_id"] for series in found for one in series["exemplars"]]

        def rows() -> list[tuple[str, str]]:
            found = ask(port, "query", query="kedge_rows_total") or {"result": []}
            return [(one["metric"]["model"], one["value"][1]) for one in found["result"]]

        # A scrape stores its exemplars before its samples: one may be seen without the other.
        until(lambda: "seen" in exemplars())
        until(lambda: rows() == [("m", "3")])

        def targets() -> list[tuple[str, str]]:
            found = ask(port, "targets") or {"activeTargets": []}
            return [(one["health"], one["lastError"]) for one in found["activeTargets"]]

        def rules(what: str) -> dict[str, str]:
            groups = (ask(port, "rules") or {"groups": []})["groups"]
            return {rule["name"]: rule[what] for group in groups for rule in group["rules"]}

        (models / "m" / "2.kedge").write_bytes(b"no bundle")
        until(lambda: targets() == [("up", "")])
        until(lambda: rules("state").get("KedgeBurnsFast") == "firing")
        until(lambda: rules("state").get("KedgeModelIsNotReady") == "pending")
        until(lambda: set(rules("health").values()) == {"ok"})
        until(lambda: rules("state").get("KedgeIsGone") == "inactive")
