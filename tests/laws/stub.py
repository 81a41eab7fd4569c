"""The stubs of what is compiled, as nanobind makes them.

`python -m tests.laws.stub` writes them; the client's only where gRPC's C++ library is.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from nanobind.stubgen import StubGen, load_pattern_file

from kedge.serve.channels import is_native_built

ROOT = Path(__file__).parents[2]
MODULES = ("_core", "_channel")
PATTERNS = ROOT / "python" / "bindings" / "stubs.pat"


def committed(module: str) -> Path:
    """Where a module's stub is."""
    return ROOT / "python" / "kedge" / f"{module}.pyi"


def generate(module: str) -> str:
    """The text of the stub.

    Raises:
        ImportError: it was not built.
    """
    compiled = importlib.import_module(f"kedge.{module}")
    patterns = load_pattern_file(str(PATTERNS)) if module == "_core" else []
    generator = StubGen(compiled, patterns=patterns)
    generator.put(compiled)
    text: str = generator.get()
    return text


if __name__ == "__main__":
    for one in MODULES:
        if one == "_core" or is_native_built():
            committed(one).write_text(generate(one))
