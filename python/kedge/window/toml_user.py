"""Users' code in TOML: named as "module:Class" or "module:function", and imported."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from kedge._core import InvalidArgument
from kedge.window.aggregates import Aggregate
from kedge.window.codes import UserAggregate, UserColumn

__all__ = ["column", "columns", "imported", "spelled", "user"]


def user(*columns: str, code: Any, where: str = "") -> Aggregate:
    """A class of `kedge.aggregate` over some columns, as `code(*columns)` says it too."""
    made = code(*columns, where=where) if where else code(*columns)
    if not isinstance(made, UserAggregate):
        raise InvalidArgument(f"code = {code.code!r} is no aggregate")
    return made


def imported(name: object) -> Any:
    """What "module:name" names.

    Raises:
        InvalidArgument: there is no such thing, or it is no code of a user's.
    """
    module, _, path = name.partition(":") if isinstance(name, str) else ("", "", "")
    if not module or not path:
        raise InvalidArgument('expected "module:name"')
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise InvalidArgument(f"cannot be imported: {error}") from None
    if not hasattr(found, "native"):
        raise InvalidArgument("neither @kedge.aggregate nor @kedge.column made it")
    return found


def column(value: object) -> str:
    """A column's name or expression, or `{ code = "module:function", columns = ["x"] }`."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict) or value.keys() != {"code", "columns"}:
        raise InvalidArgument('expected a string or { code = "module:function", columns = [...] }')
    made = imported(value["code"])(*columns(value["columns"]))
    if not isinstance(made, UserColumn):
        raise InvalidArgument(f"code = {value['code']!r} is no column")
    return made


def columns(value: object) -> list[str]:
    """One column or a list of them."""
    return [column(entry) for entry in value] if isinstance(value, list) else [column(value)]


def spelled(made: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """An aggregate of a definition with users' columns, which `known` has, as TOML has them.

    Raises:
        InvalidArgument: another process would not find the code by its name, and why.
    """
    place = f'aggregates["{made["name"]}"]'

    def spell(name: str) -> Any:
        if name not in known:
            return name
        found = known[name]
        _check_importable(place, found)
        return {"code": found["code"], "columns": [spell(inner) for inner in found["inputs"]]}

    out = {**made, "input": spell(made["input"]), "of": spell(made["of"])}
    if "code" in made:
        _check_importable(place, made)
        out["inputs"] = [spell(name) for name in made["inputs"]]
    return out


def _check_importable(place: str, made: Mapping[str, Any]) -> None:
    name = made["code"]
    if name.partition(":")[0] == "__main__":
        raise InvalidArgument(
            f"{place}: {name!r} is of the program itself; put it in a module to name it in TOML"
        )
    try:
        found = imported(name)
    except InvalidArgument as error:
        raise InvalidArgument(f"{place}: {name!r}: {error}") from None
    if found.hash != made["code_hash"]:
        raise InvalidArgument(f"{place}: {name!r} is other code than this window runs")
