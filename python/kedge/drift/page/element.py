"""Elements of HTML and SVG as strings: what is not an element itself is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable

from kedge.drift.words import printable

__all__ = ["Markup", "element", "joined", "short"]

_LONGEST_TEXT = 400  # of one piece of text; names of data can be of any length
_VOID = frozenset({"meta", "br"})
_SHAPES = frozenset({"rect", "line", "path"})  # closed at once: half the bytes


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def _escaped(text: str) -> str:
    return str(text) if isinstance(text, Markup) else html.escape(printable(text, _LONGEST_TEXT))


def _attribute(name: str, value: str | float) -> str:
    text = _coordinate(value) if isinstance(value, float) else html.escape(str(value))
    return f' {name.rstrip("_").replace("_", "-")}="{text}"'


def _coordinate(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def element(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """One element. `class_` is written class, `stroke_width` stroke-width; None is left out."""
    inside = "".join(
        _attribute(key, value) for key, value in attributes.items() if value is not None
    )
    if name in _VOID or (name in _SHAPES and not children):
        return Markup(f"<{name}{inside}/>")
    return Markup(f"<{name}{inside}>{''.join(map(_escaped, children))}</{name}>")


def joined(parts: Iterable[str]) -> Markup:
    """Elements, and text between them, as one."""
    return Markup("".join(map(_escaped, parts)))


def short(name: str, longest: int = 40, **attributes: str | float | None) -> Markup:
    """A name of the data, cut when it is long; pointing at it shows more of it."""
    text = printable(name, longest)
    title = printable(name, _LONGEST_TEXT) if text != name else None
    return element("span", text, title=title, **attributes)
