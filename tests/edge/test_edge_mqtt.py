"""Over MQTT by composition: mosquitto_sub | kedge-edge | mosquitto_pub."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest

from tests.edge.edge_runs import (
    PROGRAM,
    compile_model,
    configure,
    features,
    lines_of,
    names,
    table,
)
from tests.patience import until
from tests.ports import answers, free_port

BROKER = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
ROWS = 200


@pytest.mark.skipif(
    shutil.which("mosquitto_sub") is None or not Path(BROKER).exists(),
    reason="Mosquitto is no Python package: .ci/run engines gets it from Debian",
)
def test_rows_come_and_scores_go_over_mqtt(tmp_path: Path) -> None:
    model = compile_model(tmp_path / "m.kedge")
    rows = table(features(ROWS, 11))
    config = configure(tmp_path, 'device = "d"\nmodel = "m.kedge"\n[input]', names())
    port = free_port()
    settings = tmp_path / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n"
                        "max_queued_messages 0\n")  # fmt: skip
    at = f"-h 127.0.0.1 -p {port} -q 1"
    from_board, to_board = (f"mosquitto_sub {at} -c -i {it} -t {it}" for it in ("scores", "rows"))
    scored = tmp_path / "scored"
    pipe = f"{to_board} -C {ROWS} | {PROGRAM} {config} | mosquitto_pub {at} -l -t scores"
    with (
        subprocess.Popen([BROKER, "-c", settings], stderr=subprocess.DEVNULL) as broker,
        scored.open("wb") as out,
    ):
        until(lambda: answers(port))
        for session in (from_board, to_board):  # what comes before they listen waits for them
            subprocess.run(f"{session} -E".split(), check=True)
        with (
            subprocess.Popen(f"{from_board} -C {ROWS}".split(), stdout=out) as heard,
            subprocess.Popen(pipe, shell=True) as piped,
        ):
            try:  # a score that is lost must not be waited for without end
                sender = f"mosquitto_pub {at} -l -t rows".split()
                subprocess.run(sender, input=lines_of(rows), check=True)
                assert piped.wait(timeout=30) == 0
                assert heard.wait(timeout=30) == 0
            finally:
                for process in (heard, piped, broker):
                    process.kill()
    found = [json.loads(line)["score"] for line in scored.read_text().splitlines()]
    assert found == pa.table(model.predict(rows)).column(0).to_pylist()
