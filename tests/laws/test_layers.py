"""Who may use whom: the table of docs/architecture.md, held against includes and imports."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "cpp" / "kedge"

# Each stage and the stages it may use beside itself.
CPP: dict[str, set[str]] = {
    "base": set(),
    "arrow": {"base"},
    "kernels": {"base"},
    "evidence": {"base"},
    "expr": {"base", "arrow", "kernels"},
    "sketch": {"base", "arrow", "kernels", "evidence"},
    "model": {"base", "arrow", "kernels", "evidence"},
    "records": {"base", "arrow", "expr"},
    "sla": {"base"},
    "trust": {"base"},
    "window": {"base", "arrow", "kernels", "evidence", "expr", "sketch"},
    "drift": {"base", "arrow", "kernels", "evidence", "sketch"},
    "quality": {"base", "arrow", "kernels", "evidence", "sketch"},
    "score": {"base", "arrow", "kernels", "evidence", "sketch", "model"},
}
CPP["decide"] = set(CPP)
CPP["serve"] = set(CPP)
CPP["edge"] = set(CPP) - {"serve"}

OUTSIDE = re.compile(r"^(Python\.h|nanobind/|grpc|grpcpp|google/|numpy/|transport/)")

# In rising order: a module may import those of the ranks below, and of its own.
PYTHON = (
    ("_core", "_channel"),
    ("toml",),
    (
        "records",
        "expr",
        "sketch",
        "window",
        "drift",
        "evidence",
        "quality",
        "model",
        "score",
        "decide",
        "udf",
    ),
    ("demo", "loop"),
    ("io", "serve", "sla", "hub"),
    ("cli", "__main__"),
)
RANK = {module: rank for rank, modules in enumerate(PYTHON) for module in modules}

SOURCES = sorted(path for path in CORE.rglob("*") if path.suffix in {".h", ".cpp"})
MODULES = sorted((ROOT / "python" / "kedge").rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CORE)))
def test_includes_point_down(path: Path) -> None:
    stage = path.relative_to(CORE).parts[0]
    for name in re.findall(r'^\s*#include\s+[<"]([^>"]+)[>"]', path.read_text(), re.MULTILINE):
        assert not OUTSIDE.match(name), f"{name} may only be included in bindings and apps"
        if name.startswith("kedge/"):
            used = name.split("/")[1]
            assert used == stage or used in CPP[stage], f"{stage} may not use {used}"


def test_every_stage_has_its_place() -> None:
    assert {path.name for path in CORE.iterdir() if path.is_dir()} <= set(CPP)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CORE)))
def test_only_arrow_knows_the_abi(path: Path) -> None:
    if path.relative_to(CORE).parts[0] != "arrow":
        assert not re.search(r"\bArrow(Array|Schema|ArrayStream)\b", path.read_text())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_imports_point_down(path: Path) -> None:
    module = path.relative_to(ROOT / "python" / "kedge").parts[0].removesuffix(".py")
    if module == "__init__":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            if name.startswith("kedge."):
                used = name.split(".")[1]
                assert RANK[used] <= RANK[module], f"{module} may not import {used}"
