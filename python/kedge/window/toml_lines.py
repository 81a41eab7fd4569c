"""Where in a TOML document a key stands, which its readers do not tell."""

from __future__ import annotations

import sys
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["line_of", "tomllib"]

_MOST_LINES_BACK = 100


def line_of(text: str, path: tuple[str, ...]) -> int | None:
    """Where the statement begins that brings a key: a document's beginnings are documents too."""
    lines = text.split("\n")

    def longest(most: int) -> tuple[int, Any]:
        for count in range(most, max(-1, most - _MOST_LINES_BACK), -1):
            try:
                return count, tomllib.loads("\n".join(lines[:count]))
            except tomllib.TOMLDecodeError:
                continue
        return 0, None

    without, found = 0, len(lines)
    while found - without > 1:
        middle = (without + found) // 2
        count, document = longest(middle)
        if document is None:
            return None
        if _is_in(document, path):
            found = count
        else:
            without = middle
    if not _is_in(longest(found)[1], path):
        return None
    return longest(found - 1)[0] + 1


def _is_in(document: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if not isinstance(document, dict) or name not in document:
            return False
        document = document[name]
    return True
