"""Aggregates and columns written in Python that run at compiled speed.

Numba compiles them (`pip install ".[numba]"`): what it cannot compile is refused with its reason.

>>> import kedge
>>> @kedge.aggregate
... class RootMeanSquare:
...     state = {"squares": "float64", "n": "int64"}
...
...     def step(state, x):
...         state.squares += x * x
...         state.n += 1
...
...     def merge(into, other):
...         into.squares += other.squares
...         into.n += other.n
...
...     def finish(state):
...         return (state.squares / state.n) ** 0.5 if state.n else None
>>> window = kedge.Window(aggregates={"rms": RootMeanSquare("volts")})
>>> closed = window.push({"volts": [3.0, 4.0, 5.0]})
>>> window.finish().to_pydict()["rms"]
[4.08248290463863]

`kedge.column` makes a function of one row a column, which any aggregate takes as its column (it
cannot stand inside an expression):

>>> @kedge.column
... def power(volts, amperes):
...     return volts * amperes
>>> peak = kedge.max(power("volts", "amperes"))

**The state** of an aggregate is what one window of one key knows: numbers of fixed size, "float64",
"int64" or "uint64", or `("float64", 16)` for an array of them. It begins as zeros, or as
`init(state)` makes it.

**The functions** change the state they are given and see nothing else of the stream:

- `init(state)`, which may be absent, is called once, when the first batch has come: what it makes
  is how every state begins.
- `step(state, x, ...)` takes one row, in the order of the stream, with a value for each column that
  the aggregate is called with: floats come as float64, integers and times as int64, uint64 and bool
  as themselves. A row in which one of them is null, or for which `where` is not true, is left out.
  Where windows are made of parts (hopping, sessions), rows of one part come in the order of the
  stream, and parts are merged in the order of time; sliding windows take rows in that order.
- `merge(into, other)` puts the rows of `other` behind those of `into`. A state without rows must
  change nothing, on either side. Hopping and sliding windows and sessions need it.
- `finish(state)` gives the answer, a float, an integer or a bool, or None for null. It should not
  change the state. When all rows of a window were left out, the state is as it began.

**Rounding** is as Python has it: nothing is fused or reordered, division by zero gives infinity or
NaN. So the answer has the same bits however the rows are cut into batches, for +, -, *, / and roots
on every machine; `math.exp` and the like are those of the machine's own C library.

**Exceptions**, an index out of bounds among them, end the window: what raised is named, and every
later call says so. Go on from the last snapshot.

**Snapshots** hold the state and a hash of the code (bytecode, constants, the globals it uses), not
the code: `Window.restore(data, aggregates=[RootMeanSquare], columns=[power])` needs it again, and
refuses other code.
The hash is equal in all processes of one minor version of Python.
"""

from __future__ import annotations

from kedge.udf.aggregate import AggregateClass, aggregate
from kedge.udf.column import ColumnFunction, column

__all__ = ["AggregateClass", "ColumnFunction", "aggregate", "column"]
