"""kedge explain: contributions into a file, and onto a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn import linear_model

import kedge
from kedge.cli import main
from tests.cli import test_model_verbs as verbs
from tests.cli.test_model_verbs import FEATURES, ROWS, draw, matrix, said

booster, folder = verbs.booster, verbs.folder  # fixtures


def test_contributions_are_written_and_printed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    want = kedge.load("churn.kedge").explain(matrix(draw(ROWS, 2)))
    command = ["explain", "churn.kedge", "live.parquet", "--columns", "id"]
    assert main([*command, "-o", "phi.parquet", "--json"]) == 0
    columns = ["id", *FEATURES, "base"]
    assert said(capsys) == {"rows": ROWS, "columns": columns, "output": "phi.parquet"}
    table = pq.read_table("phi.parquet")
    assert table.column_names == columns
    for i, name in enumerate(FEATURES):
        assert table[name].to_pylist() == want.values[:, i].tolist()
    assert main([*command, "--json", "--threads", "2"]) == 0
    rows = said(capsys)["contributions"]
    assert [row["spend"] for row in rows] == want.values[:, 1].tolist()


def test_reasons_are_written_and_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    want = kedge.load("churn.kedge").reasons(matrix(draw(ROWS, 2)), top=2, toward="down")
    command = ["explain", "churn.kedge", "live.parquet", "--columns", "id"]
    command += ["--reasons", "2", "--toward", "down"]
    assert main([*command, "-o", "why.parquet", "--json"]) == 0
    assert said(capsys)["rows"] == ROWS
    table = pq.read_table("why.parquet")
    places = [f"{kind}_{i}" for i in (1, 2) for kind in ("feature", "reason", "amount")]
    assert table.column_names == ["id", *places, "others", "base"]
    assert table["reason_1"].to_pylist() == want.conditions[:, 0].tolist()
    assert main([*command, "--json"]) == 0
    assert [row["reason_2"] for row in said(capsys)["reasons"]] == want.conditions[:, 1].tolist()


def test_contributions_are_drawn_on_a_page(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["explain", "churn.kedge", "live.parquet"]
    assert main([*command, "-o", "page.html", "--json"]) == 0
    assert said(capsys) == {"rows": ROWS, "drawn": ROWS, "output": "page.html"}
    rows = matrix(draw(ROWS, 2))
    page = Path("page.html").read_text()
    assert page == kedge.load("churn.kedge").explain(rows).to_html(rows)
    assert main([*command, "-o", "phi.parquet", "--html", "beside.html"]) == 0
    assert Path("beside.html").read_text() == page
    assert pq.read_table("phi.parquet").num_rows == ROWS


def test_a_page_of_many_rows_is_that_of_a_sample(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kedge.cli.explain._MOST_DRAWN", 100)
    assert main(["explain", "churn.kedge", "live.parquet", "-o", "page.html"]) == 0
    assert capsys.readouterr().out == f"100 of {ROWS} rows in page.html\n"
    assert f"a random sample of {ROWS:,}" in Path("page.html").read_text()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            ["live.parquet", "-o", "a.html", "--html", "b.html"],
            'and --html "b.html" are both pages',
        ),
        (["live.parquet", "-o", "a.csv", "--html", "./a.csv"], "is --output as well"),
        (["live.parquet", "--html", "no/a.html"], 'there is no folder "no"'),
        (["live.parquet", "-o", "churn.html"], "is the file that is read"),
        (["none.parquet", "-o", "a.html"], "there are no rows"),
        (["live.parquet", "-o", "a.html", "--reasons", "3"], "--html draws a page beside them"),
        (["live.parquet", "--toward", "up"], "is of --reasons"),
        (["live.parquet", "--rounds", "5"], "--rounds 5: trees are explained exactly"),
        (["live.parquet", "-o", "a.html", "--rounds", "5"], "trees are explained exactly"),
        (["live.parquet", "-o", "a.html", "--method", "gradients"], "gradients"),
        (["live.parquet", "--reasons", "2", "--rounds", "5"], "--reasons take none"),
        (["live.parquet", "--reasons", "2", "--method", "gradients"], "--reasons are of trees"),
    ],
)
def test_pages_that_cannot_be_are_refused(
    folder: Path, options: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pq.write_table(draw(5, 1)[:0], "none.parquet")
    Path("churn.html").symlink_to("churn.kedge")
    before = sorted(folder.iterdir())
    assert main(["explain", "churn.kedge", *options]) == 64
    assert text in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


def test_a_linear_model_is_explained_against_a_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = draw(ROWS, 2)
    x = matrix(table)
    trained = linear_model.LinearRegression().fit(np.nan_to_num(x), np.arange(ROWS))
    model = kedge.compile(trained)
    names = [feature.name for feature in model.features]
    rows = pa.table({name: np.nan_to_num(x[:, i]) for i, name in enumerate(names)})
    pq.write_table(rows, "rows.parquet")
    pq.write_table(rows.slice(0, 500), "sample.parquet")
    Path("linear.kedge").write_bytes(model.to_bytes())
    command = ["explain", "linear.kedge", "rows.parquet", "-o", "phi.parquet"]
    assert main([*command, "--background", "sample.parquet", "--rounds", "2"]) == 0
    capsys.readouterr()
    first = np.nan_to_num(x)[:, 0]
    wanted = trained.coef_[0] * (first - first[:500].mean())
    np.testing.assert_allclose(pq.read_table("phi.parquet")[names[0]], wanted, atol=1e-9)
    gradients = ["--background", "sample.parquet", "--method", "gradients"]
    assert main([*command, *gradients]) == 0
    np.testing.assert_allclose(pq.read_table("phi.parquet")[names[0]], wanted, atol=1e-9)
    capsys.readouterr()
    assert main(command) == 64
    assert "explained against a background only" in capsys.readouterr().err
