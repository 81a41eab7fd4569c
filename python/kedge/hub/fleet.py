"""How the fleet fares: each model's sketches added up and held against what it was made for."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from itertools import groupby
from operator import itemgetter
from typing import Any

from kedge._core import KedgeError, Profile, ProfileShape, ProfileSum
from kedge.drift import Report, compare
from kedge.hub.ledger import Ledger
from kedge.hub.repository import Repository

__all__ = ["DeviceStatus", "Drift", "Fleet", "FleetStatus", "ModelStatus"]

UNKNOWN = "not yet known"


@dataclass(frozen=True)
class Drift:
    """How far some devices' rows are from a model's reference.

    Attributes:
        rows: that were scored.
        devices: that scored them.
        verdict: of kedge.compare; "not yet known" also when the model is not here.
        column: the one that moved farthest; empty when nothing was compared.
        distance: that of its two samples, at least.
        where: the values whose share changed most.
    """

    rows: int
    devices: int
    verdict: str = UNKNOWN
    column: str = ""
    distance: float = 0.0
    where: str = ""


@dataclass(frozen=True)
class ModelStatus:
    """One model's rows.

    Attributes:
        digest: the SHA-256 of its file.
        name: as the repository has it; empty when it does not.
        version: likewise; 0.
        fleet: all devices.
        groups: by their names.
        devices: by their names.
        columns: of the fleet's report, the farthest moved first: as plain data.
        left_out: sketches that could not be added to the fleet's, by their device's name.
    """

    digest: str
    name: str
    version: int
    fleet: Drift
    groups: dict[str, Drift]
    devices: dict[str, Drift]
    columns: list[dict[str, Any]]
    left_out: dict[str, int]


@dataclass(frozen=True)
class DeviceStatus:
    """One device. Times are milliseconds of the epoch, 0 for never."""

    name: str
    group: str
    seen_ms: int
    records: int
    events: int
    lost_records: int
    lost_events: int
    refused: int
    reason: str
    evicted: int
    states: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class FleetStatus:
    """All of it."""

    models: list[ModelStatus]
    devices: list[DeviceStatus]
    paused: list[str]

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


_ROWS = """
SELECT device.name, device.grp, sketch.device, sketch.life, sketch.epoch, sketch.sequence,
  sketch.shape, sketch.profile
FROM sketch JOIN device ON device.id = sketch.device WHERE sketch.model = ?
ORDER BY sketch.device, sketch.life, sketch.epoch
"""
_COLUMNS = [one.name for one in fields(DeviceStatus) if one.name != "states"]
_MOST_OF_LIFE = 1 << 50  # a device says what it lost, and SQLite fails on sums beyond 63 bits
_SUMS = ", ".join(
    f"coalesce(sum(min({name}, {_MOST_OF_LIFE})), 0)"
    for name in ("records", "events", "lost_records", "lost_events")
)
_DEVICES = f"""
SELECT device.id, name, grp, max(device.seen, coalesce(max(life.updated), 0)), {_SUMS},
  refused, reason, evicted
