"""Partitions in step."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from kedge.io.in_step import InStep


@dataclass
class Message:
    at: int

    def timestamp(self) -> tuple[int, int]:
        return 1, self.at


TIMES = st.lists(st.integers(0, 100), max_size=20).map(sorted)


@given(st.lists(TIMES, min_size=1, max_size=4), st.integers(0, 30), st.integers(1, 7), st.data())
def test_no_partition_runs_ahead(
    times: list[list[int]], step: int, rows: int, data: st.DataObject
) -> None:
    waiting: InStep[int] = InStep(step)
    waiting.assign(range(len(times)))
    left = [list(it) for it in times]  # not fetched
    given_out: list[list[int]] = [[] for _ in times]
    while given_out != times:
        held = waiting.next(rows)
        if held is None:
            part = data.draw(
                st.sampled_from([it for it, _ in enumerate(times) if waiting.is_held()])
            )
            count = data.draw(st.integers(1, 10))
            waiting.add(part, [Message(it) for it in left[part][:count]])
            left[part] = left[part][count:]
            if not left[part]:
                waiting.caught_up(part)
            continue
        part, messages = held
        assert 0 < len(messages) <= rows
        for message in messages:
            heads = [
                whole[len(done)]
                for it, (whole, done) in enumerate(zip(times, given_out, strict=True))
                if it != part and len(done) < len(whole)
            ]
            assert message.at <= min([message.at, *heads]) + step
            given_out[part].append(message.at)
