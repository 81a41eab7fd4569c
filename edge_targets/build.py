"""Build kedge for the boards in boards.toml and show that it gives the same bits on each.

    python -m edge_targets.build               # every target: build, print the size
    python -m edge_targets.build armv7 --run   # and run it under each of the target's CPUs;
                                               # --no-tests: but for kedge_tests
    python -m edge_targets.build --board pi4   # kedge-edge alone, for one board; --run as well

With --run, `kedge_info --selftest` must print the same digest on the host and on every CPU, under
every instruction set it has; those it lacks must be refused; kedge_tests must pass on the CPUs of
the target's suite; kedge-edge must print and keep the same scores and sketches of --rows rows.

Exit codes: 0 all as it must be, 1 not so, 64 wrong use.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import json
import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen, TimeoutExpired
from typing import Any, NoReturn

from edge_targets import edge_check

_HERE = Path(__file__).parent
_MODEL = _HERE.parent / "tests" / "golden" / "board" / "v1" / "board.kedge"
_PASS, _FAIL, _WRONG_USE = 0, 1, 64
_HEARTBEAT_SECONDS = 20
_PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
_ENVIRONMENT = {**os.environ, "PATH": _PATH, "KEDGE_ISA": ""}  # empty: kedge chooses


# Functions of the same code become one: a tenth of a program. `zig c++` knows no --icf, the linker
# that it runs does: so what it says that it runs is run once more.
_LINK = """#!/bin/sh
ran=$(ZIG_VERBOSE_LINK=1 "$(dirname "$0")/c++" "$@" 2>&1) || {{ echo "$ran"; exit 1; }}
exec {zig} ld.lld $(echo "$ran" | sed -n 's/^ *ld.lld //p') --no-warnings --icf=safe
"""


class BuildError(Exception):
    """Something is missing or does not build."""


@dataclasses.dataclass(frozen=True)
class Target:
    """One build: a compiler, what it compiles for, and the CPUs that must run the result."""

    name: str
    compiler: str
    triple: str
    mcpu: str
    qemu: str
    cpus: Mapping[str, tuple[str, ...]]  # name -> the instruction sets it has
    suite: tuple[str, ...]  # the cpus on which kedge_tests runs


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
        where = f"{self.target:12} {self.cpu:11} {self.check:16}"
        measured = f"{self.answer!s:>20} {self.seconds:7.1f} s"
        return f"{where} {measured}  {'ok' if self.passed else 'WRONG'}"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a program ended; `end` is its last line, or the signal that killed it."""

    code: int
    output: str
    seconds: float

    @property
    def end(self) -> str:
        if self.code < 0:
            return signal.Signals(-self.code).name
        return (self.output.strip().splitlines() or [f"exit {self.code}"])[-1]


def read_boards() -> dict[str, Any]:
    """All of boards.toml."""
    try:
        toml: Any = importlib.import_module("tomllib")
    except ModuleNotFoundError:
        raise BuildError("boards.toml: reading it takes Python 3.11 or later") from None
    boards: dict[str, Any] = toml.loads((_HERE / "boards.toml").read_text())
    return boards


def load_targets() -> dict[str, Target]:
    """The targets of boards.toml by name."""
    boards = read_boards()
    isas = {name: tuple(cpu["isas"]) for name, cpu in boards["cpu"].items()}
    return {
        name: Target(name, **entry | {"cpus": {cpu: isas[cpu] for cpu in entry["cpus"]}})
        for name, entry in boards["target"].items()
    }


def tool(name: str, origin: str) -> str:
    """The path of a program, or an error that says where to get it."""
    path = shutil.which(name, path=_PATH)
    if path is None:
        raise BuildError(f"{name}: not found; get it with `{origin}`")
    return path


