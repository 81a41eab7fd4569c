"""The classical change detectors, plainly: of each value "", "warning" or "drift".

After a drift each begins anew. Running means are rounded as the detectors' are: that decides ties.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

from scipy import stats

__all__ = ["adwin", "cusum", "ddm", "eddm", "hddm_a", "hddm_w", "kswin", "page_hinkley"]

Step = Callable[[float], str]


def _steps(make: Callable[[], Step], values: Iterable[float]) -> Iterator[str]:
    step = make()
    for value in values:
        said = step(value)
        yield said
        if said == "drift":
            step = make()


class _Mean:
    def __init__(self) -> None:
        self.n, self.mean = 0, 0.0

    def add(self, value: float) -> None:
        self.n += 1
        self.mean += 1 / self.n * (value - self.mean)

    def copy(self) -> _Mean:
        other = _Mean()
        other.n, other.mean = self.n, self.mean
        return other


def adwin(
    values: Iterable[float],
    delta: float = 0.002,
    clock: int = 32,
    max_buckets: int = 5,
    min_window: int = 5,
    grace: int = 10,
) -> Iterator[str]:
    """Rows of buckets of 1, 2, 4, .. values, oldest first in each, every border of them a cut."""

    def make() -> Step:
        rows: list[list[tuple[float, float]]] = [[]]
        total = square = 0.0
        width = ticks = 0

        def compress() -> None:
            for i, row in enumerate(rows):
                if len(row) <= max_buckets:
                    return
                (sum1, square1), (sum2, square2) = row[:2]
                del row[:2]
                n = 2**i
                between = n * n * (sum1 / n - sum2 / n) * (sum1 / n - sum2 / n) / (n + n)
                if i + 1 == len(rows):
                    rows.append([])
                rows[i + 1].append((sum1 + sum2, square1 + square2 + between))

        def is_cut() -> bool:
            n0, sum0 = 0, 0.0
            n1, sum1 = width, total
            level = math.log(2 * math.log(width) / delta)
            for i in range(len(rows) - 1, -1, -1):
                for bucket in rows[i]:
                    n0, n1 = n0 + 2**i, n1 - 2**i
                    sum0, sum1 = sum0 + bucket[0], sum1 - bucket[0]
                    if n0 < min_window or n1 < max(min_window, 1):
                        continue
                    m = 1 / (n0 - min_window + 1) + 1 / (n1 - min_window + 1)
                    bound = math.sqrt(2 * m * (square / width) * level) + 2 / 3 * level * m
                    if abs(sum0 / n0 - sum1 / n1) > bound:
                        return True
            return False

        def step(value: float) -> str:
            nonlocal total, square, width, ticks
            rows[0].append((value, 0.0))
            width += 1
            if width > 1:
                away = value - total / (width - 1)
                square += (width - 1) * away * away / width
            total += value
            compress()
            ticks += 1
            return "drift" if ticks % clock == 0 and width > grace and is_cut() else ""

        return step

    return _steps(make, values)


def ddm(
    values: Iterable[float],
    warm_start: int = 30,
    warning_threshold: float = 2.0,
    drift_threshold: float = 3.0,
) -> Iterator[str]:
    """The error rate against its best so far."""

    def make() -> Step:
        seen = _Mean()
        best = (math.inf, 0.0, 0.0)

        def step(value: float) -> str:
            nonlocal best
            seen.add(value)
            if seen.n <= warm_start:
                return ""
            p = seen.mean
            s = math.sqrt(p * (1 - p) / seen.n)
            if p + s <= best[0]:
                best = (p + s, p, s)
            if p + s > best[1] + drift_threshold * best[2]:
                return "drift"
            return "warning" if p + s > best[1] + warning_threshold * best[2] else ""

        return step

    return _steps(make, values)


def eddm(
    values: Iterable[float], warm_start: int = 30, alpha: float = 0.95, beta: float = 0.9
) -> Iterator[str]:
    """The distance between errors against its largest so far."""

    def make() -> Step:
        distances = _Mean()
        deviations = 0.0
        n = last = 0
        largest = -1.0
        state = ""

        def step(value: float) -> str:
            nonlocal deviations, n, last, largest, state
            n += 1
            if value != 1:
                return state
            before = distances.mean
            distances.add(n - last)
            deviations += (n - last - before) * (n - last - distances.mean)
            last = n
            if n <= warm_start:
                return state
            variance = deviations / (distances.n - 1) if distances.n > 1 else 0.0
            reach = distances.mean + 2 * math.sqrt(variance)
            if reach > largest:
                largest = reach
            elif distances.n > warm_start:
                level = reach / largest
                state = "drift" if level < beta else "warning" if level < alpha else ""
            return state

        return step

    return _steps(make, values)


def hddm_a(
    values: Iterable[float],
    drift_confidence: float = 0.001,
    warning_confidence: float = 0.005,
    two_sided: bool = False,
) -> Iterator[str]:
    """The mean of all against that of the lowest beginning."""

    def make() -> Step:
        every, low, high = _Mean(), _Mean(), _Mean()

        def away(part: _Mean, level: float) -> float:
            if part.n == every.n:
                return math.inf
            m = (every.n - part.n) / part.n * (1 / every.n)
            return math.sqrt(m / 2 * math.log(2 / level))

        def bound(part: _Mean) -> float:
            return math.sqrt(1 / (2 * part.n) * math.log(1 / drift_confidence))

        def step(value: float) -> str:
            nonlocal low, high
            every.add(value)
            if every.n == 1 or low.mean + bound(low) >= every.mean + bound(every):
                low = every.copy()
            if every.n == 1 or high.mean - bound(high) <= every.mean - bound(every):
                high = every.copy()
            for word, level in (("drift", drift_confidence), ("warning", warning_confidence)):
                if every.mean - low.mean >= away(low, level):
                    return word
                if two_sided and high.mean - every.mean >= away(high, level):
                    return word
            return ""

        return step

    return _steps(make, values)


class _Weighted:
    def __init__(self, weight: float) -> None:
        self.weight, self.mean, self.bound, self.is_empty = weight, 0.0, 1.0, True

    def add(self, value: float) -> None:
        self.mean = value if self.is_empty else self.weight * value + (1 - self.weight) * self.mean
        self.bound = self.weight**2 + (1 - self.weight) ** 2 * self.bound
        self.is_empty = False

    def copy(self) -> _Weighted:
        other = _Weighted(self.weight)
        other.mean, other.bound, other.is_empty = self.mean, self.bound, self.is_empty
        return other


def hddm_w(
    values: Iterable[float],
    drift_confidence: float = 0.001,
    warning_confidence: float = 0.005,
    weight: float = 0.05,
    two_sided: bool = False,
) -> Iterator[str]:
    """A weighted mean since the best cut against that up to it."""

    def make() -> Step:
        every = _Weighted(weight)
        # By direction: before the cut, after it, and the cut itself.
        sides = {sign: [_Weighted(weight), _Weighted(weight)] for sign in (1, -1)}
        cuts = dict.fromkeys(sides, math.inf)

        def is_changed(sign: int, level: float) -> bool:
            before, after = sides[sign]
            if before.is_empty or after.is_empty:
                return False
            bound = math.sqrt((before.bound + after.bound) * math.log(1 / level) / 2)
            return sign * (after.mean - before.mean) > bound

        def step(value: float) -> str:
            every.add(value)
            bound = math.sqrt(every.bound * math.log(1 / drift_confidence) / 2)
            for sign, side in sides.items():
                if sign * every.mean + bound < cuts[sign]:
                    cuts[sign] = sign * every.mean + bound
                    side[:] = every.copy(), _Weighted(weight)
                else:
                    side[1].add(value)
            asked = (1, -1) if two_sided else (1,)
            for word, level in (("drift", drift_confidence), ("warning", warning_confidence)):
                if any(is_changed(sign, level) for sign in asked):
                    return word
            return ""

        return step

    return _steps(make, values)


def page_hinkley(
    values: Iterable[float],
    min_values: int = 30,
    delta: float = 0.005,
    threshold: float = 50.0,
    alpha: float = 0.9999,
    mode: str = "both",
) -> Iterator[str]:
    """How far the sum of deviations has come from its lowest, or its highest, point."""

    def make() -> Step:
        seen = _Mean()
        up = down = 0.0
        lowest, highest = math.inf, -1.0

        def step(value: float) -> str:
            nonlocal up, down, lowest, highest
            seen.add(value)
            away = value - seen.mean
            up = alpha * up + away - delta
            down = alpha * down + away + delta
            lowest, highest = min(lowest, up), max(highest, down)
            if seen.n < min_values:
                return ""
            is_up = mode != "down" and up - lowest > threshold
            return "drift" if is_up or (mode != "up" and highest - down > threshold) else ""

        return step

    return _steps(make, values)


def cusum(
    values: Iterable[float], slack: float = 0.5, threshold: float = 8.0, warm_start: int = 100
) -> Iterator[str]:
    """The tabular form, mean and deviation from the first values."""

    def make() -> Step:
        first: list[float] = []
        up = down = 0.0

        def step(value: float) -> str:
            nonlocal up, down
            if len(first) < warm_start:
                first.append(value)
                return ""
            mean = math.fsum(first) / warm_start
            deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in first) / (warm_start - 1))
            away = (
                (value - mean) / deviation if deviation else math.copysign(math.inf, value - mean)
            )
            if not deviation and value == mean:
                away = 0.0
            up, down = max(0.0, up + away - slack), max(0.0, down - away - slack)
            return "drift" if max(up, down) > threshold else ""

        return step

    return _steps(make, values)


def kswin(
    values: Iterable[float],
    alpha: float = 0.005,
    window_size: int = 100,
    stat_size: int = 30,
    min_distance: float = 0.1,
) -> Iterator[str]:
    """The newest `stat_size` values of the window against all others in it."""

    def make() -> Step:
        window: list[float] = []

        def step(value: float) -> str:
            window.append(value)
            del window[:-window_size]
            if len(window) < window_size:
                return ""
            test = stats.ks_2samp(window[:-stat_size], window[-stat_size:])
            found = test.pvalue <= alpha and test.statistic > min_distance
            return "drift" if found else ""

        return step

    return _steps(make, values)
