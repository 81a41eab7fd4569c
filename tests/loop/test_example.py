"""What the docs show runs: the example connector is that of the tests, and files are understood."""

from __future__ import annotations

import re
from pathlib import Path

import lightgbm
import numpy as np
import pytest

import kedge
from kedge.cli import main

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/pipelines.md")


def test_the_docs_show_the_connector_of_the_tests() -> None:
    text = (ROOT / "tests" / "loop" / "rows_source.py").read_text()
    assert len(text.splitlines()) <= 41
    assert text.rstrip() in (ROOT / "docs" / "pipelines.md").read_text()


@pytest.mark.parametrize("page", PAGES)
def test_the_pipelines_of_the_docs_run(page: str, tmp_path: Path) -> None:
    block = re.compile(r"^```toml\n(\[pipeline\].*?)^```", re.MULTILINE | re.DOTALL)
    found = block.findall((ROOT / page).read_text())
    assert found
    x = np.random.default_rng(1).normal(size=(100, 2))
    (tmp_path / "events").mkdir()
    (tmp_path / "events/a.ndjson").write_text(
        "".join(
            f'{{"ts":"2024-01-01T00:00:{second:02}","user":"u","amount":1.5,'
            '"rate":2.0,"status":"ok"}\n'
            for second in range(40)
        )
    )
    (tmp_path / "train.profile").write_bytes(kedge.profile({"spend": x[:, 0]}).to_bytes())
    data = lightgbm.Dataset(x, x[:, 0], feature_name=["n", "spend"])
    booster = lightgbm.train({"verbose": -1, "num_threads": 1}, data, 2)
    kedge.compile(booster).save(tmp_path / "churn.kedge")
    path = tmp_path / "pipeline.toml"
    path.write_text(found[0].replace("follow = true", "follow = false"))
    assert main(["run", "--explain", str(path)]) == 0
    assert main(["run", str(path)]) == 0
    assert len(list((tmp_path / "out").glob("part-*.parquet"))) == 1
