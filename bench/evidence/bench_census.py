"""A real case: does the monitor alarm where a model's true performance falls, and only there?

    python -m bench.evidence.bench_census [--json] [--chunk N] [--peers-dir DIR]

The data are nannyml's: people of Massachusetts in the US census surveys of 2015 to 2018, whether
they are employed, and a model's predictions; read from the package that
`python -m bench.environments DIR nannyml` installs, none of it is here. 2015 is the reference, the
later years come in their file's order, in chunks. Within a year that order is the survey's: people
in group quarters are together, last in 2017 and first in 2018, and there the model fails.

Truth, from the labels: a chunk has fallen when its errors are so many that 2015's error rate would
give them in one of 1000 such streams (Bonferroni over the chunks). Two monitors, both with
min_effect 0.02 and one false alarm in 1000 updates: one sees features and predictions, as live, the
other whether each prediction was wrong, as labels allow.

Outcome that makes the exit code 0: both alarm in every year with a fallen chunk, the one of errors
in no other year; and neither alarms when the rows of all years are shuffled before, in any of ten
shuffles. (In chunks of 5000 rows the fall of 2018 is one chunk, too little to be shown.)
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import kedge
from bench.environments import add_peers_dir, interpreter

_LOCATE = (
    "import importlib.util as u; s = u.find_spec('nannyml');"
    "print(s.submodule_search_locations[0] if s else '')"
)
_NUMBERS = ("AGEP", "predicted_probability")
_NEVER = ("id", "year", "employed")
_FALSE_ALARMS = 1 / 1000
_SHUFFLES = 10

Column = npt.NDArray[Any]


@dataclass(frozen=True)
class Census:
    """All rows, 2015's first."""

    seen: Mapping[str, Column]
    wrong: npt.NDArray[np.float64]
    year: npt.NDArray[np.int64]

    @property
    def reference(self) -> int:
        """How many rows there are of 2015."""
        return int(np.sum(self.year == 2015))

    def rows(self, order: Column) -> Census:
        """Some of the rows, in this order."""
        seen = {name: column[order] for name, column in self.seen.items()}
        return Census(seen, self.wrong[order], self.year[order])


def load(folder: Path) -> Census:
    """Read nannyml's files."""
    from pyarrow import concat_tables, parquet

    def read(name: str) -> Any:
        return parquet.read_table(folder / f"employment_MA_{name}.pq")

    live = read("analysis").join(read("analysis_target"), "id").sort_by("id")
    reference = read("reference").sort_by("id")
    table = concat_tables(
        [reference, live.select(reference.column_names)], promote_options="default"
    )
    seen = {}
    for name in table.column_names:
        if name in _NEVER:
            continue
        kind = "float64" if name in _NUMBERS else "string"
        seen[name] = np.asarray(table[name].cast(kind).to_numpy(), dtype=None)
        if kind == "string":
            seen[name] = seen[name].astype(str)
    wrong = table["prediction"].to_numpy() != table["employed"].to_numpy()
    return Census(seen, wrong.astype(float), table["year"].to_numpy())


def chunks(rows: Census, first: int, size: int) -> Iterator[Census]:
    """The rows from `first` on; the last part may be short."""
    total = rows.year.size
    for start in range(first, total, size):
        yield rows.rows(np.arange(start, min(start + size, total)))


def fallen(rows: Census, size: int) -> list[tuple[int, float]]:
    """Years and error rates of the chunks whose errors 2015's rate does not explain."""
    from scipy import stats

    first = rows.reference
    rate = rows.wrong[:first].mean()
    live = list(chunks(rows, first, size))
    found = []
    for chunk in live:
        errors, count = int(chunk.wrong.sum()), chunk.wrong.size
        if stats.binom.sf(errors - 1, count, rate) * len(live) < 1e-3:
            found.append((year_of(chunk), errors / count))
    return found


def year_of(chunk: Census) -> int:
    """The year of most rows."""
    return int(np.median(chunk.year))


def alarms(
    rows: Census, reference: int, size: int, *, errors: bool
) -> tuple[dict[int, list[str]], int]:
    """By year, the columns that alarm; and the number of updates."""

    def table(part: Census) -> Mapping[str, Column]:
        return {"wrong": part.wrong} if errors else part.seen

    profile = kedge.profile(table(rows.rows(np.arange(reference))))
    monitor = kedge.Monitor(profile, min_effect=0.02, false_alarms=_FALSE_ALARMS)
    found: dict[int, list[str]] = {}
    for chunk in chunks(rows, reference, size):
        for alarm in monitor.update(table(chunk)):
            columns = found.setdefault(year_of(chunk), [])
            if alarm.column not in columns:
                columns.append(alarm.column)
    return found, monitor.updates


def judge(rows: Census, size: int) -> tuple[dict[str, Any], bool]:
    """What came out, and whether it is as stated."""
    first = rows.reference
    truth = fallen(rows, size)
    years = sorted({year for year, _ in truth})
    seen, updates = alarms(rows, first, size, errors=False)
    wrong, _ = alarms(rows, first, size, errors=True)
    control = 0
    for seed in range(_SHUFFLES):
        shuffled = rows.rows(np.random.default_rng(seed).permutation(rows.year.size))
        for errors in (False, True):
            control += sum(map(len, alarms(shuffled, first, size, errors=errors)[0].values()))
    rates = {
        int(year): float(rows.wrong[rows.year == year].mean()) for year in np.unique(rows.year)
    }
    outcome = {
        "error rate by year": rates,
        "fallen chunks": truth,
        "alarms without labels": seen,
        "alarms of the errors": wrong,
        "updates": updates,
        f"alarms in {_SHUFFLES} shuffles": control,
    }
    return outcome, set(years) <= set(seen) and set(wrong) == set(years) and not control


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the return value is the exit code."""
    command = argparse.ArgumentParser(
        prog="python -m bench.evidence.bench_census",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--json", action="store_true", help="one JSON object")
    command.add_argument("--chunk", type=int, default=2000, help="rows (%(default)s)")
    add_peers_dir(command)
    options = command.parse_args(arguments)
    python = interpreter("nannyml", options.peers_dir, "nannyml")
    where = subprocess.check_output([python, "-c", _LOCATE], text=True).strip()
    if not where:
        print("nannyml is not installed and has the data", file=sys.stderr)
        return 1
    outcome, is_good = judge(load(Path(where) / "datasets" / "data"), options.chunk)
    if options.json:
        print(json.dumps(outcome | {"as stated": is_good}))
    else:
        for name, value in outcome.items():
            print(f"{name}: {value}")
        print("as stated" if is_good else "NOT as stated")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