def run(label: str, command: Sequence[str], **more: str) -> Outcome:
    """Run to the end, saying every few seconds that it still does."""
    start = time.monotonic()
    print(f"... {label}", file=sys.stderr, flush=True)
    process = Popen(command, env=_ENVIRONMENT | more, errors="replace", stdout=PIPE, stderr=STDOUT)
    while True:
        try:
            output, _ = process.communicate(timeout=_HEARTBEAT_SECONDS)
            return Outcome(process.returncode, output, round(time.monotonic() - start, 3))
        except TimeoutExpired:
            print(f"... {label}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)


def write_zig_tools(target: Target, folder: Path) -> None:
    """Write a script for each tool, as CMake wants one path for each."""
    package = importlib.util.find_spec("ziglang")
    if package is None or package.origin is None:
        raise BuildError("ziglang: not installed; get it with `pip install ziglang`")
    zig = str(Path(package.origin).with_name("zig"))
    version = run("zig version", [zig, "version"]).end
    # -Os -s even for CMake's own trials: zig builds a libc++ for each choice of the two.
    compiler = f"c++ -Os -s -target {target.triple}"
    compiler += f" -mcpu={target.mcpu}" if target.mcpu else ""
    folder.mkdir(parents=True, exist_ok=True)
    for words in (compiler, "ar", "ranlib"):
        script = folder / words.partition(" ")[0]
        # The version is for ccache, which takes the script for the compiler.
        script.write_text(f'#!/bin/sh\n# zig {version}\nexec {shlex.quote(zig)} {words} "$@"\n')
        script.chmod(0o755)
    link = folder / "link"
    link.write_text(_LINK.format(zig=shlex.quote(zig)))
    link.chmod(0o755)


def build(target: Target | None, programs: Sequence[str], options: argparse.Namespace) -> Path:
    """Configure and build; None is the host. Returns the folder of the programs."""
    name = target.name if target else "host"
    is_made = target is None and options.host is not None
    folder: Path = options.host if is_made else options.build_dir / name
    environment = {}
    is_board = programs == ["kedge_edge"]
    settings = ["-DCMAKE_BUILD_TYPE=Release", "-DKEDGE_APPS=ON", f"-DKEDGE_BOARD={is_board}"]
    if target:
        processor = target.triple.partition("-")[0]
        toolchain = "zig" if target.compiler == "zig" else f"gcc_{processor}"
        settings += ["-DKEDGE_TESTS=ON", f"-DCMAKE_TOOLCHAIN_FILE={_HERE / toolchain}.cmake"]
    if target and target.compiler == "zig":
        write_zig_tools(target, folder / "tools")
        settings += [f"-DKEDGE_TOOLS={folder}/tools", f"-DKEDGE_PROCESSOR={processor}"]
        for cache in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"):
            environment[cache] = os.environ.get(cache, str(options.build_dir / "zig-cache"))
        environment["CCACHE_COMPILERCHECK"] = "content"  # of the script, which names zig's version
    elif target:
        tool(f"{target.triple}-g++", f"apt-get install g++-{target.triple}")
    cmake = tool("cmake", "pip install cmake")
    generator = ["-G", "Ninja"] if shutil.which("ninja", path=_PATH) else []
    configure = [cmake, *generator, "-S", str(_HERE.parent), "-B", str(folder), *settings]
    make = [cmake, "--build", str(folder), "-j", str(options.jobs), "--target", *programs]
    for label, command in (("configure", configure), ("build", make))[is_made:]:
        outcome = run(f"{name}: {label}", command, **environment)
        if outcome.code != 0:
            raise BuildError(f"{name}: {label} failed:\n{outcome.output}")
    return folder


def check_isa(where: tuple[str, str], isa: str, command: list[str], digest: str | None) -> Row:
    """The selftest under one KEDGE_ISA must print `digest`; None: it must be refused."""
    outcome = run(" ".join([*where, isa or "default"]), [*command, "--selftest"], KEDGE_ISA=isa)
    if digest is not None:
        passed = outcome.code == 0 and outcome.end == (digest or outcome.end)
        return Row(*where, f"digest {isa or 'default'}", outcome.end, outcome.seconds, passed)
    refused = outcome.code == _WRONG_USE and f'KEDGE_ISA = "{isa}"' in outcome.output
    return Row(*where, f"no {isa}", "refused" if refused else outcome.end, outcome.seconds, refused)


def runnable_isas(program: str) -> list[str]:
    """The instruction sets that kedge_info finds on this machine, scalar first."""
    info = run("host: kedge_info", [program])
    names = info.output.partition("instruction sets:")[2].partition("\n")[0].split()
    if info.code == 0 and names:
        return names
    raise BuildError(f"host: kedge_info names no instruction set: {info.output}")


def run_edge(label: str, program: Sequence[str], folder: Path, rows: Path) -> tuple[str, Outcome]:
    """What kedge-edge makes of the rows, and how it ended."""
    config = edge_check.write_config(folder, _MODEL, rows)
    outcome = run(label, [*program, str(config)])
    return (edge_check.digest(folder) if outcome.code == 0 else outcome.end), outcome


def host_edge(host: Path, options: argparse.Namespace) -> Row:
    """What kedge-edge makes on this machine of the rows, which are written first."""
    options.build_dir.mkdir(parents=True, exist_ok=True)
    options.edge_input = options.build_dir / "rows.ndjson"
    edge_check.write_rows(options.edge_input, options.rows)
    program = [f"{host}/kedge-edge"]
    made, outcome = run_edge("host: kedge-edge", program, host / "edge", options.edge_input)
    return Row("host", "native", "edge", made, outcome.seconds, outcome.code == 0)


def edge_rows(
    target: Target, folder: Path, wanted: str, options: argparse.Namespace
) -> Iterator[Row]:
    """kedge-edge on each CPU of a target: scores and sketches to the bit."""
    for cpu in target.cpus:
        program = [tool(target.qemu, "apt-get install qemu-user-static"), "-cpu", cpu]
        program.append(f"{folder}/kedge-edge")
        label = f"{target.name} {cpu} kedge-edge"
        found, outcome = run_edge(label, program, folder / f"edge-{cpu}", options.edge_input)
        yield Row(target.name, cpu, "edge", found, outcome.seconds, found == wanted)


def target_rows(target: Target, folder: Path, digest: str, isas: set[str]) -> Iterator[Row]:
    """What must hold on each CPU of a target."""
    qemu = tool(target.qemu, "apt-get install qemu-user-static")
    for cpu, has in target.cpus.items():
        info, tests = ([qemu, "-cpu", cpu, f"{folder}/kedge_{name}"] for name in ("info", "tests"))
        for isa in ("", *has, *sorted(isas - set(has))):
            yield check_isa((target.name, cpu), isa, info, digest if isa in ("", *has) else None)
        if cpu not in target.suite:
            continue
        outcome = run(f"{target.name} {cpu} tests", tests)
        if outcome.code != 0:
            print(outcome.output, file=sys.stderr)
        yield Row(target.name, cpu, "tests", outcome.end, outcome.seconds, outcome.code == 0)


def rows(targets: Sequence[Target], isas: set[str], options: argparse.Namespace) -> Iterator[Row]:
    """Every check of the targets; the host's scalar digest comes first, all must equal it."""
    digest = wanted = ""
    if options.run:
        host = build(None, ["kedge_info", "kedge_edge"], options)
        program = str(host / "kedge_info")
        for isa in runnable_isas(program):
            yield (row := check_isa(("host", "native"), isa, [program], digest))
            digest = digest or str(row.answer)
        yield (row := host_edge(host, options))
        wanted = str(row.answer)
    for target in targets:
        start = time.monotonic()
        programs = ["kedge_info", "kedge_edge", *(["kedge_tests"] if target.suite else [])]
        folder = build(target, programs, options)
        size = (folder / "kedge_info").stat().st_size
        yield Row(target.name, "", "bytes", size, round(time.monotonic() - start, 3), True)
        yield edge_size(target, folder)
        if options.run:
            yield from target_rows(target, folder, digest, isas)
            yield from edge_rows(target, folder, wanted, options)


def edge_size(target: Target, folder: Path) -> Row:
    """The program's size; the second opinion's C library is larger than all of ours, and free."""
    size = (folder / "kedge-edge").stat().st_size
    passed = target.compiler != "zig" or size <= read_boards()["limits"]["program_bytes"]
    return Row(target.name, "", "edge bytes", size, 0, passed)


def board_rows(name: str, options: argparse.Namespace) -> Iterator[Row]:
    """kedge-edge for one board, copied to --output; with --run, on the CPUs of its target."""
    boards = read_boards()["board"]
    if name not in boards:
        raise BuildError(f'no board "{name}": there are {", ".join(boards)}')
    target = load_targets()[boards[name]["target"]]
    folder = build(target, ["kedge_edge"], options)
    if options.output is not None:
        shutil.copy(folder / "kedge-edge", options.output)
    yield edge_size(target, folder)
    if options.run:
        yield (row := host_edge(build(None, ["kedge_edge"], options), options))
        yield from edge_rows(target, folder, str(row.answer), options)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(_WRONG_USE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, run, print; the return value is the exit code."""
    parser = _Parser(prog="edge_targets.build", description="Build kedge for the boards.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="names in boards.toml")
    parser.add_argument("--board", metavar="NAME", help="kedge-edge for this board alone")
    parser.add_argument("--output", type=Path, metavar="FILE", help="of --board: a copy goes there")
    parser.add_argument("--rows", type=int, default=20_000, metavar="N", help="that boards score")
    parser.add_argument("--run", action="store_true", help="run everything under qemu, compare")
    parser.add_argument("--no-tests", action="store_true", help="without kedge_tests")
    parser.add_argument("--json", action="store_true", help="one object per line")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--host", type=Path, metavar="DIR", help="this machine's build, if there")
    parser.add_argument("--build-dir", type=Path, metavar="DIR", help="instead of build/edge")
    options = parser.parse_args(arguments)
    options.build_dir = (options.build_dir or _HERE.parent / "build" / "edge").absolute()
    passed = True
    try:
        targets = load_targets()
        for name in options.targets:
            if name not in targets:
                parser.error(f'no target "{name}": there are {", ".join(targets)}')
        chosen = [targets[name] for name in dict.fromkeys(options.targets or targets)]
        if options.no_tests:
            chosen = [dataclasses.replace(target, suite=()) for target in chosen]
        isas = {isa for target in targets.values() for has in target.cpus.values() for isa in has}
        made = board_rows(options.board, options) if options.board else None
        for row in made or rows(chosen, isas, options):
            print(json.dumps(dataclasses.asdict(row)) if options.json else row, flush=True)
            passed = passed and row.passed
    except BuildError as error:
        print(f"edge_targets.build: {error}", file=sys.stderr)
        return _FAIL
    return _PASS if passed else _FAIL


if __name__ == "__main__":
    sys.exit(main())
