"""Compile firmware.cpp with a model for a Cortex-M, without a C or C++ library."""

from __future__ import annotations

import importlib.util
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CORES", "Core", "FirmwareError", "compile_firmware"]

_HERE = Path(__file__).parent
_CORE = _HERE.parents[1] / "cpp"


@dataclass(frozen=True)
class Core:
    """A processor: what zig calls it, and its registers for floats."""

    name: str
    mcpu: str
    abi: str  # eabihf: floats are passed in registers


CORES = {
    "cortex-m0": Core("cortex-m0", "cortex_m0", "eabi"),
    "cortex-m4": Core("cortex-m4", "cortex_m4+vfp4d16sp", "eabihf"),
    "cortex-m7": Core("cortex-m7", "cortex_m7+vfp4d16sp", "eabihf"),
}


class FirmwareError(Exception):
    """The compiler is missing, or refuses."""


def compile_firmware(header: str, core: Core, folder: Path, *, entry: str = "kedge_rows") -> Path:
    """An ELF file of what `entry` needs; the model is named `model`."""
    package = importlib.util.find_spec("ziglang")
    if package is None or package.origin is None:
        raise FirmwareError("ziglang: not installed; get it with `pip install ziglang`")
    zig = Path(package.origin).with_name("zig")
    (folder / "model.h").write_text(header)
    program = folder / f"{core.name}.elf"
    command = [str(zig), "c++", "-target", f"thumb-freestanding-{core.abi}", f"-mcpu={core.mcpu}"]
    command += ["-std=c++20", "-Os", "-s", "-Wall", "-Wextra", "-Werror", "-ffreestanding"]
    command += ["-fno-exceptions", "-fno-rtti", "-ffp-contract=off"]
    command += ["-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", f"-Wl,-e,{entry}"]
    command += ["-isystem", str(_HERE / "std"), "-I", str(_CORE), "-I", str(folder)]
    command += ['-DMODEL="model.h"', str(_HERE / "firmware.cpp"), "-o", str(program)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise FirmwareError(f"{core.name}: {ended.stderr}")
    return program
