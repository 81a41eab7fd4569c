"""Rows of the reference in a model: only when asked for, spread over the scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import kedge
from kedge.cli import main
from tests.model import test_lightgbm as lgb
from tests.model.rows import same_bits

ROWS = lgb.draw(9, 3000)


def compiled(kind: str = "binary", background: int | None = 100) -> kedge.Model:
    return kedge.compile(lgb.train(lgb.KINDS[kind]), reference=ROWS, background=background)


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_rows_that_are_kept_explain_as_when_they_are_given(kind: str) -> None:
    model = compiled(kind)
    assert model.background_rows is not None
    assert model.background_rows.shape == (100, lgb.FEATURES)
    kept = {row.tobytes() for row in model.background_rows}
    assert kept <= {row.tobytes() for row in ROWS}
    assert len(kept) == 100
    rows = lgb.draw(11, 40)
    for one in (model, kedge.Model.from_bytes(model.to_bytes())):
        found = one.explain(rows, background="reference")
        wanted = model.explain(rows, background=model.background_rows)
        assert same_bits(found.values, wanted.values)
        assert same_bits(found.base, wanted.base)
        reasons = one.reasons(rows, background="reference")
        assert reasons.base == list(wanted.base)


def test_a_model_keeps_no_rows_that_were_not_asked_for() -> None:
    model = compiled(background=None)
    assert model.background_rows is None
    assert model.info()["background_rows"] == 0
    with pytest.raises(kedge.InvalidArgument, match="keeps no rows of its reference"):
        model.explain(ROWS[:1], background="reference")
    file = model.to_bytes()
    assert not any(row.tobytes() in file for row in ROWS[:200])
    assert compiled().to_bytes() == compiled().to_bytes()


def test_the_mean_score_of_kept_rows_is_near_that_of_all() -> None:
    model = compiled("regression")
    raw = model.predict(ROWS, raw=True)
    base = model.explain(ROWS[:1], background="reference").base[0]
    assert abs(base - raw.mean()) < 0.3 * raw.std() / np.sqrt(100)
    few = model.with_background(ROWS[:7], keep=100)
    assert same_bits(few.background_rows, ROWS[:7])


def test_the_command_line_keeps_and_uses_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    booster = lgb.train(lgb.KINDS["regression"])
    booster.save_model("model.txt")
    names = booster.feature_name()
    table = pa.table({name: ROWS[:, i] for i, name in enumerate(names)})
    pq.write_table(table, "train.parquet")
    pq.write_table(table.slice(0, 30), "live.parquet")
    command = ["compile", "model.txt", "-o", "m.kedge", "--background", "20"]
    assert main(command) == 64
    assert "rows want a --reference of rows" in capsys.readouterr().err
    assert main([*command, "--reference", "train.parquet"]) == 0
    assert "20 rows of the reference, as they are" in capsys.readouterr().out
    model = kedge.load("m.kedge")
    explain = ["explain", "m.kedge", "live.parquet", "-o", "phi.parquet", "--background"]
    for given, background in (("reference", "reference"), ("live.parquet", ROWS[:30])):
        assert main([*explain, given]) == 0
        wanted = model.explain(ROWS[:30], background=background)
        assert pq.read_table("phi.parquet")[names[0]].to_pylist() == wanted.values[:, 0].tolist()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"background": 100}, "rows want a reference"),
        ({"background": 0, "reference": ROWS}, "keep = 0 rows; 1 to 10000"),
        ({"background": 10_001, "reference": ROWS}, "keep = 10001 rows"),
    ],
)
def test_rows_that_cannot_be_kept_are_refused(options: dict[str, object], text: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=text):
        kedge.compile(lgb.train(lgb.KINDS["binary"]), **options)  # type: ignore[arg-type]
    counted = kedge.profile({"x": ROWS[:, 0]})
    with pytest.raises(kedge.InvalidArgument, match="that has rows"):
        kedge.compile(lgb.train(lgb.KINDS["binary"]), reference=counted, background=100)
    with pytest.raises(kedge.InvalidArgument, match='"reference" or rows, got "train"'):
        compiled().explain(ROWS[:1], background="train")
