"""Partitions in step, and values of records as columns."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from kedge.io.in_step import InStep
from kedge.io.kafka_values import ArrowValues, JsonValues, Values, decode_values


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


ROWS = st.dictionaries(st.sampled_from(["x", "y"]), st.integers(-5, 5))
WRONG = st.sampled_from([None, b"", b" ", b"{", b"}", b"{}{}", b'{"x":', b"1}", b"7", b'{"x":[]}'])
VALUES = st.lists(WRONG | ROWS.map(lambda row: json.dumps(row).encode()), max_size=30)


def one_by_one(values: list[bytes | None]) -> tuple[list[dict[str, object]], list[int]]:
    rows, wrong = [], []
    for place, value in enumerate(values):
        try:
            row = json.loads(value or b"")
        except ValueError:
            row = None
        if isinstance(row, dict) and not isinstance(row.get("x"), list):
            rows.append({"x": row.get("x"), "y": row.get("y")})
        else:
            wrong.append(place)
    return rows, wrong


@given(VALUES)
def test_one_value_that_is_wrong_takes_no_other_with_it(values: list[bytes | None]) -> None:
    decoder = JsonValues({}, pa.schema({"x": pa.int64(), "y": pa.int64()}))
    table, wrong = decode_values(decoder, values)
    rows, places = one_by_one(values)
    assert ([] if table is None else table.to_pylist()) == rows
    assert list(wrong) == places


def test_arrow_values() -> None:
    def stream(table: pa.Table) -> bytes:
        held = pa.BufferOutputStream()
        with pa.ipc.new_stream(held, table.schema) as writer:
            writer.write_table(table)
        return held.getvalue().to_pybytes()

    one, two = stream(pa.table({"x": [1, 2]})), stream(pa.table({"x": [3]}))
    other = stream(pa.table({"y": ["a"]}))
    decoder: Values = ArrowValues({})
    table, wrong = decode_values(decoder, [b"junk", one, other, two[:-60], two, None])
    assert table is not None
    assert table.to_pylist() == [{"x": 1}, {"x": 2}, {"x": 3}]
    assert list(wrong) == [0, 2, 3, 5]
