"""Run firmware on an emulated Cortex-M: the PyPI package unicorn, no board, no linker script."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import unicorn
from unicorn import arm_const

__all__ = ["Firmware", "Sections"]

_PAGE = 4096
_RAM, _RAM_BYTES = 0x2000_0000, 1 << 24  # beyond any board's, so that a test needs few calls
_STACK = 0x3000_0000
_STACK_BYTES = 1 << 16
_END = 0x1000_0000  # where the call returns to: code, as peripherals are not executed
_PAINT = 0xA5
_CPUS = {
    "cortex-m0": arm_const.UC_CPU_ARM_CORTEX_M0,
    "cortex-m4": arm_const.UC_CPU_ARM_CORTEX_M4,
    "cortex-m7": arm_const.UC_CPU_ARM_CORTEX_M7,
}
_COPROCESSORS = 0xE000_ED88  # CPACR: bits 20 to 23 switch the unit of floats on
_PT_LOAD = 1


@dataclass(frozen=True)
class Sections:
    """The bytes of a program: instructions, constants, and memory that begins with something."""

    code: int
    constants: int
    memory: int


class Firmware:
    """A program in the emulator's memory; `calls` counts the instructions of the last call."""

    def __init__(self, program: Path, core: str) -> None:
        self._image = program.read_bytes()
        self._core = core
        if self._image[:5] != b"\x7fELF\x01":
            raise ValueError(f"{program}: no ELF file of 32 bits")
        self._entry: int = struct.unpack_from("<I", self._image, 24)[0]
        self.instructions = 0
        self.stack_bytes = 0

    def _headers(self, at: int, size: int, count: int) -> list[bytes]:
        offset, length, number = (
            struct.unpack_from(form, self._image, place)[0]
            for form, place in (("<I", at), ("<H", size), ("<H", count))
        )
        return [self._image[offset + i * length :][:length] for i in range(number)]

    def sections(self) -> Sections:
        """How large the program is, by what its sections may do."""
        sizes = [0, 0, 0]
        for header in self._headers(32, 46, 48):
            _, kind, flags, _, _, size = struct.unpack_from("<6I", header)
            if not flags & 2 or kind == 0x70000001:  # not loaded, or only read to unwind
                continue
            sizes[0 if flags & 4 else 2 if flags & 1 else 1] += size
        return Sections(*sizes)

    def _start(self) -> unicorn.Uc:
        machine = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        machine.ctl_set_cpu_model(_CPUS[self._core])
        pages: set[int] = set()
        for header in self._headers(28, 42, 44):
            kind, offset, address, _, stored, size = struct.unpack_from("<6I", header)
            if kind != _PT_LOAD or size == 0:
                continue
            first, end = address // _PAGE, (address + size - 1) // _PAGE + 1
            for page in set(range(first, end)) - pages:
                machine.mem_map(page * _PAGE, _PAGE)
            pages |= set(range(first, end))
            machine.mem_write(address, self._image[offset : offset + stored])
        machine.mem_map(_RAM, _RAM_BYTES)
        machine.mem_map(_STACK - _STACK_BYTES, _STACK_BYTES)
        machine.mem_write(_STACK - _STACK_BYTES, bytes([_PAINT]) * _STACK_BYTES)
        machine.mem_map(_END, _PAGE)
        if self._core != "cortex-m0":
            machine.mem_map(_COPROCESSORS // _PAGE * _PAGE, _PAGE)
            machine.mem_write(_COPROCESSORS, struct.pack("<I", 0xF << 20))
            machine.reg_write(arm_const.UC_ARM_REG_FPEXC, 0x40000000)
        return machine

    def call(self, *arguments: int | np.ndarray, counted: bool = False) -> None:
        """Call the entry: arrays are copied in, and back when it has returned."""
        machine = self._start()
        words, places, at = [], [], _RAM
        for argument in arguments:
            if isinstance(argument, int):
                words.append(argument)
                continue
            machine.mem_write(at, argument.tobytes())
            words.append(at)
            places.append((at, argument))
            at += (argument.nbytes + 15) // 16 * 16
        stack = _STACK - 64
        machine.mem_write(stack, struct.pack(f"<{len(words[4:])}I", *words[4:]))
        for register, word in enumerate(words[:4]):
            machine.reg_write(arm_const.UC_ARM_REG_R0 + register, word)
        machine.reg_write(arm_const.UC_ARM_REG_SP, stack)
        machine.reg_write(arm_const.UC_ARM_REG_LR, _END | 1)
        self.instructions = 0
        if counted:
            machine.hook_add(unicorn.UC_HOOK_CODE, self._count)
        machine.emu_start(self._entry | 1, _END)
        for place, argument in places:
            held = np.frombuffer(machine.mem_read(place, argument.nbytes), argument.dtype)
            argument[...] = held.reshape(argument.shape)
        painted = bytes(machine.mem_read(_STACK - _STACK_BYTES, _STACK_BYTES - 64))
        self.stack_bytes = len(painted) - (len(painted) - len(painted.lstrip(bytes([_PAINT]))))

    def _count(self, *_: object) -> None:
        self.instructions += 1