FROM device LEFT JOIN life ON life.device = device.id GROUP BY device.id ORDER BY name
"""


class Merge:
    """Sketches of one model, those of each shape added up."""

    def __init__(self, shapes: dict[bytes, ProfileShape]) -> None:
        self._shapes = shapes
        self._sums: dict[bytes, ProfileSum] = {}
        self.devices = 0
        self.left_out: dict[str, int] = {}

    def add(self, device: str, shape: bytes, stored: bytes) -> None:
        """One more sketch of a device; one that cannot be added is counted as left out."""
        try:
            is_added = self._sum_of(shape, stored).add(stored)
        except KedgeError:  # with it there are more rows than a profile counts
            is_added = False
        if not is_added:
            self.left_out[device] = self.left_out.get(device, 0) + 1

    def _sum_of(self, shape: bytes, stored: bytes) -> ProfileSum:
        if shape not in self._shapes:
            self._shapes[shape] = ProfileShape(Profile.from_bytes(stored))
        sum_ = self._sums.get(shape)
        if sum_ is None:
            sum_ = self._sums[shape] = ProfileSum(self._shapes[shape])
        return sum_

    def profiles(self) -> list[Profile]:
        """One for each shape, that of most rows first."""
        sums = sorted(self._sums.values(), key=lambda one: -one.rows)
        return [Profile.from_bytes(one.to_bytes()) for one in sums]

    @property
    def rows(self) -> int:
        """Of all shapes."""
        return sum(one.rows for one in self._sums.values())


class Fleet:
    """Looks through a ledger; what did not change since the last look is not compared again."""

    def __init__(self, ledger: Ledger, repository: Repository) -> None:
        self._ledger, self._repository = ledger, repository
        self._lock = threading.Lock()
        self._known: dict[tuple[bytes, int], tuple[object, Drift]] = {}
        self._looked_at: dict[tuple[bytes, int], tuple[object, Drift]] = {}

    def status(self) -> FleetStatus:
        """Of every model and device."""
        with self._lock:
            accounts = self._ledger.reader()
            try:
                accounts.execute("BEGIN")
                found = accounts.execute("SELECT DISTINCT model FROM sketch ORDER BY model")
                models = [self._model(accounts, model) for (model,) in found.fetchall()]
                devices = list(self._devices(accounts))
            finally:
                accounts.close()
            self._known, self._looked_at = self._looked_at, {}  # without who is gone
        return FleetStatus(models, devices, sorted(self._ledger.paused()))

    def merged(self, model: bytes, *, group: str | None = None, device: str = "") -> list[Profile]:
        """The sum of sketches of a model: of the fleet, of a group or of a device.

        Several come when devices count in different cells, that of most rows first. A sketch that
        cannot be added is left out; `status` names its device.
        """
        merge = Merge({})
        accounts = self._ledger.reader()
        try:
            for name, its_group, *_, shape, stored in accounts.execute(_ROWS, (model,)):
                if (group is None or its_group == group) and (not device or name == device):
                    merge.add(name, shape, stored)
        finally:
            accounts.close()
        return merge.profiles()

    def _model(self, accounts: sqlite3.Connection, model: bytes) -> ModelStatus:
        reference = self._repository.reference(model)
        bundle = self._repository.named(model.hex())
        shapes: dict[bytes, ProfileShape] = {}
        fleet, groups = Merge(shapes), dict[str, Merge]()
        devices: dict[str, Drift] = {}
        rows: Iterable[tuple[Any, ...]] = accounts.execute(_ROWS, (model,))
        for (name, group, id), theirs in groupby(rows, itemgetter(0, 1, 2)):
            of_group = groups.setdefault(group, Merge(shapes))
            own, stamp = Merge(shapes), []
            for *_, life, epoch, sequence, shape, stored in theirs:
                stamp.append((life, epoch, sequence))
                for merge in (fleet, of_group, own):
                    merge.add(name, shape, stored)
            for merge in (fleet, of_group, own):
                merge.devices += 1
            devices[name] = self._drift_of(own, reference, (model, id), stamp)
        report = _report(fleet, reference)
        return ModelStatus(
            model.hex(),
            bundle.model if bundle else "",
            bundle.version if bundle else 0,
            _drift(fleet, report),
            {name: _drift(one, _report(one, reference)) for name, one in sorted(groups.items())},
            devices,
            report.to_dict()["columns"] if report is not None else [],
            fleet.left_out,
        )

    def _drift_of(
        self, merge: Merge, reference: Profile | None, key: tuple[bytes, int], stamp: object
    ) -> Drift:
        stamp = (stamp, reference is not None)
        known = self._known.get(key)
        if known is None or known[0] != stamp:
            known = (stamp, _drift(merge, _report(merge, reference)))
        self._looked_at[key] = known
        return known[1]

    def _devices(self, accounts: sqlite3.Connection) -> Iterator[DeviceStatus]:
        states: dict[int, list[dict[str, Any]]] = {}
        found = accounts.execute("SELECT * FROM state ORDER BY device, model")
        names = [column[0] for column in found.description]
        for row in found:
            said = dict(zip(names, row, strict=True))
            states.setdefault(said.pop("device"), []).append(said)
        for id, *row in accounts.execute(_DEVICES):
            said = dict(zip(_COLUMNS, row, strict=True))
            yield DeviceStatus(**said, states=states.get(id, []))


def _report(merge: Merge, reference: Profile | None) -> Report | None:
    """The columns that the reference has, of all shapes together."""
    if reference is None:
        return None
    whole: Profile | None = None
    for profile in merge.profiles():
        names = [name for name in reference.columns if name in set(profile.columns)]
        try:
            some = profile.select(names)
            if whole is None:
                whole = some
            else:
                whole.merge(some)
        except KedgeError:  # counted before the model came, in other cells
            continue
    if whole is None or not whole.columns:
        return None
    try:
        return compare(reference.select(whole.columns), whole)
    except KedgeError:
        return None


def _drift(merge: Merge, report: Report | None) -> Drift:
    if report is None or not len(report):
        return Drift(merge.rows, merge.devices)
    first = report.columns[0]
    return Drift(merge.rows, merge.devices, report.verdict, first.column, first.lower, first.where)
