"""`kedge demo`."""

from __future__ import annotations

import argparse

from kedge import demo
from kedge.cli.answer import FAIL, PASS, Answer, to_json, whole
from kedge.serve import demo as served


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("--seed", type=whole, default=7, help="seed of the synthetic data")


def run(options: argparse.Namespace) -> Answer:
    """Run the demonstration; it passes when what was done was found, and nothing else."""
    result = demo.run(options.seed)
    service = served.run(options.seed)
    code = PASS if result.found and service.found else FAIL
    if options.json:
        return Answer(code, to_json({**result.to_dict(), "served": service.to_dict()}))
    lines = [
        "A shop's orders arrive in batches of 50 000. The reference is 200 000 earlier orders.",
        "From batch 7 on, a tenth of the orders is a new product at about 250.",
        "",
        "batch  truth    verdict on the last three batches",
    ]
    for row in result.batches:
        truth = "shifted" if row.shifted else "same"
        calm = "no drift that matters" if row.verdict == "no" else row.verdict
        verdict = f"drift in {', '.join(row.drifted)}" if row.drifted else calm
        lines.append(
            f"{row.batch:5}  {truth:7}  {verdict:24}"
            f"  farthest: {row.farthest} {row.lower:.4f} .. {row.upper:.4f}"
        )
    lines.append(f"\nThe last window against the reference:\n{result.report}")
    return Answer(code, "\n".join([*lines, "", *_told(service)]))


def _told(service: served.ServedResult) -> list[str]:
    rolled_back = service.rolled_back or "nothing"
    before = ", ".join(service.false_alarms) or "none"
    alarmed = ", ".join(service.alarmed) or "none"
    call = f"A call takes {service.p50_us:.0f} us here."
    return [
        f"Then a model over gRPC ({service.server}): will an order come back? {call}",
        "Version 2 is tried on a fifth of the requests, and behind the answer on all; it is worse.",
        f"After {service.labelled} rows and their labels, rolled back: {rolled_back}.",
        f"Alarms before the shift: {before}. {service.shifted} rows after it: {alarmed}.",
    ]
