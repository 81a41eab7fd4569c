"""Virtual environments for the engines, which do not all live in one.

    python -m bench.score.environments DIR [NAME ...]

makes DIR/NAME for each, or for all: then `python -m bench.score.bench_trees --peers-dir DIR`. An
engine without an environment runs under this interpreter if it is installed there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["ENVIRONMENTS", "interpreter"]

ENVIRONMENTS: Mapping[str, tuple[str, ...]] = {
    "trees": (
        "catboost==1.2.10",
        "lightgbm==4.7.0",
        "onnx==1.23.2",
        "onnxmltools==1.16.0",
        "onnxruntime==1.32.0",
        "scikit-learn-intelex==2026.2.0",
        "skl2onnx==1.20.0",
        "tl2cgen==1.0.0",
        "treelite==4.8.1",
        "xgboost-cpu==3.2.0",
    ),
    "lleaves": ("lightgbm==4.7.0", "lleaves==1.3.0", "llvmlite==0.44.0"),
    "ydf": ("ydf==0.16.1",),
}


def interpreter(engine: str, peers_dir: Path | None) -> Path:
    """Who runs the engine: its environment's interpreter if there is one, else this one."""
    here = Path(sys.executable)
    if peers_dir is None or engine == "kedge":
        return here
    python = peers_dir / (engine if engine in ENVIRONMENTS else "trees") / "bin" / "python"
    return python.absolute() if python.exists() else here


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the environments; the return value is the exit code."""
    command = argparse.ArgumentParser(
        prog="python -m bench.score.environments",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("dir", type=Path, metavar="DIR")
    command.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ENVIRONMENTS))
    options = command.parse_args(arguments)
    for name in options.names or ENVIRONMENTS:
        if name not in ENVIRONMENTS:
            command.error(f"no environment {name!r}: {', '.join(ENVIRONMENTS)}")
        venv.create(options.dir / name, with_pip=True)
        python = options.dir / name / "bin" / "python"
        code = subprocess.call([python, "-m", "pip", "install", "--quiet", *ENVIRONMENTS[name]])
        if code:
            print(f"{name}: pip install failed with exit code {code}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
