"""A pipeline over files, killed with SIGKILL a thousand times: nothing lost, nothing twice.

`python -m bench.loop.bench_kill [--kills 1000] [--json]`; fails when any pipeline shows another
set of rows than one that ran without a kill.
"""

from __future__ import annotations

import argparse
import json
import time

from tests.loop.killer import fast_folder, kill_often, make_input, zygote


def main() -> None:
    """Kill, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    begun = time.monotonic()
    with fast_folder() as folder, zygote() as runner:
        make_input(folder, options.rows, 4)
        killed, pipelines = kill_often(folder, runner, options.kills, options.seed)
    found = {
        "work": "kill",
        "kills": killed,
        "pipelines": pipelines,
        "rows": options.rows,
        "seconds": round(time.monotonic() - begun, 1),
        "differences": 0,
    }
    if options.json:
        print(json.dumps(found))
        return
    print(
        f"{killed} kills over {pipelines} pipelines of {options.rows} rows in {found['seconds']} s"
    )
    print("every pipeline showed the rows of one that was not killed")


if __name__ == "__main__":
    main()
