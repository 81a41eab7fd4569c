"""`kedge bench`: states a service level, loads the real thing, and says whether it holds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from kedge._core import InvalidArgument
from kedge.cli.answer import FAIL, NOT_YET, PASS, Answer, to_json
from kedge.cli.bench_edge import edge_table
from kedge.cli.output import check_output, write_whole
from kedge.cli.progress import Progress
from kedge.sla import report, verdict
from kedge.sla.compare import differences
from kedge.sla.find_rate import Found, find_rate
from kedge.sla.generator import GeneratorTooSlow
from kedge.sla.limits import Limit, duration_ns, parse_limits, read_level
from kedge.sla.page import page
from kedge.sla.session import Answered, Side, Timing, answered, measured
from kedge.sla.shapes import SHAPES, due_times, replayed
from kedge.sla.sides import Asked, open_side

__all__: list[str] = []

_CODES = {verdict.PASS: PASS, verdict.FAIL: FAIL, verdict.UNKNOWN: NOT_YET}
_ROUNDS = 10  # of two sides in turn


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    own = parser.add_argument
    own(
        "target",
        nargs="+",
        metavar="TARGET",
        help="grpc://host:port/model, grpcs://..., unix:/socket/model, each with @version, or a"
        " .kedge file; or: diff A.json B.json; or, in a checkout: edge [PROGRAM]",
    )
    own("--rate", type=float, default=1000.0, metavar="N", help="calls a second (%(default)g)")
    own("--duration", default="10s", metavar="TIME", help="of all rounds (%(default)s)")
    own("--warmup", default="1s", metavar="TIME", help="before, not counted (%(default)s)")
    own("--sla", default="", metavar="LEVEL", help='"p99<2ms,errors<0.01%%", or a .toml file')
    own("--shape", choices=SHAPES, default="steady", help="of the load over time (%(default)s)")
    own("--poisson", action="store_true", help="calls come independently of each other")
    own("--rows", default="1", metavar="N[,N]", help="of a call, in turn (%(default)s)")
    own("--data", type=Path, metavar="FILE", help="whose rows are sent")
    own("--times", metavar="COLUMN", help="of the data: replay the distances between its rows")
    own("--input", action="append", default=[], metavar="NAME:FP32:28", help="that a model takes")
    own("--vs", metavar="TARGET", help="another one, in turn with the first; or echo, a bare one")
    own("--rounds", type=int, default=_ROUNDS, help="of two in turn (%(default)s)")
    own("--find-rate", action="store_true", help="the highest rate that holds the level")
    own("--confidence", type=float, default=0.999, help="of what is said (%(default)g)")
    own("--most-lag", default="", metavar="TIME", help="of the generator's median")
    own("--pid", type=int, help="of the server, where its place does not tell")
    own("--price", type=float, metavar="AMOUNT", help="of an hour of a processor")
    own("--connections", type=int, default=4, metavar="N", help="to the server (%(default)s)")
    own("--timeout", default="10s", metavar="TIME", help="of a call (%(default)s)")
    own("--ca", default="", metavar="FILE", help="certificates of a grpcs server, PEM")
    own("--cert", default="", metavar="FILE", help="a certificate to show, PEM")
    own("--key", default="", metavar="FILE", help="its private key")
    own("--token-file", default="", metavar="FILE", help="holds a bearer token")
    own("--html", type=Path, metavar="FILE", help="a page to look at")
    own("-o", "--output", type=Path, metavar="FILE", help="the report as JSON, for diff")


def run(options: argparse.Namespace) -> Answer:
    """Exit code: 0 the level holds, 1 it does not, 2 not yet known."""
    if options.target[0] == "diff":
        return _diff(options)
    if options.target[0] == "edge":
        return edge_table(options.target[1:], options.json)
    if len(options.target) != 1:
        raise InvalidArgument(f"{len(options.target)} targets: expected one; see --vs")
    for option, path in (("--html", options.html), ("-o", options.output)):
        if path is not None:
            check_output(option, path, [])
    if options.find_rate and options.vs:
        raise InvalidArgument("--find-rate looks at one target, --vs names another")
    if options.find_rate and options.times:
        raise InvalidArgument("--find-rate sends at rates of its own, --times says when")
    limits = _limits(options.sla)
    for text in (options.duration, options.warmup):
        _seconds(text)
    with ExitStack() as opened, closing(Progress("bench")) as progress:
        names = [options.target[0], *([options.vs] if options.vs else [])]
        asked = _asked(options)
        sides = [opened.enter_context(open_side(name, asked)) for name in names]
        try:
            found = _find(options, sides[0], limits, progress) if options.find_rate else None
            if found is None or not sides[0].runs:
                timing = _timing(options, asked, len(sides))
                measured(sides, timing, partial(_show, progress))
            answer = answered(
                sides,
                limits,
                confidence=options.confidence,
                most_lag_ns=_ns(options.most_lag),
                price=options.price,
                found=found,
            )
        except GeneratorTooSlow as error:
            said = to_json({"verdict": verdict.UNKNOWN, "reason": str(error)})
            return Answer(NOT_YET, said if options.json else f"{error}\n{verdict.UNKNOWN}")
    return _said(options, answer)


def _said(options: argparse.Namespace, answer: Answered) -> Answer:
    settings = {
        "rate": options.rate,
        "shape": options.shape + (", poisson" if options.poisson else ""),
        "duration": options.duration,
        "warmup": options.warmup,
        "rows": options.rows,
        "data": str(options.data or ""),
        "connections": options.connections,
        "confidence": options.confidence,
    }
    whole = report.to_dict(answer, settings)
    if options.output is not None:
        write_whole(options.output, to_json(whole).encode())
    if options.html is not None:
        write_whole(options.html, page(answer, dict(settings)).encode())
    for side in whole["sides"]:
        side.pop("rounds")  # of the file alone: they are long
    text = to_json(whole) if options.json else report.table(answer, options.confidence)
    return Answer(_CODES[answer.verdict], text)


def _diff(options: argparse.Namespace) -> Answer:
    """Two reports that were stored. Exit code 0: B is not slower, 1: it is, 2: not known."""
    if len(options.target) != 3:
        raise InvalidArgument("diff: expected two reports, of kedge bench -o")
    paths = [Path(name) for name in options.target[1:]]
    first, second = map(report.read_rounds, paths)
    found = differences(first, second, paired=False, confidence=options.confidence)
    verdicts = {one.verdict for one in found}
    code = FAIL if "slower" in verdicts else NOT_YET if verdicts <= {"not known"} else PASS
    if options.json:
        return Answer(code, to_json([one.to_dict() for one in found]))
    lines = report.difference_lines(found, options.target[1:]) or ["too few calls"]
    return Answer(code, "\n".join(lines))


def _find(
    options: argparse.Namespace, side: Side, limits: Sequence[Limit], progress: Progress
) -> Found:
    if not limits or any(one.is_ratio for one in limits):
        raise InvalidArgument("--find-rate wants a level without ratios: --sla p99<2ms")
    seconds, warm = _seconds(options.duration), _seconds(options.warmup)

    def try_rate(rate: float) -> str:
        due = due_times(options.shape, rate, seconds + warm, poisson=options.poisson)
        one = Side(side.name, side.run, side.rows, side.pid)
        measured([one], Timing(lambda _: due, seconds, warm), partial(_show, progress))
        answer = answered(
            [one], limits, confidence=options.confidence, most_lag_ns=_ns(options.most_lag)
        )
        if answer.verdict == verdict.PASS:
            side.runs, side.cost = one.runs, one.cost  # the report is of the best one
        return answer.verdict

    return find_rate(try_rate, options.rate)


def _timing(options: argparse.Namespace, asked: Asked, sides: int) -> Timing:
    rounds = options.rounds if sides > 1 else 1
    if rounds < 1:
        raise InvalidArgument(f"--rounds {rounds} is not positive")
    if options.times:
        if asked.columns is None or options.times not in asked.columns:
            raise InvalidArgument(f"--times {options.times}: --data has no such column")
        due = replayed(asked.columns[options.times])[:: max(asked.rows)]
        round_s = (int(due[-1]) + 1) / 1e9
        return Timing(lambda _: due, round_s * rounds, 0.0, rounds)  # each round replays all of it
    shaped = partial(due_times, options.shape, options.rate, poisson=options.poisson)
    return Timing(shaped, _seconds(options.duration), _seconds(options.warmup), rounds)


def _asked(options: argparse.Namespace) -> Asked:
    rows = [int(one) if one.isdecimal() else 0 for one in options.rows.split(",")]
    if not all(rows):
        raise InvalidArgument(f"--rows {options.rows!r}: expected whole numbers from 1")
    if not 0.5 <= options.confidence < 1:
        raise InvalidArgument(f"--confidence {options.confidence}: expected 0.5 to below 1")
    names = ("ca", "cert", "key", "token_file")
    given = {name: getattr(options, name) for name in names if getattr(options, name)}
    return Asked.of(
        rows=tuple(rows),
        data=options.data,
        times=options.times or "",
        inputs=tuple(options.input),
        connections=options.connections,
        timeout_s=_seconds(options.timeout),
        pid=options.pid,
        files=given,
    )


def _limits(text: str) -> tuple[Limit, ...]:
    if not text:
        return ()
    return read_level(Path(text)).limits if text.endswith(".toml") else parse_limits(text)


def _seconds(text: str) -> float:
    return duration_ns(text) / 1e9


def _ns(text: str) -> int:
    return duration_ns(text) if text else 0


def _show(progress: Progress, name: str, share: float) -> None:
    progress.say(lambda: f"{name} {share:4.0%}")
