"""Which version of a model answers, and which one is tried beside it: tables of a configuration.

[routes.churn]
live = "1"
candidate = "2"
canary = 0.05
shadow = 1.0
policy = "policy.toml"
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, NamedTuple

from kedge._core import InvalidArgument
from kedge.decide import Policy
from kedge.serve.config_table import check_table
from kedge.toml import Document

__all__ = ["Route", "Rules", "read_routes"]


class Rules(NamedTuple):
    """What ends a trial, as the core takes it; None for what does not.

    Attributes:
        shadow: model, bound of a loss, delta, alpha, least rows.
        canary: model, factor, margin, alpha, limit of latency in milliseconds, errors.
    """

    shadow: tuple[str, float, float, float, int] | None = None
    canary: tuple[str, float, float, float, float, bool] | None = None


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
        policy: a file whose [shadow] and [canary] say when the candidate takes over, or gets no
            more requests, by itself (kedge.decide.policy); shares are those above, not the file's.
    """

    model: str
    live: str
    candidate: str
    canary: float = 0.0
    shadow: float = 0.0
    policy: str = ""

    @property
    def shares(self) -> tuple[str, str, str, float, float]:
        """As the core takes them."""
        return self.model, self.live, self.candidate, self.canary, self.shadow

    @cached_property
    def rules(self) -> Rules:
        """Of the policy.

        Raises:
            InvalidArgument: with the file and line.
            OSError: it cannot be read.
        """
        return _rules(self) if self.policy else Rules()


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
    known = {one.name: str(one.type) for one in fields(Route) if one.name != "model"}
    check_table(document, place, table, known)
    for name in ("live", "candidate"):
        if name not in table:
            raise document.error(place, f"routes.{model}: {name} is missing")
    return Route(model, **table)


def _rules(route: Route) -> Rules:
    tables = Policy.load(route.policy).definition
    shadow, canary = tables["shadow"], tables["canary"]
    if shadow is None and canary is None:
        raise InvalidArgument(f"{route.policy}: there is neither [shadow] nor [canary]")
    rules = Rules()
    if shadow is not None:
        asked = shadow["promote_if"]
        delta = 0.0 - asked["loss_better_by"]
        losses = asked["loss_bound"], delta, asked["error"], shadow["min_rows"]
        rules = rules._replace(shadow=(route.model, *losses))
    if canary is not None:
        limits = {rule["what"]: rule for rule in canary["rollback_if"]}
        asked = canary["promote_if"] or {"factor": 1.0, "margin": 0.01}
        error = sum(rule["error"] for rule in limits.values())
        limit = limits.get("latency_over_ms", {}).get("limit", 0.0)
        outcomes = asked["factor"], asked["margin"], error, limit, "errors" in limits
        rules = rules._replace(canary=(route.model, *outcomes))
    return rules
