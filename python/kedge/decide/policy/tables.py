"""The tables of a policy: their keys, and what several of them must be together.

What is read is plain data, of numbers, strings, lists and tables alone, every default filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kedge._core import InvalidArgument
from kedge.decide.policy.fields import (
    REQUIRED,
    Field,
    Fields,
    flag,
    length,
    names,
    number,
    numbers,
    one_of,
    rate,
    read_table,
    string,
    table,
    tables,
    whole,
)
from kedge.quality import Calibration, Fairness, Performance
from kedge.toml import Document, Path
from kedge.toml.text import path_text, value_text

__all__ = ["OUTCOMES", "read_policy"]

OUTCOMES = ("errors", "latency_over_ms")
_ACTIONS = ("allow", "alert", "hold", "rollback")


def _error(default: float = 0.05) -> Field:
    return number(default, above=0, below=1)


_DRIFT: Fields = {
    "test": one_of(("ks",), "ks"),
    "min_effect": number(0.02, least=0, below=1),
    "false_alarms": rate(1e-4),
    "fdr": number(above=0, below=1),
    "confidence": number(0.99, above=0, below=1),
    "group": whole(1, least=1, most=2**30),
    "window": length(),
    "tumbling": flag(False),
}
_LATE: Fields = {
    "id": string(REQUIRED),
    "most_waiting": whole(REQUIRED, least=1, most=2**26),
    "time": string(),
    "horizon": whole(least=1),
}
_QUALITY: Fields = {
    "kind": one_of(("binary", "classes", "regression"), REQUIRED),
    "prediction": string(REQUIRED),
    "target": string(REQUIRED),
    "threshold": number(0.5, least=0, most=1),
    "classes": names([]),
    "quantiles": numbers([]),
    "by": string(),
    "values": names([]),
    "late": table(_LATE),
    "calibration": table({"bins": whole(20, least=1, most=1000), "error": _error()}),
}
_FAIRNESS: Fields = {
    "metric": one_of(
        ("disparate_impact", "equal_opportunity", "false_positive_rate"), "disparate_impact"
    ),
    "floor": number(0.8, above=0, most=1),
    "error": _error(),
    "on_violation": one_of(_ACTIONS, "alert"),
    "on_unknown": one_of(_ACTIONS, "allow"),
    "decision": string(),
    "target": string(),
    "group": string(),
    "groups": names(),
    "reference": string(),
}
_SHADOW: Fields = {
    "promote_if": table(
        {
            "loss_better_by": number(0.0, least=-1e150, most=1e150),
            "error": _error(),
            "loss_bound": number(REQUIRED, above=0, most=1e150),
        },
        REQUIRED,
    ),
    "min_rows": whole(0, least=0),
    "live": string(),
    "candidate": string(),
}
_CANARY: Fields = {
    "share": number(REQUIRED, above=0, below=1),
    "key": string(),
    "salt": string("canary"),
    "arm": string(),
    "rollback_if": tables(
        {
            "what": one_of(OUTCOMES, REQUIRED),
            "limit": number(least=0),
            "error": _error(0.01),
            "column": string(),
        },
        REQUIRED,
    ),
    "promote_if": table({"factor": number(1.0, above=0), "margin": number(0.01, below=1)}),
}


def read_policy(document: Document) -> dict[str, Any]:
    """The checked tables of a document, None for those that it does not have.

    Raises:
        InvalidArgument: says where, which key, its value and what is allowed.
    """
    policy = read_table(document, (), document.root, _POLICY)
    trigger = policy.pop("trigger")
    return {"drift": trigger and trigger["drift"], **policy}


def _with(field: Field, check: Callable[[Document, Path, Any], None]) -> Field:
    def both(document: Document, path: Path, value: Any) -> Any:
        found = field.read(document, path, value)
        check(document, path, found)
        return found

    return Field(both, field.default)


def _refuse(document: Document, path: Path, value: object, allowed: str) -> InvalidArgument:
    return document.error(path, f"{path_text(path)} = {value_text(value)}: {allowed}")


def _try(document: Document, path: Path, keys: Iterable[str], make: Callable[[], object]) -> None:
    """What the core refuses: its text begins with the name of the key that it is about."""
    try:
        make()
    except InvalidArgument as error:
        first = str(error).partition(" ")[0]
        there = (*path, first) if first in keys else path
        raise document.error(there, f"{path_text(path)}: {error}") from None


def _check_drift(document: Document, path: Path, drift: dict[str, Any]) -> None:
    if drift["tumbling"] and drift["window"] is None:
        raise _refuse(document, (*path, "tumbling"), True, "there is no window")
    if {"fdr", "false_alarms"} <= document.root["trigger"]["drift"].keys():
        said = (*path, "false_alarms")
        raise _refuse(document, said, drift["false_alarms"], "fdr is instead of it")


def _check_quality(document: Document, path: Path, quality: dict[str, Any]) -> None:
    asked = {name: value for name, value in quality.items() if name not in ("late", "calibration")}
    asked["by"] = quality["by"] or ""
    _try(document, path, quality, lambda: Performance(**asked))
    late, calibration = quality["late"], quality["calibration"]
    if late and (late["time"] is None) != (late["horizon"] is None):
        has = "time" if late["time"] else "horizon"
        raise _refuse(document, (*path, "late", has), late[has], "time and horizon go together")
    if calibration and quality["kind"] != "binary":
        there = (*path, "calibration")
        raise document.error(there, f'{path_text(there)}: only scores of kind = "binary" have one')
    if calibration:
        Calibration(score=quality["prediction"], target=quality["target"], bins=calibration["bins"])


def _check_fairness(document: Document, path: Path, rule: dict[str, Any]) -> None:
    if rule["metric"] != "disparate_impact" and rule["decision"] and not rule["target"]:
        raise _refuse(document, (*path, "metric"), rule["metric"], "a target is needed for it")
    if rule["groups"] is None:
        return
    _try(
        document,
        path,
        rule,
        lambda: Fairness(
            decision="decision", group="group", groups=rule["groups"], reference=rule["reference"]
        ),
    )


def _read_fairness(document: Document, path: Path, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refuse(document, path, value, "expected tables such as [fairness.sex]")
    rules = {}
    for name, rule in value.items():
        there = (*path, name)
        rules[name] = read_table(document, there, rule, _FAIRNESS)
        _check_fairness(document, there, rules[name])
    return rules


def _check_shadow(document: Document, path: Path, shadow: dict[str, Any]) -> None:
    asked = shadow["promote_if"]
    better, bound = asked["loss_better_by"], asked["loss_bound"]
    if not -bound < better < bound:
        allowed = f"expected a number between {-bound:g} and {bound:g}, the loss_bound"
        raise _refuse(document, (*path, "promote_if", "loss_better_by"), better, allowed)


def _check_canary(document: Document, path: Path, canary: dict[str, Any]) -> None:
    rules = canary["rollback_if"]
    for i, rule in enumerate(rules):
        there = (*path, "rollback_if", i)
        if rule["what"] in [other["what"] for other in rules[:i]]:
            raise _refuse(document, (*there, "what"), rule["what"], "it is listed twice")
        if rule["error"] != rules[0]["error"]:
            allowed = f"expected {rules[0]['error']:g}, as the first one has"
            raise _refuse(document, (*there, "error"), rule["error"], allowed)
        if rule["what"] == "latency_over_ms" and rule["limit"] is None:
            raise document.error(there, f"{path_text(there)}: limit is missing")
        if rule["what"] == "errors" and rule["limit"] is not None:
            raise _refuse(document, (*there, "limit"), rule["limit"], "errors have no limit")
    total = rules[0]["error"] * len(rules)
    if not total < 1:
        there = (*path, "rollback_if", 0, "error")
        allowed = f"times {len(rules)} outcomes it is not below 1"
        raise _refuse(document, there, rules[0]["error"], allowed)
    asked = canary["promote_if"]
    if asked and not asked["margin"] > -asked["factor"]:
        allowed = f"expected a number above {-asked['factor']:g} and below 1"
        raise _refuse(document, (*path, "promote_if", "margin"), asked["margin"], allowed)


_POLICY: Fields = {
    "trigger": table({"drift": _with(table(_DRIFT, REQUIRED), _check_drift)}),
    "quality": _with(table(_QUALITY), _check_quality),
    "fairness": Field(_read_fairness),
    "shadow": _with(table(_SHADOW), _check_shadow),
    "canary": _with(table(_CANARY), _check_canary),
}
