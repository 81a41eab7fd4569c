"""Build kedge for the boards in boards.toml and show that it gives the same bits on each.

    python -m edge_targets.build               # every target: build, print the size
    python -m edge_targets.build armv7 --run   # and run it under each of the target's CPUs

With --run, `kedge_info --selftest` must print the same digest on the host and on every CPU, under
every instruction set the CPU has; those it lacks must be refused; kedge_tests must pass.

Exit codes: 0 all as it must be, 1 not so, 64 wrong use.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import importlib.util
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

_ROOT = Path(__file__).parents[1]
_HERE = Path(__file__).parent
_PASS, _FAIL, _WRONG_USE = 0, 1, 64
_HEARTBEAT_SECONDS = 20


class BuildError(Exception):
    """Something is missing or does not build; the text says what and what to do."""


@dataclasses.dataclass(frozen=True)
class Target:
    """One build: a compiler, what it compiles for, and the CPUs that must run the result."""

    name: str
    compiler: str
    triple: str
    mcpu: str
    qemu: str
    cpus: dict[str, tuple[str, ...]]  # name -> the instruction sets it has

    @property
    def processor(self) -> str:
        """What CMake calls the architecture."""
        return self.triple.partition("-")[0]

    @property
    def toolchain(self) -> Path:
        """The CMake toolchain file."""
        return _HERE / ("zig.cmake" if self.compiler == "zig" else f"gcc_{self.processor}.cmake")


@dataclasses.dataclass(frozen=True)
class Row:
    """One thing checked, one line of the table."""

    target: str
    cpu: str
    check: str
    answer: str | int
    seconds: float
    passed: bool

    def __str__(self) -> str:
        verdict = "ok" if self.passed else "WRONG"
        return (
            f"{self.target:12} {self.cpu:11} {self.check:16} {self.answer!s:>22}"
            f" {self.seconds:7.1f} s  {verdict}"
        )


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a program ended."""

    code: int
    output: str
    seconds: float

    @property
    def end(self) -> str:
        """The last line of output, or the signal that killed the program."""
        if self.code < 0:
            return signal.Signals(-self.code).name
        return (self.output.strip().splitlines() or [f"exit {self.code}"])[-1]


def load_targets() -> dict[str, Target]:
    """The targets of boards.toml by name."""
    try:
        toml: Any = importlib.import_module("tomllib")
    except ModuleNotFoundError:
        raise BuildError("boards.toml: reading it takes Python 3.11 or later") from None
    boards = toml.loads((_HERE / "boards.toml").read_text())
    isas = {name: tuple(cpu["isas"]) for name, cpu in boards["cpu"].items()}
    return {
        name: Target(name, **{**entry, "cpus": {cpu: isas[cpu] for cpu in entry["cpus"]}})
        for name, entry in boards["target"].items()
    }


