"""The README's figures: tables of what bench/results.json holds, and where they stand there.

A table is a benchmark's: a line for each work, how long kedge takes, and how many times as fast as
each peer it is. Tests hold the README against the file; `python -m bench --readme` writes it anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.sheet import times, times_as_fast
from kedge.sla.report import duration

__all__ = ["BEGIN", "END", "TABLES", "Table", "figures", "put_figures"]

BEGIN = "<!-- of bench/results.json, by python -m bench --readme -->"
END = "<!-- end -->"


@dataclass(frozen=True)
class Table:
    """What the README shows of a benchmark.

    Attributes:
        bench: its name.
        about: what it does.
        works: what its works are in words, by name.
    """

    bench: str
    about: str
    works: Mapping[str, str]


TABLES = (
    Table(
        "drift.bench_ks",
        "a column counted into cells and its distance bracketed, against a histogram of as many;"
        " and the exact test",
        {
            "ks_bracket/normal": "count, normal",
            "ks_bracket/lognormal": "count, lognormal",
            "ks_bracket/pareto": "count, Pareto(1)",
            "ks_bracket/cauchy": "count, Cauchy",
            "ks_bracket/integers": "count, 30 whole numbers",
            "ks_bracket/clusters": "count, two clusters 1e6 apart",
            "ks_bracket/zeros": "count, 40 % zeros",
            "ks_nulls/normal": "count, 10 % null",
            "ks_exact/normal": "exact test, normal",
            "ks_exact/integers": "exact test, 30 whole numbers",
            "ks_exact/clusters": "exact test, two clusters",
        },
    ),
    Table(
        "drift.bench_wide",
        "100 columns of numbers and 20 of names, all tests and distances",
        {
            "wide/stored": "against a stored profile",
            "wide/both": "the reference is profiled too",
        },
    ),
    Table(
        "sketch.bench_categories",
        "names counted over a known list",
        {
            "count/few": "50 names",
            "count/many": "100 000 names",
            "count/codes": "50 names as dictionary codes",
        },
    ),
    Table(
        "score.bench_trees",
        "100 trees of 31 leaves over 28 features, raw scores the trainer's to the bit; (own) is a"
        " peer's own model of that size",
        {
            "trees/T1/lightgbm/1": "LightGBM's, one row",
            "trees/T1/lightgbm/64": "LightGBM's, 64 rows",
            "trees/T1/lightgbm/1024": "LightGBM's, 1024 rows",
            "trees/T1/xgboost/1": "XGBoost's, one row",
            "trees/T1/xgboost/1024": "XGBoost's, 1024 rows",
        },
    ),
    Table(
        "window.bench_window",
        "a stream aggregated",
        {
            "W1": "1000 keys, 10 s, six aggregates",
            "W2": "the same, a million keys",
            "W3": "hopping 60 s by 1 s",
            "W4": "sliding, 1000 rows",
            "W5": "p50, p99, distinct",
        },
    ),
    Table(
        "expr.bench_expr",
        "expressions over a batch",
        {
            "number": "a comparison",
            "two": "two of them",
            "text": "a text",
            "list": "one of a list",
            "formula": "a formula",
        },
    ),
    Table(
        "records.bench_json",
        "records of JSON into columns",
        {"flat": "flat", "wide": "many fields", "few": "few fields of many"},
    ),
    Table(
        "serve.bench_service",
        "a call of one row, scored by 100 trees; but for the last line by one native client",
        {
            "native, 1 at once": "beside gRPC alone, 1 at once",
            "native, 8 at once": "8 at once",
            "MLServer, 1 at once": "beside MLServer, 1 at once",
            "MLServer, 8 at once": "8 at once, beside MLServer",
            "Python's client": "by kedge.Client, 1 at once",
        },
    ),
)


def figures(results: Mapping[str, Any]) -> str:
    """All tables, those whose benchmark was not run left out."""
    runs = {run["name"]: run for run in results["runs"]}
    parts = [_table(table, runs[table.bench]) for table in TABLES if table.bench in runs]
    return "\n\n".join([_machine(results), *parts])


def put_figures(readme: Path, file: Path) -> None:
    """Write the tables into the README, between its two marks.

    Raises:
        ValueError: it has not both of them.
    """
    text = readme.read_text()
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{readme} lacks {BEGIN if not begin else END}")
    made = figures(json.loads(file.read_text()))
    readme.write_text(f"{head}{BEGIN}\n\n{made}\n\n{END}{tail}")


def _machine(results: Mapping[str, Any]) -> str:
    machine, versions = results["machine"], results["versions"]
    with_ = ", ".join(f"{name} {versions[name]}" for name in ("python", "numpy"))
    return (
        f"{machine['processors']} processors ({machine['processor']},"
        f" {machine['instruction_set']}), {with_}; the first column is kedge's own time, the others"
        " how many times as fast as a peer it is."
    )


def _table(table: Table, run: Mapping[str, Any]) -> str:
    lines = [line for line in run["lines"] if line["work"] in table.works]
    peers = list(dict.fromkeys(_peer(line) for line in lines if times_as_fast(line) is not None))
    command = run["command"].removesuffix(" --json")
    rows = [["", "kedge", *peers], ["---"] * (len(peers) + 2)]
    rows += [list(_cells(words, work, lines, peers)) for work, words in table.works.items()]
    drawn = "\n".join("| " + " | ".join(row) + " |" for row in rows if len(row) > 1)
    return f"`{command}` ({run['made']}): {table.about}.\n\n{drawn}"


def _cells(words: str, work: str, lines: list[dict[str, Any]], peers: list[str]) -> Iterator[str]:
    here = [line for line in lines if line["work"] == work]
    if not here:
        return
    yield words
    yield duration(float(here[0]["median_ns"]))
    faster = {_peer(line): times_as_fast(line) for line in here}
    for peer in peers:
        ratio = faster.get(peer)
        yield "" if ratio is None else times(ratio)


def _peer(line: Mapping[str, Any]) -> str:
    return f"{line['engine']} {line['version']}".strip()
