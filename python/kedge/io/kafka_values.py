"""Values of records as columns, many at once.

A decoder takes all values of a batch in one call. When it cannot, the batch is halved until the
values that are wrong stand alone: one of them takes no good one with it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from kedge.io.records import Block, JsonDecoder

__all__ = ["DECODERS", "ArrowValues", "JsonValues", "Values", "decode_values"]

_REASON = 300


class Values:
    """What decodes values.

    Args:
        types: of columns, as text.
        schema: of an earlier run; None until the first values have brought one.
    """

    def __init__(self, types: Mapping[str, str], schema: pa.Schema | None = None) -> None:
        self.types, self.schema = types, schema

    def learn(self, values: Sequence[bytes]) -> None:
        """Take the schema of the first values."""
        raise NotImplementedError

    def table(self, values: Sequence[bytes]) -> pa.Table:
        """The rows of all values; raises a `pyarrow.ArrowException` when one has none."""
        raise NotImplementedError

    def schema_text(self) -> str | None:
        """The schema as text that `take_schema` reads."""
        if self.schema is None:
            return None
        return base64.b64encode(self.schema.serialize().to_pybytes()).decode()

    def take_schema(self, text: str | None) -> None:
        """Go on with the schema of an earlier run."""
        if text is not None:
            self.schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text)))


class JsonValues(Values):
    """A value is an object of JSON: one row."""

    _decoder: JsonDecoder | None = None

    def learn(self, values: Sequence[bytes]) -> None:
        ends = np.cumsum([len(value) + 1 for value in values])
        block = Block(b"\n".join([*values, b""]), ends, 0)
        self.schema = JsonDecoder.of(block, self.types).schema

    def table(self, values: Sequence[bytes]) -> pa.Table:
        if self._decoder is None:
            self._decoder = JsonDecoder(self.schema)
        # Where one value ends and the next begins, "}" and "{" meet without a comma, and so outside
        # of any object: each value has one at least, and the count says that none has two.
        if not all(it[:1] == b"{" and it[-1:] == b"}" for it in map(bytes.strip, values)):
            raise pa.ArrowInvalid("JSON parse error: no object")
        table = self._decoder.table(b"\n".join(values))
        if table.num_rows != len(values):
            raise pa.ArrowInvalid(f"JSON parse error: {table.num_rows} objects")
        return table


class ArrowValues(Values):
    """A value is a stream of Arrow IPC: any number of rows."""

    def learn(self, values: Sequence[bytes]) -> None:
        for value in values:
            try:
                self.schema = pa.ipc.open_stream(value).schema
            except (pa.ArrowException, OSError) as error:
                wrong = pa.ArrowInvalid(str(error))
                continue
            return
        raise wrong

    def table(self, values: Sequence[bytes]) -> pa.Table:
        tables = []
        for value in values:
            try:
                read = pa.ipc.open_stream(value).read_all()
                read.validate(full=True)
            except OSError as error:  # what pyarrow calls a stream that is cut off
                raise pa.ArrowInvalid(str(error)) from None
            tables.append(read if read.schema.equals(self.schema) else read.cast(self.schema))
        return pa.concat_tables(tables)


DECODERS: Mapping[str, Callable[..., Values]] = {"json": JsonValues, "arrow": ArrowValues}
"""What there is, by the name of the format."""


def decode_values(
    decoder: Values, values: Sequence[bytes | None]
) -> tuple[pa.Table | None, dict[int, str]]:
    """The rows of all values that can be decoded, and the reasons why others cannot, by place."""
    wrong = {place: "no value" for place, value in enumerate(values) if value is None}
    places = [place for place in range(len(values)) if place not in wrong]
    held = [value for value in values if value is not None]
    if decoder.schema is None and held:
        try:
            decoder.learn(held)
        except (pa.ArrowException, UnicodeDecodeError) as error:
            return None, wrong | dict.fromkeys(places, _text(error))
    tables: list[pa.Table] = []
    waiting = [(0, len(held))] if held else []
    while waiting:
        low, high = waiting.pop()
        try:
            tables.append(decoder.table(held[low:high]))
        except (pa.ArrowException, UnicodeDecodeError, ValueError) as error:
            if high - low == 1:
                wrong[places[low]] = _text(error)
                continue
            middle = (low + high) // 2
            waiting += [(middle, high), (low, middle)]
    return (pa.concat_tables(tables) if tables else None), dict(sorted(wrong.items()))


def _text(error: Exception) -> str:
    return " ".join(str(error).split())[:_REASON]
