"""Benchmarks: answers compared first, then an interleaved race on one thread.

`python -m bench.<stage>.<name>`, from the root of the repository.
"""

import os

# Libraries read these once, when they are loaded: before any benchmark imports one.
for _name in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
):
    os.environ[_name] = "1"
