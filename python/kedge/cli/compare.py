"""`kedge compare`."""

from __future__ import annotations

import argparse
from pathlib import Path

from kedge.cli.answer import FAIL, NOT_YET, PASS, Answer, to_json
from kedge.cli.data import count_file, profile_file, stored_profile
from kedge.cli.output import check_output, write_whole
from kedge.drift import compare

_CODES = {"no": PASS, "yes": FAIL, "not yet known": NOT_YET}


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add = parser.add_argument
    add("reference", metavar="REF", type=Path, help="a profile, or data to profile first")
    add("live", metavar="LIVE", type=Path, help="data, or a profile made with --like")
    add("--html", type=Path, metavar="REPORT.html", help="write the report as a page")
    add("--min-effect", type=float, default=0.02, metavar="X", help="what matters (%(default)s)")
    add("--confidence", type=float, default=0.99, metavar="X", help="(%(default)s)")


def run(options: argparse.Namespace) -> Answer:
    """Compare and report; the exit code is the verdict."""
    if options.html is not None:
        check_output("--html", options.html, [options.reference, options.live])
    reference = stored_profile(options.reference)
    if reference is None:
        reference = profile_file(options.reference, categorical=[])
    live = stored_profile(options.live)
    if live is None:
        live = count_file(options.live, reference)
    report = compare(reference, live, min_effect=options.min_effect, confidence=options.confidence)
    if options.html is not None:
        write_whole(options.html, report.to_html().encode())
    text = to_json(report.to_dict()) if options.json else str(report)
    return Answer(_CODES[report.verdict], text)
