"""Values, keys and paths as TOML has them."""

from __future__ import annotations

import json
import re
from datetime import date, time
from typing import Any

import numpy as np

__all__ = ["key_text", "path_text", "string_text", "value_text"]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def value_text(value: Any) -> str:
    if isinstance(value, dict):
        items = [f"{key_text(name)} = {value_text(entry)}" for name, entry in value.items()]
        return f"{{ {', '.join(items)} }}" if items else "{}"
    if isinstance(value, list):
        return f"[{', '.join(value_text(entry) for entry in value)}]"
    if isinstance(value, np.datetime64):
        text = str(np.datetime_as_string(value, unit="ns")).rstrip("0").rstrip(".")
        return text if len(text.partition(".")[2]) <= 6 else string_text(text)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time):
        return value.isoformat()
    return string_text(value) if isinstance(value, str) else repr(value)


def string_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def key_text(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else string_text(key)


def path_text(path: tuple[str | int, ...]) -> str:
    """Entries of arrays count from 0: `a.b[2].c`."""
    parts = [f"[{name}]" if isinstance(name, int) else f".{key_text(name)}" for name in path]
    return "".join(parts).removeprefix(".")
