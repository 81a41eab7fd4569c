"""What is held against what, and what follows: a file beside the code, read by people and checked.

    [trigger]
    drift = { min_effect = 0.02, false_alarms = "1/30d", window = "7d" }

    [quality]
    kind = "binary"
    prediction = "score"
    target = "paid"
    late = { id = "id", most_waiting = 1_000_000 }
    calibration = { error = 0.01 }

    [fairness.sex]
    metric = "disparate_impact"
    decision = "approved"
    groups = ["f", "m"]
    floor = 0.8
    error = 0.01
    on_violation = "rollback"
    on_unknown = "allow"

    [shadow]
    promote_if = { loss_better_by = 0.0, error = 0.05, loss_bound = 0.2 }
    min_rows = 1000

    [canary]
    share = 0.05
    key = "customer_id"
    rollback_if = [
      { what = "errors", error = 0.01 },
      { what = "latency_over_ms", limit = 50, error = 0.01 },
    ]

An `error` is how often, ever, what is shown may be wrong; `min_effect`, `false_alarms`, `fdr`,
`confidence`, `group`, `window` and `tumbling` are those of `kedge.Monitor`. Names of columns may be
left out and given where they are known. A table or key that nothing here acts on is refused: a rule
that only looks as if it held is worse than none.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from kedge._core import InvalidArgument, Profile
from kedge.decide.arms import Canary, split
from kedge.decide.policy.tables import OUTCOMES, read_policy
from kedge.decide.shadow import Shadow
from kedge.drift import Monitor
from kedge.quality import Calibration, Fairness, LateLabels, Performance
from kedge.toml import Document

__all__ = ["Policy"]


class Policy:
    """The rules of a TOML file, each made into what holds it. `kedge.decide.policy` shows one.

    >>> policy = Policy.from_toml('''
    ... [shadow]
    ... promote_if = { loss_better_by = 0.01, error = 0.05, loss_bound = 1 }
    ... ''')
    >>> shadow = policy.shadow(live="old", candidate="new")
    >>> shadow.update({"old": [0.5] * 30, "new": [0.25] * 30})
    >>> shadow.decision().verdict
    'yes'
    >>> Policy.from_toml("[canary]\\nshare = 1.5\\n")
    Traceback (most recent call last):
    ...
    kedge.InvalidArgument: line 2: canary.share = 1.5: expected a number above 0 and below 1
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, document: Document) -> None:
        self._tables = read_policy(document)
        self._file = document.file or "the policy"

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Policy:
        """The policy in a file.

        Raises:
            InvalidArgument: names the file and line, the key, its value and what is allowed; or
                there is no such file.
            OSError: it cannot be read.
        """
        return cls(Document.open(path))

    @classmethod
    def from_toml(cls, text: str) -> Policy:
        """The policy of a document.

        Raises:
            InvalidArgument: names the line, the key, its value and what is allowed.
        """
        return cls(Document(text))

    @property
    def definition(self) -> dict[str, Any]:
        """All rules as plain data, every default filled in; None for tables that are not there."""
        return copy.deepcopy(self._tables)

    def monitor(self, profile: Profile, *, clock: str | None = None) -> Monitor:
        """A monitor of drift from `profile`, as `trigger.drift` asks for it; `clock` as there."""
        asked = {name: value for name, value in self._table("drift").items() if name != "test"}
        return Monitor(profile, clock=clock, **asked)

    def performance(self) -> Performance:
        """A counter of how good predictions are, as `[quality]` asks for it."""
        asked = dict(self._table("quality"))
        del asked["late"], asked["calibration"]
        return Performance(**asked | {"by": asked["by"] or ""})

    def late_labels(self) -> LateLabels[Performance]:
        """The same for labels that come late, as `quality.late` asks for it."""
        late = self._part("quality", "late")
        return LateLabels(
            self.performance(),
            id=late["id"],
            most_waiting=late["most_waiting"],
            time=late["time"] or "",
            horizon=late["horizon"] or 0,
        )

    def calibration(self) -> Calibration:
        """An alarm for scores that are no probabilities, as `quality.calibration` asks for it."""
        asked = self._part("quality", "calibration")
        columns = self._table("quality")
        return Calibration(
            score=columns["prediction"],
            target=columns["target"],
            bins=asked["bins"],
            alpha=asked["error"],
        )

    @property
    def protected(self) -> list[str]:
        """The names of the tables of fairness."""
        return list(self._tables["fairness"] or {})

    def fairness(
        self,
        name: str,
        *,
        decision: str = "",
        group: str = "",
        groups: Iterable[object] | None = None,
        target: str = "",
    ) -> Fairness:
        """A counter of decisions by group, as `[fairness.NAME]` asks for it; the column of groups
        is called as the table is, where nothing else is said."""
        asked = self._rule(name)
        chosen = asked["groups"] if groups is None else groups
        if chosen is None:
            raise self._unnamed(f"fairness.{name}", "groups")
        return Fairness(
            decision=self._column(f"fairness.{name}", asked, "decision", decision),
            group=group or asked["group"] or name,
            groups=chosen,
            target=target or asked["target"] or "",
            reference=asked["reference"],
            minimum=asked["floor"],
            alpha=asked["error"],
        )

    def fairness_action(self, name: str, fairness: Fairness) -> str:
        """What follows from what is shown so far: "allow", "alert", "hold" or "rollback".

        A violation that was shown once may be acted on for good; this says what is shown now.
        """
        asked = self._rule(name)
        result = fairness.result()
        parity = {
            "disparate_impact": result.selection,
            "equal_opportunity": result.opportunity,
            "false_positive_rate": result.false_alarms,
        }[asked["metric"]]
        if parity.verdict == "compliance shown":
            return "allow"
        key = "on_violation" if parity.verdict == "violation shown" else "on_unknown"
        return str(asked[key])

    def shadow(self, *, live: str = "", candidate: str = "") -> Shadow:
        """A test of a candidate in the shadow of the live model, as `[shadow]` asks for it."""
        table = self._table("shadow")
        asked = table["promote_if"]
        return Shadow(
            live=self._column("shadow", table, "live", live),
            candidate=self._column("shadow", table, "candidate", candidate),
            bound=asked["loss_bound"],
            delta=0.0 - asked["loss_better_by"],  # never -0.0
            alpha=asked["error"],
            min_rows=table["min_rows"],
        )

    def canary(self, *, arm: str = "", error: str = "", latency: str = "") -> Canary:
        """A test of a canary's outcomes, as `[canary]` asks for it.

        Every outcome has the error that its entry says; a promotion has that of all together.
        """
        table = self._table("canary")
        rules = {rule["what"]: rule for rule in table["rollback_if"]}
        asked = table["promote_if"] or {"factor": 1.0, "margin": 0.01}
        columns = {
            what: self._column(f"canary.rollback_if, {what}", rules[what], "column", given)
            for what, given in zip(OUTCOMES, (error, latency), strict=True)
            if what in rules
        }
        return Canary(
            arm=self._column("canary", table, "arm", arm),
            error=columns.get("errors", ""),
            latency=columns.get("latency_over_ms", ""),
            latency_limit=rules.get("latency_over_ms", {}).get("limit"),
            alpha=sum(rule["error"] for rule in rules.values()),
            **asked,
        )

    def canary_arms(self, data: Any) -> npt.NDArray[np.int64]:
        """Which rows go to the canary: 1 for them, else 0, by their `canary.key`.

        `data` is what has such a column, or the keys alone.
        """
        table = self._table("canary")
        is_table = table["key"] is not None and hasattr(data, "__getitem__") and _has_columns(data)
        keys = data[table["key"]] if is_table else data
        return split(keys, [table["share"]], salt=table["salt"])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Policy):
            return NotImplemented
        return self._tables == other._tables

    def __repr__(self) -> str:
        there = [name for name, table in self._tables.items() if table]
        return f"Policy of {', '.join(there) or 'nothing'}"

    def _table(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] | None = self._tables[name]
        if found is None:
            said = "trigger.drift" if name == "drift" else name
            raise InvalidArgument(f"{self._file}: there is no [{said}]")
        return found

    def _part(self, name: str, part: str) -> dict[str, Any]:
        found: dict[str, Any] | None = self._table(name)[part]
        if found is None:
            raise InvalidArgument(f"{self._file}: there is no {name}.{part}")
        return found

    def _rule(self, name: str) -> dict[str, Any]:
        rules = self._tables["fairness"] or {}
        if name not in rules:
            raise InvalidArgument(f"{self._file}: there is no [fairness.{name}]")
        rule: dict[str, Any] = rules[name]
        return rule

    def _column(self, place: str, table: dict[str, Any], key: str, given: str) -> str:
        name: str | None = given or table[key]
        if not name:
            raise self._unnamed(place, key)
        return name

    def _unnamed(self, place: str, key: str) -> InvalidArgument:
        return InvalidArgument(f"{self._file}: {place}: no {key} is named, there or in the call")


def _has_columns(data: Any) -> bool:
    return isinstance(data, dict) or hasattr(data, "schema") or hasattr(data, "columns")
