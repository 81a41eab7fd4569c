"""The stub of the compiled core, as nanobind makes it: `python -m tests.laws.stub` writes it."""

from __future__ import annotations

from pathlib import Path

from nanobind.stubgen import StubGen, load_pattern_file

from kedge import _core

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "python" / "kedge" / "_core.pyi"
PATTERNS = ROOT / "python" / "bindings" / "stubs.pat"


def generate() -> str:
    """The text of the stub."""
    generator = StubGen(_core, patterns=load_pattern_file(str(PATTERNS)))
    generator.put(_core)
    text: str = generator.get()
    return text


if __name__ == "__main__":
    COMMITTED.write_text(generate())
