"""The fleet as one page to look at: what drifted where, and how each device fares."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from kedge.drift.page.document import document
from kedge.drift.page.element import Markup, element, short
from kedge.drift.words import printable

__all__ = ["page"]

_CLASSES = {"yes": "yes", "no": "no"}  # the pages' colours: green for no drift, red for drift
_WORDS = {"yes": "drifted", "no": "no drift"}
_STATES = {"running": "no", "trying": "open", "reverted": "yes", "refused": "yes"}
_STALE_S = 3600.0
_MOST_COLUMNS = 12
_MOST_DEVICES = 2000
_MOST_LEFT_OUT = 12  # names
_SHORT = 40  # with the mark-up around a name


def page(status: dict[str, Any], now: float) -> str:
    """The whole page, of what `HubClient.status` gave at that time."""
    models, devices = status["models"], status["devices"]
    title = _headline(models, devices)
    return document(
        title,
        _header(title, status, now),
        *(element("section", *_model(model)) for model in models),
        element("section", *_devices(devices, models, now)),
    )


def _headline(models: list[dict[str, Any]], devices: list[dict[str, Any]]) -> str:
    drifted = [model for model in models if model["fleet"]["verdict"] == "yes"]
    count = f"{len(devices):,} device{'s' if len(devices) != 1 else ''}"
    if drifted:
        return f"{count}, drift in the rows of {len(drifted)} of {len(models)} models"
    unknown = [model for model in models if model["fleet"]["verdict"] != "no"]
    if unknown or not models:
        return f"{count}, drift not yet known"
    return f"{count}, no drift that matters"


def _header(title: str, status: dict[str, Any], now: float) -> Markup:
    devices = status["devices"]
    verdicts = {model["fleet"]["verdict"] for model in status["models"]}
    class_ = "yes" if "yes" in verdicts else "no" if verdicts == {"no"} else "open"
    silent = sum(now - one["seen_ms"] / 1000 > _STALE_S for one in devices)
    reverted = sum(
        state["state"] in ("reverted", "refused") for one in devices for state in one["states"]
    )
    lost = sum(one["lost_events"] for one in devices)
    said = [
        f"{silent:,} not seen for an hour",
        f"{reverted:,} gave an update up",
        f"{lost:,} events lost",
    ]
    if status["paused"]:
        said.append(f"paused: {', '.join(status['paused'])}")
    at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    return element(
        "header",
        element("h1", title),
        element("p", "; ".join(said)),
        element("p", f"As the hub had it at {at}.", class_="note"),
        class_=class_,
    )


def _chip(verdict: str) -> Markup:
    words = _WORDS.get(verdict, verdict)
    return element("span", words, class_=f"chip {_CLASSES.get(verdict, 'open')}")


def _model(model: dict[str, Any]) -> list[Markup]:
    name = (
        f"{model['name']} {model['version']}" if model["name"] else "A model not in the repository"
    )
    scopes = [("fleet", model["fleet"]), *model["groups"].items()]
    rows = [
        (
            short(scope or "(no group)"),
            f"{drift['devices']:,}",
            f"{drift['rows']:,}",
            _chip(drift["verdict"]),
            short(drift["column"]),
            f"{drift['distance']:.4f}" if drift["column"] else "",
            short(drift["where"].replace("->", "→"), 60),
        )
        for scope, drift in scopes
    ]
    head = ("rows of", "devices", "rows", "verdict", "farthest column", "distance", "where")
    parts = [
        element("h2", name),
        element("p", "SHA-256 ", short(model["digest"], 24), class_="note"),
        _table(head, rows),
    ]
    if model["left_out"]:
        names = ", ".join(printable(one, 30) for one in sorted(model["left_out"])[:_MOST_LEFT_OUT])
        text = f"Sketches of {len(model['left_out']):,} devices cannot be added: "
        parts.append(element("p", text, names, class_="note"))
    columns = model["columns"]
    if columns:
        parts.append(element("h3", "Columns of the fleet"))
        parts.append(_columns(columns[:_MOST_COLUMNS]))
        if len(columns) > _MOST_COLUMNS:
            parts.append(element("p", f"and {len(columns) - _MOST_COLUMNS} more", class_="note"))
    return parts


def _columns(columns: list[dict[str, Any]]) -> Markup:
    rows = [
        (
            short(one["column"]),
            _chip(one["verdict"]),
            _bar(one["lower"]),
            f"{one['lower']:.4f} to {one['upper']:.4f}",
            f"{one['reference_null_share']:.1%} → {one['current_null_share']:.1%}",
        )
        for one in columns
    ]
    return _table(("column", "verdict", "", "distance", "null"), rows)


def _bar(distance: float) -> Markup:
    width = f"{max(100 * min(distance, 1.0) ** 0.5, 0.5):.1f}%"
    drawn = element("rect", width=width, y="3", height="8", class_="cur")
    return element("svg", drawn, height="14", class_="bar", role="img", style="min-width:120px")


def _devices(
    devices: list[dict[str, Any]], models: list[dict[str, Any]], now: float
) -> list[Markup]:
    drifts: dict[str, dict[str, Any]] = {}
    for model in models:
        for name, drift in model["devices"].items():
            if name not in drifts or drift["verdict"] == "yes":
                drifts[name] = drift
    ordered = sorted(devices, key=lambda one: (-_trouble(one, drifts, now), one["name"]))
    rows = [_device(one, drifts.get(one["name"]), now) for one in ordered[:_MOST_DEVICES]]
    head = ("device", "group", "seen", "runs", "state", "events", "lost", "drift", "where")
    parts = [element("h2", "Devices"), _table(head, rows)]
    if len(devices) > _MOST_DEVICES:
        parts.append(element("p", f"and {len(devices) - _MOST_DEVICES:,} more", class_="note"))
    return parts


def _trouble(device: dict[str, Any], drifts: dict[str, dict[str, Any]], now: float) -> int:
    """Those to look at come first."""
    drift = drifts.get(device["name"])
    gave_up: bool = any(one["state"] in ("reverted", "refused") for one in device["states"])
    is_silent = now - device["seen_ms"] / 1000 > _STALE_S
    has_drifted = drift is not None and drift["verdict"] == "yes"
    return 4 * gave_up + 2 * has_drifted + bool(is_silent)


def _device(device: dict[str, Any], drift: dict[str, Any] | None, now: float) -> tuple[str, ...]:
    states = device["states"]
    marks = [
        element(
            "span",
            one["state"],
            class_=f"chip {_STATES.get(one['state'], 'open')}",
            title=one["reason"] or None,
        )
        for one in states
    ]
    reasons = [
        element("span", f" {one['reason']}", class_="where") for one in states if one["reason"]
    ]
    runs = ", ".join(f"{one['model']} {one['version']}" for one in states)
    return (
        short(device["name"], 30),
        short(device["group"], 20),
        _ago(device["seen_ms"], now),
        short(runs, 30),
        Markup("".join([*marks, *reasons])),
        f"{device['events']:,}",
        f"{device['lost_events']:,}",
        _chip(drift["verdict"]) if drift else "",
        short(f"{drift['column']} {drift['where']}".replace("->", "→"), 44)
        if drift and drift["column"]
        else "",
    )


def _ago(milliseconds: int, now: float) -> str:
    if not milliseconds:
        return "never"
    seconds = max(now - milliseconds / 1000, 0.0)
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    return element(
        "table",
        element("thead", element("tr", *(element("th", text) for text in head))),
        element("tbody", *(element("tr", *map(_cell, row)) for row in rows)),
        class_="overview",
    )


def _cell(text: str) -> Markup:
    """Short ones stay on a line."""
    return element("td", text, class_="figure" if len(text) < _SHORT else None)
