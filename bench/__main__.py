"""All benchmarks, one after the other, into one file and one page.

    python -m bench [--quick] [--only PART] [-o FILE.json [--merge]] [--html FILE.html]
                    [-- ARGUMENT]
    python -m bench --list
    python -m bench --readme

`--quick` takes less than five minutes: small inputs, few rounds, and what takes long anyway is left
out. Peers that are not installed sit out, and the page says so; KEDGE_PEERS names the folder of
those that bench.environments installed. `--readme` runs nothing: it writes the tables of README.md
as bench/results.json has them, which `-o bench/results.json --merge` brings up to date.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.figures import put_figures
from bench.report import Progress
from bench.sheet import page
from bench.suite import Benchmark, Outcome, benchmarks, merged, results, run

__all__: list[str] = []

_ROOT = Path(__file__).resolve().parents[1]
_QUICK_S = 280.0  # of all together
_PATIENCE_S = 3600.0  # of one, in a whole run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them; 1 when one failed."""
    options = _parser().parse_args(arguments)
    if options.readme:
        put_figures(_ROOT / "README.md", _ROOT / "bench" / "results.json")
        return 0
    chosen = [one for one in benchmarks() if options.only in one.name]
    if options.list:
        for one in chosen:
            print(f"{one.name:28} {'quick' if one.quick is not None else '':6} {one.about}")
        return 0
    left_out = [one for one in chosen if options.quick and one.quick is None]
    outcomes = _run_all([one for one in chosen if one not in left_out], options)
    whole = results(outcomes, left_out)
    if options.output is not None:
        if options.merge:
            whole = merged(json.loads(options.output.read_text()), whole)
        options.output.write_text(json.dumps(whole, indent=1) + "\n")
    if options.html is not None:
        options.html.write_text(page(whole))
    return int(any(one.ended.startswith("failed") for one in outcomes))


def _parser() -> argparse.ArgumentParser:
    command = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    own = command.add_argument
    own("--list", action="store_true", help="say which there are, run none")
    own("--readme", action="store_true", help="write README's tables, run none")
    own("--quick", action="store_true", help="less than five minutes")
    own("--only", default="", metavar="PART", help="those whose name contains it")
    own("-o", "--output", type=Path, metavar="FILE", help="all that was measured, as JSON")
    own("--merge", action="store_true", help="what FILE has of other benchmarks stays there")
    own("--html", type=Path, metavar="FILE", help="a page to look at")
    own("given", nargs="*", metavar="-- ARGUMENT", help="each benchmark gets it")
    return command


def _run_all(chosen: Sequence[Benchmark], options: argparse.Namespace) -> list[Outcome]:
    progress = Progress(sys.stderr)
    outcomes = []
    left = _QUICK_S
    for i, one in enumerate(chosen):
        # Time that one leaves over is there for those behind it.
        patience = 2 * left / (len(chosen) - i + 1) if options.quick else _PATIENCE_S
        progress.show(f"[{i + 1}/{len(chosen)}] {one.name}")
        last = run(one, options.given, quick=options.quick, patience_s=patience)
        outcomes.append(last)
        left -= last.seconds
        progress.show()
        print(f"{last.name:28} {last.seconds:6.1f} s  {len(last.lines):3} lines  {last.ended}")
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
