"""Who runs which kind of window, and on how many rows at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.window import columns, loops, streaming
from bench.window.engine import Maker, kedge
from bench.window.works import Work

__all__ = ["Peer", "field"]

_FEW = 300_000
_FEWER = 100_000


@dataclass(frozen=True)
class Peer:
    """An engine for a kind of window.

    Attributes:
        make: the engine of given rows.
        most: it runs on the first so many rows of a stream, for it would take minutes for all.
        works: those it takes part in; empty for all of this kind.
    """

    make: Maker
    most: int | None = None
    works: tuple[str, ...] = ()


_FIELD: Mapping[str, Mapping[str, Peer]] = {
    "tumbling": {
        "kedge": Peer(kedge),
        "polars": Peer(columns.polars_tumbling),
        "polars dynamic": Peer(columns.polars_dynamic, works=("W1",)),
        "duckdb": Peer(columns.duckdb_tumbling),
        "duckdb reservoir": Peer(columns.duckdb_reservoir, works=("W5",)),
        "pyarrow": Peer(columns.pyarrow_tumbling),
        "pandas": Peer(columns.pandas_tumbling),
        "numba loop (floor)": Peer(loops.numba_tumbling, works=("W1", "W2")),
        "river": Peer(streaming.river_tumbling, most=_FEW),
        "bytewax": Peer(streaming.bytewax_tumbling, most=_FEW, works=("W1", "W2")),
        "pathway": Peer(streaming.pathway_tumbling, most=_FEW, works=("W1", "W2")),
        "quixstreams": Peer(streaming.quixstreams_tumbling, most=_FEWER, works=("W1", "W2")),
    },
    "hopping": {
        "kedge": Peer(kedge),
        "polars": Peer(columns.polars_hopping),
        "polars dynamic": Peer(columns.polars_dynamic),
        "duckdb": Peer(columns.duckdb_hopping),
        "pyarrow": Peer(columns.pyarrow_hopping),
        "pandas": Peer(columns.pandas_hopping),
        "numba loop (floor)": Peer(loops.numba_hopping),
        "bytewax": Peer(streaming.bytewax_hopping, most=_FEW),
        "pathway": Peer(streaming.pathway_hopping, most=_FEW),
        "quixstreams": Peer(streaming.quixstreams_hopping, most=_FEWER),
    },
    "sliding": {
        "kedge": Peer(kedge),
        "polars": Peer(columns.polars_sliding),
        "duckdb": Peer(columns.duckdb_sliding, most=1_000_000),
        "pandas": Peer(columns.pandas_sliding),
        "numba loop (floor)": Peer(loops.numba_sliding),
        "river": Peer(streaming.river_sliding, most=_FEW),
    },
}


def field(work: Work, *, quick: bool = False) -> Mapping[str, Peer]:
    """The engines of a work by their names, kedge first.

    Those of a quick run are kedge and the columnar ones, at their best.

    >>> from bench.window.works import WORKS
    >>> list(field(WORKS["W4"], quick=True))
    ['kedge', 'polars', 'duckdb', 'pandas']
    """
    return {
        name: peer
        for name, peer in _FIELD[work.kind].items()
        if (not peer.works or work.name in peer.works)
        and (not quick or name in ("kedge", "polars", "duckdb", "pyarrow", "pandas"))
    }
