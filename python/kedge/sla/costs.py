"""What answers cost: processor time and memory of a server on this machine, and a price."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Usage", "price_of_million", "server_pid", "usage"]

_TICK = os.sysconf("SC_CLK_TCK")
_LISTENS = "0A"


@dataclass(frozen=True)
class Usage:
    """Of a process and its children.

    Attributes:
        cpu_s: processor time so far.
        peak_bytes: the most memory that the process itself had.
    """

    cpu_s: float
    peak_bytes: int


def usage(pid: int) -> Usage:
    """What a process has used so far.

    Raises:
        OSError: there is no such process, or it is not ours to see.
    """
    status = Path(f"/proc/{pid}/status").read_text()
    peak = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")), "0")
    return Usage(sum(map(_ticks, [pid, *_children(pid)])) / _TICK, int(peak) * 1024)


def server_pid(place: str) -> int | None:
    """Who listens at a place of this machine; None when that cannot be seen."""
    if not Path("/proc/net").is_dir():  # Linux has it
        return None
    inode = _unix_inode(place[5:]) if place.startswith("unix:") else _tcp_inode(place)
    if inode is None:
        return None
    wanted = f"socket:[{inode}]"
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is somebody else's
            if wanted in _open_files(process):
                return int(process.name)
    return None


def price_of_million(cpu_s: float, calls: int, price_of_hour: float) -> float:
    """What a million calls cost at a price of an hour of one processor.

    >>> price_of_million(cpu_s=36.0, calls=1_000_000, price_of_hour=0.05)
    0.0005
    """
    return cpu_s / max(calls, 1) * 1e6 / 3600 * price_of_hour


def _open_files(process: Path) -> list[str]:
    found = []
    for link in (process / "fd").iterdir():
        with suppress(OSError):  # it was closed meanwhile
            found.append(str(link.readlink()))
    return found


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        with suppress(OSError):  # it has ended
            for child in map(int, (thread / "children").read_text().split()):
                found += [child, *_children(child)]
    return found


def _tcp_inode(place: str) -> str | None:
    host, _, port = place.rpartition(":")
    if host not in {"localhost", "127.0.0.1", "[::1]", "0.0.0.0", "[::]"}:
        return None
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == int(port):
                return fields[9]
    return None


def _unix_inode(path: str) -> str | None:
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        fields = line.split()
        if len(fields) == 8 and fields[7] == path:
            return fields[6]
    return None
