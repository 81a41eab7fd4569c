"""The progress line reckons right, on a clock that only moves when it is told to."""

from __future__ import annotations

import io

import pytest

from kedge.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(stream: io.StringIO) -> list[str]:
    return stream.getvalue().split("\r\x1b[K")[1:]


def test_share_rate_and_time_left() -> None:
    stream, clock = Terminal(), Clock()
    progress = Progress("a.csv", stream, clock)
    for now, share, rows in [(2.0, 0.1, 1_000_000), (4.0, 0.5, 6_000_000)]:
        clock.now = now
        progress.show(share, rows)
    progress.close()
    assert shown(stream) == [
        "a.csv:  10%  0.50 M rows/s  18 s left",
        "a.csv:  50%  1.50 M rows/s  4 s left",
        "",
    ]


@pytest.mark.parametrize(
    ("share", "left"), [(0.5, "10 s"), (0.01, "16 min 30 s"), (0.001, "2.8 h"), (1.0, "0 s")]
)
def test_time_left_is_readable(share: float, left: str) -> None:
    stream, clock = Terminal(), Clock()
    progress = Progress("a", stream, clock)
    clock.now = 10.0
    progress.show(share, 10)
    assert shown(stream)[0].endswith(f"rows/s  {left} left")


def test_nothing_is_known_at_the_start() -> None:
    stream, clock = Terminal(), Clock()
    progress = Progress("a", stream, clock)
    clock.now = 1.0
    progress.show(0.0, 0)
    assert shown(stream) == ["a:   0%  0.00 M rows/s"]


def test_lines_are_a_tenth_of_a_second_apart() -> None:
    stream, clock = Terminal(), Clock()
    progress = Progress("a", stream, clock)
    for step in range(1, 101):
        clock.now = step / 100
        progress.show(clock.now, step)
    assert 8 <= len(shown(stream)) <= 10


def test_a_short_job_shows_nothing_and_a_file_gets_nothing() -> None:
    for stream, now in [(Terminal(), 0.05), (io.StringIO(), 5.0)]:
        clock = Clock()
        progress = Progress("a", stream, clock)
        clock.now = now
        progress.show(0.5, 10)
        progress.close()
        assert stream.getvalue() == ""


def test_a_line_of_its_own_is_asked_for_when_it_is_due() -> None:
    stream, times = Terminal(), iter([0.0, 0.01, 0.2])
    progress = Progress("p.toml", stream, lambda: next(times))
    asked: list[int] = []

    def line() -> str:
        asked.append(1)
        return "late 3"

    progress.say(line)
    progress.say(line)
    assert asked == [1]
    assert stream.getvalue().endswith("p.toml: late 3")
