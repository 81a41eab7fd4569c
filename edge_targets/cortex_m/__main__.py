"""What a model takes of a microcontroller, on emulated cores.

    python -m edge_targets.cortex_m model.kedge

For each core: bytes of instructions, of constants, of stack and of counters, and the instructions
that scoring a row takes, and scoring and counting it. The rows are the model's golden ones.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import kedge
from edge_targets.cortex_m.emulator import Firmware
from edge_targets.cortex_m.firmware import CORES, Core, compile_firmware
from kedge._core import ModelHeader, model_header

_ROWS = 32


def _measured(model: kedge.Model, header: ModelHeader, core: Core, entry: str) -> Firmware:
    rows = np.resize(model.golden_rows, (_ROWS, model.golden_rows.shape[1])).astype(np.float32)
    raw = np.zeros((_ROWS, model.outputs))
    codes = np.zeros(4 * 65536, np.uint8)
    counters = np.zeros(header.counter_bytes // 4, np.uint32)
    with tempfile.TemporaryDirectory() as folder:
        program = compile_firmware(header.text, core, Path(folder), entry=entry)
        firmware = Firmware(program, core.name)
    if entry == "kedge_rows":
        firmware.call(rows, _ROWS, codes, raw, counters, counted=True)
        return firmware
    total = 0
    for row in rows:
        firmware.call(row, codes, raw, counted=True)
        total += firmware.instructions
    firmware.instructions = total
    return firmware


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser("edge_targets.cortex_m")
    parser.add_argument("model", metavar="MODEL.kedge", type=Path)
    model = kedge.load(parser.parse_args().model)
    header = model_header(model, name="model")
    print(f"counters {header.counter_bytes} bytes")
    print("core        what              code  constants  memory  stack  instructions a row")
    for core in CORES.values():
        for entry, what in (("kedge_score", "score"), ("kedge_rows", "score and count")):
            firmware = _measured(model, header, core, entry)
            sizes = firmware.sections()
            print(
                f"{core.name:11} {what:15} {sizes.code:6} {sizes.constants:10} {sizes.memory:7}"
                f" {firmware.stack_bytes:6} {firmware.instructions / _ROWS:10.0f}"
            )


if __name__ == "__main__":
    main()
