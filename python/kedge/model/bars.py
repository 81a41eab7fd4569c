"""Many rows: how much each feature moves the score, as the mean of its amounts."""

from __future__ import annotations

from kedge.drift.page.element import element, joined
from kedge.drift.words import aligned
from kedge.model.contributions import Contributions
from kedge.model.figure import Figure, Sheet

__all__ = ["bars"]

_TALL = 16.0


def bars(drawn: Contributions) -> Figure:
    """One bar for each feature; that of all others is the sum of what each adds by itself."""
    names = [name for name, _ in drawn.lines()]
    number = aligned(drawn.amounts)
    sheet = Sheet(0.0, max(drawn.amounts) or 1.0, len(names))
    parts = [sheet.scale("mean |contribution|")]
    said = []
    for i, (name, amount) in enumerate(zip(names, drawn.amounts, strict=True)):
        is_rest = i >= len(drawn.names)
        words = number(amount)
        parts.append(
            element(
                "rect",
                element("title", f"{name}: {words}"),
                x=sheet.x(0.0),
                width=sheet.x(amount) - sheet.x(0.0),
                y=sheet.y(i) - _TALL / 2,
                height=_TALL,
                class_="ref" if is_rest else "cur",
            )
        )
        parts.append(sheet.name(i, name, "soft" if is_rest else None))
        parts.append(sheet.number(i, words))
        said.append(f"{name}: {words}. ")
    title = drawn.titled("How much each feature moves the score")
    return Figure(title, said, drawn.sum_in_words, joined(parts), sheet.height)
