"""One name, one thing: the linker may choose between two that share a namespace."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

CORE = Path(__file__).parents[2] / "cpp" / "kedge"

OPENED = re.compile(r"^namespace (\w+(?:::\w+)*) \{")
CLOSED = re.compile(r"^\}  // namespace")
DEFINED = re.compile(
    r"^(?:struct|class|enum class) (?:alignas\(\w+\) )?(\w+)(?: final)?(?: : [^;]*)? \{"
    r"|^inline constexpr [^=;({]*?(\w+)(?:\[\w*\])? ?[={]"
)


def definitions(header: Path) -> set[str]:
    """Types and constants that a header defines outside of any class, by their full names."""
    inside: list[str] = []
    names = set()
    for line in header.read_text().splitlines():
        if opened := OPENED.match(line):
            inside.append(opened[1])
        elif CLOSED.match(line):
            inside.pop()
        elif defined := DEFINED.match(line):
            names.add("::".join([*inside, defined[1] or defined[2]]))
    return names


def test_no_two_headers_define_one_name() -> None:
    places = defaultdict(list)
    for header in sorted(CORE.rglob("*.h")):
        for name in definitions(header):
            places[name].append(header.relative_to(CORE).as_posix())
    assert len(places) > 200
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
