"""Virtual environments for the engines, which do not all live in one.

    python -m bench.environments DIR [NAME ...]

makes DIR/NAME for each, or for all: then `--peers-dir DIR` at the benchmarks, or KEDGE_PEERS=DIR. A
name is an environment's or that of a stage, for all of its environments. An engine without one runs
under this interpreter if it is installed there.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["ENVIRONMENTS", "STAGES", "add_peers_dir", "interpreter"]

STAGES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "drift": {
        "alibi": ("alibi-detect==0.13.0", "pyarrow<18"),
        "evidently": ("evidently==0.7.23", "pandas<3", "pyarrow"),
    },
    "evidence": {
        "frouros": ("frouros==0.9.0",),
        "nannyml": ("nannyml==0.13.1", "pandas<3", "statsmodels"),
    },
    "quality": {
        "fairlearn": ("fairlearn==0.15.0", "pandas==3.1.1", "numpy"),
    },
    "score": {
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
        "nets": (
            "ai-edge-litert==2.3.0",
            "flatbuffers==25.12.19",
            "onnx==1.23.2",
            "onnxruntime==1.32.0",
            "openvino==2026.4.1",
        ),
        "ydf": ("ydf==0.16.1",),
    },
    "serve": {
        "mlserver": ("mlserver==1.7.1", "mlserver-lightgbm==1.7.1", "lightgbm==4.7.0"),
    },
    "window": {
        "columns": (
            "duckdb==2.0.1",
            "numba==0.68.1",
            "pandas==3.1.1",
            "polars==2.1.0",
            "pyarrow==26.0.1",
        ),
        "bytewax": ("bytewax==0.21.1", "confluent-kafka==2.12.2", "numpy"),
        "pathway": ("pathway==0.33.0", "numpy"),
        "quixstreams": ("quixstreams==3.28.1", "numpy"),
        "river": ("river==0.26.1", "numpy"),
    },
}
ENVIRONMENTS: Mapping[str, tuple[str, ...]] = {
    name: packages for stage in STAGES.values() for name, packages in stage.items()
}


def add_peers_dir(command: argparse.ArgumentParser) -> None:
    """The option that says where environments are."""
    command.add_argument(
        "--peers-dir",
        type=Path,
        default=os.environ.get("KEDGE_PEERS") or None,
        metavar="DIR",
        help="made by bench.environments (KEDGE_PEERS)",
    )


def interpreter(engine: str, peers_dir: Path | None, shared: str) -> Path:
    """Who runs the engine: the interpreter of its environment or the shared one, else this one."""
    here = Path(sys.executable)
    if peers_dir is None or engine == "kedge":
        return here
    python = peers_dir / (engine if engine in ENVIRONMENTS else shared) / "bin" / "python"
    return python.absolute() if python.exists() else here


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the environments; the return value is the exit code."""
    command = argparse.ArgumentParser(
        prog="python -m bench.environments",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("dir", type=Path, metavar="DIR")
    known = [*STAGES, *ENVIRONMENTS]
    command.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    options = command.parse_args(arguments)
    for asked in options.names or STAGES:
        if asked not in known:
            command.error(f"no environment {asked!r}: {', '.join(known)}")
        for name in STAGES.get(asked, (asked,)):
            venv.create(options.dir / name, with_pip=True)
            python = options.dir / name / "bin" / "python"
            code = subprocess.call([python, "-m", "pip", "install", "--quiet", *ENVIRONMENTS[name]])
            if code:
                print(f"{name}: pip install failed with exit code {code}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
