"""Files of every released format version still read as what they were written for."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import kedge
from kedge._core import Categories, Table, TrustClient, UpdatePackage
from kedge.loop import Snapshot
from tests.golden.make import (
    FOLDER,
    GENERATION,
    VERSIONS,
    holds,
    holds_names,
    holds_snapshot,
)
from tests.golden.quality import QUALITY, holds_quality


def files(format_name: str) -> list[Path]:
    found = (FOLDER / format_name).rglob("*.*")
    return sorted(path for path in found if path.suffix != ".json")


def expected(path: Path) -> object:
    return json.loads(path.with_suffix(".json").read_text())


def same_counts(found: dict[str, object], expected: dict[str, object]) -> bool:
    """Version 1 had no cells for what is outside of the range; read today they are empty."""
    counts = found["counts"]
    if len(counts) == len(expected["counts"]) + 2:
        assert counts[1] == counts[-2] == 0
        found = {**found, "counts": [counts[0], *counts[2:-2], counts[-1]]}
    return found == expected


def is_newest(path: Path) -> bool:
    return path.parent.name == f"v{VERSIONS[path.parents[1].name]}"


@pytest.mark.parametrize("path", files("histogram"), ids=lambda path: path.name)
def test_histograms_read(path: Path) -> None:
    histogram = kedge.Histogram.from_bytes(path.read_bytes())
    assert same_counts(holds(histogram), expected(path))
    assert not is_newest(path) or histogram.to_bytes() == path.read_bytes()


@pytest.mark.parametrize("path", files("profile"), ids=lambda path: path.name)
def test_profiles_read(path: Path) -> None:
    profile = kedge.Profile.from_bytes(path.read_bytes())
    assert profile.columns == list(expected(path))
    for name, column in expected(path).items():
        assert same_counts(holds(profile.histogram(name)), column)
    assert not is_newest(path) or profile.to_bytes() == path.read_bytes()


@pytest.mark.parametrize("path", files("ipc"), ids=lambda path: path.name)
def test_ipc_streams_read(path: Path) -> None:
    table = Table.from_ipc(path.read_bytes())
    assert table.to_pydict() == expected(path)
    assert not is_newest(path) or table.to_ipc() == path.read_bytes()


@pytest.mark.parametrize("path", files("categories"), ids=lambda path: path.name)
def test_categories_read(path: Path) -> None:
    categories = Categories.from_bytes(path.read_bytes())
    assert holds_names(categories) == expected(path)
    assert not is_newest(path) or categories.to_bytes() == path.read_bytes()


@pytest.mark.parametrize("path", files("bundle"), ids=lambda path: path.name)
def test_models_read_and_score(path: Path) -> None:
    model = kedge.load(path)
    wanted = expected(path)
    assert [feature.name for feature in model.features] == wanted["features"]
    assert model.link == wanted["link"]
    assert model.metadata["kind"] == path.stem
    rows = np.array(wanted["rows"])
    np.testing.assert_array_equal(model.predict(rows, raw=True), wanted["raw"])
    np.testing.assert_array_equal(model.predict(rows), wanted["predictions"])
    # What needs no more of it is still stored in an earlier version.
    assert model.to_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    "path", [path for name in QUALITY for path in files(name)], ids=lambda path: path.name
)
def test_quality_and_decisions_read(path: Path) -> None:
    format_name = path.parents[1].name
    found = holds_quality(format_name, path.read_bytes())
    assert json.loads(json.dumps(found)) == expected(path)
    again = QUALITY[format_name][0](path.read_bytes())
    # Version 1 of quality is still how what needs no more of it is stored.
    is_written = is_newest(path) or format_name == "quality"
    assert not is_written or again.to_bytes() == path.read_bytes()


@pytest.mark.parametrize("path", files("pipeline"), ids=lambda path: path.name)
def test_snapshots_of_pipelines_read(path: Path) -> None:
    snapshot = Snapshot.from_bytes(path.read_bytes())
    assert holds_snapshot(snapshot) == expected(path)
    assert not is_newest(path) or snapshot.to_bytes(GENERATION) == path.read_bytes()


def test_packages_read_and_update_a_board(tmp_path: Path) -> None:
    shipped = next(path for path in files("update") if path.suffix == ".root")
    client = TrustClient(str(tmp_path), shipped.read_bytes())
    for name in ("first", "second"):
        path = shipped.with_name(f"{name}.update")
        package = UpdatePackage(str(path))
        for place, digest in expected(path).items():
            assert hashlib.sha256(package.fetch(place, 1 << 20)).hexdigest() == digest
        client.refresh(package.fetch, 1_893_456_000)
    (target,) = client.targets
    assert (target[0], json.loads(target[1])["kedge"]["version"]) == ("churn.kedge", 8)


@pytest.mark.parametrize("format_name", VERSIONS)
def test_every_version_has_its_files(format_name: str) -> None:
    versions = {path.parent.name for path in files(format_name)}
    assert versions == {f"v{number}" for number in range(1, VERSIONS[format_name] + 1)}
