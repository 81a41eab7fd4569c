"""The boards are named once, every CPU has an emulator, and a wrong name says which are right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("tomllib")

from edge_targets.build import BuildError, Target, load_targets, main, read_boards, tool
from kedge.cli import main as kedge_main

ROOT = Path(__file__).parents[2]
BOARDS = ROOT / "edge_targets" / "boards.toml"
TARGETS = list(load_targets().values())
EMULATORS = {
    "aarch64": "qemu-aarch64-static",
    "arm": "qemu-arm-static",
    "x86_64": "qemu-x86_64-static",
}

each_target = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


def test_a_name_is_used_once() -> None:
    named = re.findall(r"^\[target\.(\w+)\]", BOARDS.read_text(), re.MULTILINE)
    assert sorted(named) == sorted({target.name for target in TARGETS})
    assert "host" not in named  # the native build's folder


@each_target
def test_every_target_can_be_built(target: Target) -> None:
    processor = target.triple.partition("-")[0]
    toolchain = {"zig": "zig.cmake", "gcc": f"gcc_{processor}.cmake"}[target.compiler]
    assert (BOARDS.parent / toolchain).is_file()


@each_target
def test_every_cpu_has_its_emulator(target: Target) -> None:
    assert target.cpus
    assert target.qemu == EMULATORS[target.triple.partition("-")[0]]


@each_target
def test_every_cpu_runs_the_scalar_code_and_only_instruction_sets_kedge_knows(
    target: Target,
) -> None:
    source = (ROOT / "cpp" / "kedge" / "base" / "cpu.cpp").read_text()
    for isas in target.cpus.values():
        assert isas[0] == "scalar"
        assert all(f'"{isa}"' in source for isa in isas)


def test_a_raspberry_pi_4_is_not_taken_for_a_5() -> None:
    cpus = {name: isas for target in TARGETS for name, isas in target.cpus.items()}
    assert "dotprod" in cpus["cortex-a76"]
    assert "dotprod" not in cpus["cortex-a72"]


def test_every_cpu_described_is_used() -> None:
    described = re.findall(r"^\[cpu\.([\w-]+)\]", BOARDS.read_text(), re.MULTILINE)
    assert set(described) == {name for target in TARGETS for name in target.cpus}


def test_every_board_has_a_target_that_runs_its_cpu() -> None:
    targets = {target.name: target for target in TARGETS}
    boards = read_boards()["board"]
    assert "pi4" in boards
    for board in boards.values():
        assert board["cpu"] in targets[board["target"]].cpus


def test_a_wrong_board_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--board", "pi9"]) == 1
    assert 'no board "pi9": there are pi5, pi4' in capsys.readouterr().err


def test_the_verb_wants_the_sources(tmp_path: Path) -> None:
    words = ["edge", "build", "--board", "pi4", "--source", str(tmp_path)]
    assert kedge_main(words) == 64


@pytest.mark.parametrize("arguments", [["armv8"], ["armv7", "armv8"], ["--fast"], ["--jobs", "x"]])
def test_wrong_use_is_64(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 64
    error = capsys.readouterr().err
    assert "usage: edge_targets.build" in error
    if "armv8" in arguments:
        assert 'no target "armv8"' in error
        assert all(target.name in error for target in TARGETS)


def test_a_missing_tool_says_where_to_get_it() -> None:
    with pytest.raises(BuildError, match=r"qemu-none: not found.*apt-get install qemu-user-static"):
        tool("qemu-none", "apt-get install qemu-user-static")


@pytest.mark.parametrize("path", sorted(BOARDS.parent.glob("*.*")), ids=lambda path: path.name)
def test_nothing_names_a_place_on_one_machine(path: Path) -> None:
    assert not re.search(r"(?<![\w.}$/])/(usr|opt|home|tmp|work|root)/", path.read_text())
