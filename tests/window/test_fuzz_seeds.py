"""The fuzzer of windows begins with snapshots that this version goes on from."""

from __future__ import annotations

import kedge
from kedge.window import aggregates
from tests.window.fuzz_seeds import FOLDER, definitions


def test_seeds_are_of_this_version() -> None:
    """Otherwise `.ci/run generate` writes them anew."""
    names = {path.name for path in FOLDER.iterdir()}
    assert names == {str(number) for number in range(len(definitions()))}
    for name in names:
        window = kedge.Window.restore((FOLDER / name).read_bytes())
        assert window.note == b"seed"
        assert window.stats["rows"] > 0


def test_seeds_have_every_aggregate_but_users_own() -> None:
    made = {one.function for given in definitions() for one in given["aggregates"].values()}
    kin = {"mean": "sum", "variance": "stddev", "kurtosis": "skew", "argmin": "argmax"}
    kin |= {"delta": "first", "all": "any"}
    every = set(aggregates.__all__) - {"Aggregate"}
    assert {kin.get(name, name) for name in every} <= made
