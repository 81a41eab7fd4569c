"""Which version of a model answers, and which one is tried beside it: tables of a configuration.

[routes.churn]
live = "1"
candidate = "2"
canary = 0.05
shadow = 1.0
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from kedge.toml import Document

__all__ = ["Route", "read_routes"]


@dataclass(frozen=True)
class Route:
    """Requests for a model that name no version.

    Attributes:
        model: its name.
        live: the version that answers.
        candidate: the one that is tried; while it is not served, nothing is.
        canary: the share of requests that it answers, always the same ones: by their text parameter
            `sticky_key`, or else their id.
        shadow: the share of the others that it scores as well, after the answer and for comparison
            alone; the counts are among the metrics.
    """

    model: str
    live: str
    candidate: str
    canary: float = 0.0
    shadow: float = 0.0


def read_routes(document: Document, tables: Any) -> tuple[Route, ...]:
    """The routes of table `routes`; shares are checked where they are used.

    Raises:
        InvalidArgument: with the line, for a key that is missing or not known, or a value of
            another kind.
    """
    return tuple(_read(document, name, table) for name, table in _table(document, tables))


def _table(document: Document, tables: Any) -> list[tuple[str, Any]]:
    if not isinstance(tables, dict):
        raise document.error(("routes",), "routes: expected tables, [routes.MODEL]")
    return list(tables.items())


def _read(document: Document, model: str, table: Any) -> Route:
    place = ("routes", model)
    if not isinstance(table, dict):
        raise document.error(place, f"routes.{model}: expected a table")
    kinds: dict[str, Any] = {
        one.name: str if one.type == "str" else (int, float)
        for one in fields(Route)
        if one.name != "model"
    }
    document.check_keys(place, table, kinds)
    for name in ("live", "candidate"):
        if name not in table:
            raise document.error(place, f"routes.{model}: {name} is missing")
    for name, value in table.items():
        if not isinstance(value, kinds[name]) or isinstance(value, bool):
            wanted = "a text" if kinds[name] is str else "a number"
            raise document.error((*place, name), f"{name} = {value!r}: expected {wanted}")
    return Route(model, **table)