def run(label: str, command: Sequence[str | Path], env: dict[str, str]) -> Outcome:
    """Run to the end, saying every few seconds that it still does."""
    start = time.monotonic()
    print(f"... {label}", file=sys.stderr, flush=True)
    process = subprocess.Popen(
        command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    while True:
        try:
            output, _ = process.communicate(timeout=_HEARTBEAT_SECONDS)
            return Outcome(process.returncode, output, time.monotonic() - start)
        except subprocess.TimeoutExpired:
            print(f"... {label}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)


def tool(name: str, origin: str) -> str:
    """The path of a program, or an error that says where to get it."""
    path = shutil.which(name, path=environment()["PATH"])
    if path is None:
        raise BuildError(f"{name}: not found; it comes with {origin}")
    return path


def environment(**more: str) -> dict[str, str]:
    """The environment without a forced instruction set, with this Python's own programs first."""
    own = {key: value for key, value in os.environ.items() if key != "KEDGE_ISA"}
    own["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), own.get("PATH", os.defpath)])
    return own | more


def write_zig_tools(target: Target, folder: Path) -> None:
    """One script for each tool, as CMake wants one path for each."""
    package = importlib.util.find_spec("ziglang")
    if package is None or package.origin is None:
        raise BuildError("ziglang: not installed; `pip install ziglang`")
    zig = Path(package.origin).parent / "zig"
    version = run("zig version", [zig, "version"], environment()).end
    cpu = f" -mcpu={target.mcpu}" if target.mcpu else ""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("c++", "ar", "ranlib"):
        flags = f" -target {target.triple}{cpu}" if name == "c++" else ""
        # The version is for ccache, which takes the script for the compiler.
        script = f'#!/bin/sh\n# zig {version}\nexec {shlex.quote(str(zig))} {name}{flags} "$@"\n'
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)


def build(target: Target | None, programs: Sequence[str], options: argparse.Namespace) -> Path:
    """Configure and build; None is the host. Returns the folder of the programs."""
    name = target.name if target else "host"
    folder: Path = options.build_dir / name
    zig_cache = str(options.build_dir / "zig-cache")
    caches = {"ZIG_GLOBAL_CACHE_DIR": zig_cache, "ZIG_LOCAL_CACHE_DIR": zig_cache}
    env = environment(**caches | {key: os.environ[key] for key in caches if key in os.environ})
    defines = ["CMAKE_BUILD_TYPE=Release", "KEDGE_APPS=ON"]
    if target:
        defines += ["KEDGE_TESTS=ON", f"CMAKE_TOOLCHAIN_FILE={target.toolchain}"]
        if target.compiler == "zig":
            write_zig_tools(target, folder / "tools")
            defines += [f"KEDGE_TOOLS={folder / 'tools'}", f"KEDGE_PROCESSOR={target.processor}"]
            env["CCACHE_COMPILERCHECK"] = "content"  # of the script, which names zig's version
        else:
            tool(f"{target.triple}-g++", f"`apt-get install g++-{target.triple}`")
    cmake = tool("cmake", "`pip install cmake`")
    generator = ["-G", "Ninja"] if shutil.which("ninja", path=env["PATH"]) else []
    settings = [f"-D{define}" for define in defines]
    jobs = ["-j", str(options.jobs), "--target", *programs]
    for label, command in (
        (f"{name}: configure", [cmake, *generator, "-S", _ROOT, "-B", folder, *settings]),
        (f"{name}: build", [cmake, "--build", folder, *jobs]),
    ):
        outcome = run(label, command, env)
        if outcome.code != 0:
            raise BuildError(f"{label} failed:\n{outcome.output}")
    return folder


def digest_row(target: str, cpu: str, isa: str, command: list[str | Path], expected: str) -> Row:
    """The selftest under one instruction set; an empty `isa` leaves the choice to kedge."""
    env = environment(**({"KEDGE_ISA": isa} if isa else {}))
    outcome = run(f"{target} {cpu} {isa or 'default'}", [*command, "--selftest"], env)
    passed = outcome.code == 0 and outcome.end == (expected or outcome.end)
    check = f"digest {isa or 'default'}"
    return Row(target, cpu, check, outcome.end, outcome.seconds, passed)


def host_rows(folder: Path) -> Iterator[Row]:
    """The digest under each instruction set of this machine, scalar first: the one to compare with."""
    program = folder / "kedge_info"
    info = run("host: info", [program], environment()).output
    isas = info.partition("instruction sets:")[2].partition("\n")[0].split()
    expected = ""
    for isa in isas or [""]:
        row = digest_row("host", "host", isa, [program], expected)
        expected = expected or str(row.answer)
        yield row


def target_rows(target: Target, folder: Path, expected: str, isas: set[str]) -> Iterator[Row]:
    """What must hold on each CPU of a target, slowest last."""
    qemu = tool(target.qemu, "`apt-get install qemu-user-static`")
    for cpu, has in target.cpus.items():
        emulator: list[str | Path] = [qemu, "-cpu", cpu]
        for isa in ("", *has):
            command = [*emulator, folder / "kedge_info"]
            yield digest_row(target.name, cpu, isa, command, expected)
        for isa in sorted(isas - set(has)):
            env = environment(KEDGE_ISA=isa)
            outcome = run(f"{target.name} {cpu} {isa}", [*emulator, folder / "kedge_info"], env)
            refused = outcome.code == _WRONG_USE and f'KEDGE_ISA = "{isa}"' in outcome.output
            answer = "refused" if refused else outcome.end
            yield Row(target.name, cpu, f"no {isa}", answer, outcome.seconds, refused)
        tests = [*emulator, folder / "kedge_tests"]
        outcome = run(f"{target.name} {cpu} kedge_tests", tests, environment())
        if outcome.code != 0:
            print(outcome.output, file=sys.stderr)
        yield Row(target.name, cpu, "tests", outcome.end, outcome.seconds, outcome.code == 0)


def all_rows(
    chosen: Sequence[Target], isas: set[str], options: argparse.Namespace
) -> Iterator[Row]:
    """Every check of the chosen targets, the host first."""
    expected = ""
    if options.run:
        for row in host_rows(build(None, ["kedge_info"], options)):
            expected = expected or str(row.answer)
            yield row
    for target in chosen:
        start = time.monotonic()
        folder = build(target, ["kedge_info", "kedge_tests"], options)
        size = (folder / "kedge_info").stat().st_size
        yield Row(target.name, "", "bytes", size, time.monotonic() - start, True)
        if options.run:
            yield from target_rows(target, folder, expected, isas)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(_WRONG_USE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, run, print; the return value is the exit code."""
    parser = _Parser(prog="edge_targets.build", description="Build kedge for the boards.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="names in boards.toml")
    parser.add_argument("--run", action="store_true", help="run everything under qemu, compare")
    parser.add_argument("--json", action="store_true", help="one object per line")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--build-dir", type=Path, default=_ROOT / "build" / "edge", metavar="DIR")
    options = parser.parse_args(arguments)
    options.build_dir = options.build_dir.absolute()
    passed = True
    try:
        targets = load_targets()
        for name in options.targets:
            if name not in targets:
                parser.error(f'no target "{name}": there are {", ".join(targets)}')
        chosen = [targets[name] for name in options.targets or targets]
        isas = {isa for each in targets.values() for has in each.cpus.values() for isa in has}
        for row in all_rows(chosen, isas, options):
            print(json.dumps(dataclasses.asdict(row)) if options.json else row, flush=True)
            passed = passed and row.passed
    except BuildError as error:
        print(f"edge_targets.build: {error}", file=sys.stderr)
        return _FAIL
    return _PASS if passed else _FAIL


if __name__ == "__main__":
    sys.exit(main())
