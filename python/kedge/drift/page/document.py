"""What stands around the parts of a page: alone, or within another page."""

from __future__ import annotations

from kedge.drift.page.element import Markup, element
from kedge.drift.page.style import STYLE

__all__ = ["document", "embedded"]


def document(title: str, *parts: str, script: str = "") -> str:
    """A whole page, complete without network, fonts or other files."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Markup(STYLE)),
    )
    scripts = [element("script", Markup(script))] if script else []
    body = element("body", element("main", *parts, class_="kedge"), *scripts)
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def embedded(*parts: str) -> Markup:
    """The parts with their style, to be put into another page."""
    return element("div", element("style", Markup(STYLE)), *parts, class_="kedge")
