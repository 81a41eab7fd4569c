"""`kedge explain`."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedge._core import InvalidArgument, Model
from kedge.cli.answer import PASS, Answer, names, to_json, whole
from kedge.cli.data import patiently
from kedge.cli.output import check_output, write_whole
from kedge.cli.predict import Scorer, answer_rows
from kedge.model import load
from kedge.model.picture import draw

if TYPE_CHECKING:
    from kedge.io import FileTable
    from kedge.io.row_sample import RowSample

_PAGES = frozenset({".html", ".htm"})
_MOST_DRAWN = 20_000  # rows: more would not change the picture
_MOST_BACKGROUND = 1000  # rows: a mean is known to a thirtieth of a deviation by then
_REFERENCE = "reference"


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add = parser.add_argument
    add("model", metavar="MODEL.kedge", type=Path, help="a compiled model")
    add("data", metavar="DATA", type=Path, help="Parquet, CSV, Arrow or JSON lines; or a folder")
    add(
        *("-o", "--output"),
        type=Path,
        metavar="PHI",
        help="a file of these kinds, or PAGE.html for the page alone; else printed",
    )
    add("--html", type=Path, metavar="PAGE.html", help="draw them on a page beside that")
    add(
        "--reasons",
        type=whole,
        metavar="N",
        help="the N conditions that decided for each row, instead of all contributions",
    )
    add(
        "--background",
        metavar="reference|FILE",
        help="against the rows that the model keeps of its reference, or a file's (1000 at most, "
        "drawn), instead of the shares of training rows",
    )
    add(
        "--method",
        choices=["orders", "gradients"],
        default="orders",
        help="of a model that is not trees alone: estimates by orders of its features, or a net's "
        "integrated gradients (%(default)s)",
    )
    add(
        "--rounds",
        type=whole,
        metavar="N",
        help="of orders at most, or a gradient's points on a way (16)",
    )
    add("--toward", choices=["up", "down"], help="of --reasons, those that move scores that way")
    add("--columns", type=names, metavar="A,B", default=[], help="of DATA, to stand beside them")
    add("--threads", type=whole, default=1, metavar="N", help="explain in so many (%(default)s)")


def run(options: argparse.Namespace) -> Answer:
    """Explain a file's rows, batch by batch; draw them, or a sample of many."""
    if options.toward is not None and options.reasons is None:
        raise InvalidArgument(f'--toward "{options.toward}" is of --reasons')
    if options.reasons is not None:
        if options.rounds is not None:
            raise InvalidArgument(f"--rounds {options.rounds}: --reasons take none")
        if options.method != "orders":
            raise InvalidArgument(f"--method {options.method}: --reasons are of trees")
    read = [options.model, options.data]
    if options.html is not None:
        check_output("--html", options.html, read)
        if options.output is not None and options.output.resolve() == options.html.resolve():
            raise InvalidArgument(f'--html "{options.html}" is --output as well')
    if options.output is not None and options.output.suffix.lower() in _PAGES:
        if options.html is not None:
            raise InvalidArgument(
                f'--output "{options.output}" and --html "{options.html}" are both pages'
            )
        if options.reasons is not None:
            raise InvalidArgument(
                f'--output "{options.output}" is a page, --reasons {options.reasons} are rows; '
                "--html draws a page beside them"
            )
        check_output("--output", options.output, read)
        return _page(options, options.output)
    answer = _answer(options)
    if options.html is not None:
        _page(options, options.html)
    return answer


def _answer(options: argparse.Namespace) -> Answer:
    against: list[Any] = []  # made ready once, when there is a model

    def explain(model: Model, rows: Any) -> Any:
        if not against:
            against.append(_background(options, model))
        asked = {"background": against[0], "threads": options.threads}
        if options.reasons is None:
            return model.explain(rows, **asked, **_method(options, model))
        return model.reasons(rows, top=options.reasons, toward=options.toward, **asked)

    noun = "contributions" if options.reasons is None else "reasons"
    return answer_rows(options, noun, explain)


def _method(options: argparse.Namespace, model: Model) -> dict[str, Any]:
    if options.rounds is None:
        return {"method": options.method}
    if not model.info()["steps"]:
        raise InvalidArgument(f"--rounds {options.rounds}: trees are explained exactly, in none")
    return {"method": options.method, "rounds": options.rounds}


def _background(options: argparse.Namespace, model: Model) -> Any:
    if options.background in (None, _REFERENCE):
        return options.background
    return model.background(sampled(Path(options.background), model, _MOST_BACKGROUND).table())


def sampled(path: Path, model: Model, most: int) -> RowSample:
    """A file's rows as a model reads them, of many a random sample, always the same."""
    from kedge.io.row_sample import RowSample

    reader = Scorer(path, model, [], lambda rows: rows)

    def sample(table: FileTable) -> RowSample:
        kept = RowSample(most)
        with closing(reader.scores(table)) as tables:
            for rows in tables:
                kept.add(rows)
        return kept

    return patiently(reader.table, sample)


def _page(options: argparse.Namespace, path: Path) -> Answer:
    """Read the rows, and draw those that a sample keeps."""
    model = load(options.model)
    kept = sampled(options.data, model, _MOST_DRAWN)
    rows = kept.table()
    against = _background(options, model)
    method = _method(options, model)
    found = model.explain(rows, background=against, threads=options.threads, **method)
    drawn_from = kept.seen if kept.seen > len(found) else None
    picture = draw(found, rows, drawn_from=drawn_from)
    write_whole(path, picture.to_html().encode())
    done = {"rows": kept.seen, "drawn": len(found), "output": str(path)}
    text = f"{done['drawn']} of {done['rows']} rows in {done['output']}"
    return Answer(PASS, to_json(done) if options.json else text)
