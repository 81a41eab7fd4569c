"""Do groups fare alike? Counts by group, with answers that may be read at any time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from kedge._core import QualityCounts, parity
from kedge.quality.counted import Counted, listed, ratio

__all__ = ["Fairness", "FairnessResult", "GroupRate", "Parity", "ParityPair"]

FairnessVerdict = Literal["violation shown", "compliance shown", "not yet known"]


@dataclass(frozen=True)
class GroupRate:
    """One rate of one group: `hits` of `rows`, and the limits that hold the true rate, for all
    groups and at all times at once, with probability 1 - alpha."""

    rows: int
    hits: int
    at_least: float
    at_most: float

    @property
    def value(self) -> float:
        """The rate so far, NaN without rows."""
        return ratio(self.hits, self.rows)


@dataclass(frozen=True)
class ParityPair:
    """The rate of group `low` over that of group `high`.

    `evidence_of_violation` and `evidence_of_compliance` have an expected value of at most 1 while
    the opposite is true: they are infinite where a double cannot hold them.
    """

    low: str
    high: str
    ratio: float
    at_least: float
    at_most: float
    evidence_of_violation: float
    evidence_of_compliance: float


@dataclass(frozen=True)
class Parity:
    """One rate across groups: is no group's below `minimum` times another's?

    Attributes:
        verdict: what is shown; each of the two is wrong with probability alpha at most, ever.
        ratio: the lowest rate over the highest, NaN when a group has no rows.
        violations: the pairs that break the rule, shown.
        pairs: all pairs that are judged.
    """

    verdict: FairnessVerdict
    groups: dict[str, GroupRate]
    pairs: tuple[ParityPair, ...]
    violations: tuple[ParityPair, ...]

    @property
    def ratio(self) -> float:
        """The lowest rate over the highest."""
        rates = [group.value for group in self.groups.values()]
        if any(map(math.isnan, rates)):
            return math.nan
        return ratio(min(rates), max(rates))

    @property
    def difference(self) -> float:
        """The highest rate less the lowest."""
        rates = [group.value for group in self.groups.values()]
        return math.nan if any(map(math.isnan, rates)) else max(rates) - min(rates)


@dataclass(frozen=True)
class FairnessResult:
    """What is known of each group.

    Attributes:
        rows: decisions of listed groups.
        others: decisions of rows without a group, or of one that is not listed: not judged.
        missing: rows without a decision.
        selection: how often the decision is yes (demographic parity, disparate impact).
        opportunity: how often it is among those whose target is 1 (true positive rate).
        false_alarms: how often it is among those whose target is 0 (false positive rate).
    """

    rows: int
    others: int
    missing: int
    selection: Parity
    opportunity: Parity
    false_alarms: Parity


class Fairness(Counted):
    """Decisions by protected group: counts that merge, and three answers instead of two.

    The rule is that no group's rate is below `minimum` times another's, or with `reference` below
    `minimum` times that group's. A ratio read off a dashboard breaks it sooner or later for fair
    systems too; here "violation shown" is wrong with probability `alpha` at most, however often one
    looks, and so is "compliance shown". Until one of them is shown the answer is "not yet known".
    It is that of the counts as they are: whoever has seen it shown may keep it.

    `decision` and `target` are columns of 0 and 1. Targets may be missing, null, or not named at
    all: those rows count for selection alone. What is promised needs rows whose chances do not
    depend on the rows before; after `subtract` the figures are right, and the promise is that of a
    single look.

    >>> fairness = Fairness(decision="hired", group="sex", groups=["f", "m"])
    >>> fairness.update({"hired": [1, 0, 1, 1], "sex": ["f", "f", "m", "m"]})
    >>> selection = fairness.result().selection
    >>> selection.ratio, selection.verdict
    (0.5, 'not yet known')

    Raises:
        InvalidArgument: there are fewer than 2 groups or more than 256, or a bound is broken.
    """

    _KINDS = ("fairness",)

    def __init__(
        self,
        *,
        decision: str,
        group: str,
        groups: Iterable[object],
        target: str = "",
        reference: object | None = None,
        minimum: float = 0.8,
        alpha: float = 0.05,
    ) -> None:
        counts = QualityCounts(
            "fairness",
            decision,
            target,
            by=group,
            values=listed("groups", groups),
            minimum=float(minimum),
            alpha=float(alpha),
            reference="" if reference is None else listed("reference", [reference])[0],
        )
        super().__init__(counts)

    def rates(self) -> dict[str, tuple[int, float, float]]:
        """Decisions, selection rate and true positive rate of each group, and nothing shown."""
        rates = {}
        for part, name in enumerate(self._names()[:-1]):
            (selected, rows), (found, positives), _ = _arms(self._counts.counts(part))
            rates[name] = (rows, ratio(selected, rows), ratio(found, positives))
        return rates

    def result(self) -> FairnessResult:
        """All rates, and what is shown of them."""
        names = self._names()[:-1]
        cells = [self._counts.counts(part) for part in range(len(names) + 1)]
        selection, opportunity, false_alarms = zip(*map(_arms, cells[:-1]), strict=True)
        return FairnessResult(
            rows=sum(rows for _, rows in selection),
            others=sum(cells[-1][3:]),
            missing=sum(sum(counts[:3]) for counts in cells),
            selection=self._parity(names, selection, is_harm=False),
            opportunity=self._parity(names, opportunity, is_harm=False),
            false_alarms=self._parity(names, false_alarms, is_harm=True),
        )

    def _parity(
        self, names: Sequence[str], counts: Sequence[tuple[int, int]], *, is_harm: bool
    ) -> Parity:
        asked = self.definition
        at = names.index(asked["reference"]) if asked["reference"] else None
        judged = parity(counts, asked["minimum"], asked["alpha"], at, is_harm)
        pairs = [
            (
                ParityPair(names[low], names[high], share, least, most, _exp(broken), _exp(kept)),
                broken,
            )
            for low, high, share, (least, most), broken, kept in judged["pairs"]
        ]
        shown = judged["violation_level"]
        return Parity(
            verdict=judged["verdict"],
            groups={
                name: GroupRate(rows, hits, *limits)
                for name, (hits, rows), limits in zip(names, counts, judged["rates"], strict=True)
            },
            pairs=tuple(pair for pair, _ in pairs),
            violations=tuple(pair for pair, evidence in pairs if evidence >= shown),
        )


def _arms(counts: list[int]) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Hits and rows of a group: of all, of those whose target is 1, of those whose target is 0."""
    no, yes = ([counts[3 + 2 * target + said] for target in range(3)] for said in range(2))
    return (sum(yes), sum(no) + sum(yes)), (yes[1], no[1] + yes[1]), (yes[0], no[0] + yes[0])


def _exp(log_evidence: float) -> float:
    return math.exp(log_evidence) if log_evidence < 709 else math.inf
