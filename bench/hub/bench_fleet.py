"""A thousand devices on a bad day: is the fleet's sketch that of all rows in one stream?

    python -m bench.hub.bench_fleet

Each device uploads, is cut off within a record, sends again, loses records to a full disk, loses
its folder, begins a new epoch, in an order that is drawn; in the end each uploads what it has. The
merged sketch, and that of each group, must be equal to the byte to one profile of all rows that
were counted. It is an account of correctness: what a sketch costs is bench_hub's.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.hub.device import STEPS, Device
from tests.hub.hubs import MODEL, reference, running

_GROUPS = 4


def main(arguments: Sequence[str] | None = None) -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="the fleet's sketch, byte for byte")
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=3, help="of each device, on average")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    draw, done, begun = random.Random(options.seed), Counter[str](), time.perf_counter()
    with tempfile.TemporaryDirectory() as name, running(Path(name)) as (hub, operator):
        devices = [
            Device(f"d{i}", operator.enrol(f"d{i}", f"g{i % _GROUPS}"), i)
            for i in range(options.devices)
        ]
        for _ in range(options.steps * len(devices)):
            step = draw.choice(STEPS)
            getattr(draw.choice(devices), step)(hub.boards.place)
            done[step] += 1
        for device in draw.sample(devices, len(devices)):
            device.upload(hub.boards.place)
        rows = 0
        for group in (None, *(f"g{i}" for i in range(_GROUPS))):
            whole = reference().like()
            for i, device in enumerate(devices):
                if group in (None, f"g{i % _GROUPS}"):
                    for profile in device.sent.values():
                        whole.merge(profile)
            (merged,) = operator.merged(MODEL.hex(), group=group)
            assert merged.to_bytes() == whole.to_bytes(), group
            rows = max(rows, whole.row_count)
    seconds = time.perf_counter() - begun
    said = {"work": "merge", "engine": "kedge", "devices": options.devices, "rows": rows}
    if options.json:
        print(json.dumps({**said, **done, "bit_equal": True, "seconds": round(seconds, 1)}))
        return
    steps = ", ".join(f"{count} {step}" for step, count in sorted(done.items()))
    print(f"{options.devices} devices ({steps}): {rows:,} rows, bit-equal, {seconds:.0f} s")


if __name__ == "__main__":
    main()
