"""Conditions and computed columns, as text that is checked against a table's types.

>>> import kedge
>>> orders = {"status": ["ok", "ok", "failed"], "amount": [12.0, 7.5, 20.0]}
>>> large = kedge.Expression("status == 'ok' and amount > 10")
>>> large.columns
['status', 'amount']
>>> large.select(orders).to_pydict()
{"status == 'ok' and amount > 10": [True, False, False]}
>>> kedge.Expression("floor(amount / 5)").evaluate(orders).to_pydict()
{'floor(amount / 5)': [2.0, 1.0, 4.0]}

`select` takes a condition and says for each row whether it is true; `evaluate` gives a value or
null. Both take what `kedge.profile` takes and return a table of one column (`pyarrow.table(x)`).

The language, from tight to loose; words in any case:

- constants: `1`, `-2.5e3`, `'text'`, `"text"` (a quote inside is doubled), `true`, `false`, `null`,
  `timestamp '2026-01-31T10:00:00Z'`, `date '2026-01-31'`, `duration '1h30m'`
- columns: `name`, `a.b` for child b of struct a, `` `any name` ``
- `abs(x)`, `floor(x)`, `ceil(x)`, `sqrt(x)`, parentheses, `-x`, `* / %`, `+ -`
- `== != < <= > >=` (also `=` and `<>`), `x in (1, 2)`, `x between 1 and 2`, each also with `not`,
  `is null`, `is not null`, `is nan`, `is not nan`; comparisons do not chain
- `not`, `and`, `or`

Null is SQL's: what is done with it is null, but `false and null` is false and `true or null` true.
NaN is unequal to everything, itself included. Integers and floats compare exactly, times exactly
across units and as UTC across zones. `+ - *` of integers are int64 and null where the result does
not fit; `/` is always float64; `%` has the divisor's sign and is null for a zero. Times take
durations: `end - start > duration '5m'`, `(end - start) / duration '1s'`.
"""

from __future__ import annotations

from kedge._core import Expression

__all__ = ["Expression"]
