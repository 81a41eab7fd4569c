"""Nets in int8 or int16: which can, and what it costs them."""

from __future__ import annotations

import json

import numpy as np

from kedge._core import ForeignNet, Forest, InvalidArgument, Net, Profile, Unsupported

__all__ = ["check_options", "quantized"]

_MOST_ROWS = 4096


def check_options(model: Forest | Net | ForeignNet, quantize: str, reference: object) -> None:
    """Refuse what cannot be quantised, before any work."""
    if quantize not in ("int8", "int16"):
        raise InvalidArgument(f'quantize = "{quantize}": expected int8 or int16')
    if not isinstance(model, Net):
        raise Unsupported(f'quantize = "{quantize}": a net is wanted; trees compare codes already')
    if reference is None or isinstance(reference, Profile):
        raise InvalidArgument(
            f'quantize = "{quantize}" wants reference=, '
            "rows of data from which the scales are taken"
        )


def quantized(
    net: Forest | Net | ForeignNet,
    rows: np.ndarray,
    quantize: str,
    calibrate: str,
    max_error: float | None,
) -> tuple[Net, str]:
    """The net in whole numbers, and a report as JSON; scales are from evenly spaced rows."""
    assert isinstance(net, Net)
    rows = np.ascontiguousarray(rows[:: -(-len(rows) // _MOST_ROWS)] if len(rows) else rows)
    made, errors = net.quantized(rows, calibrate, quantize)
    largest = errors[-1].largest
    if max_error is not None and not largest <= max_error:
        raise InvalidArgument(
            f"quantize: raw scores in {quantize} are up to {largest:.6g} from those in floats, "
            f"max_error is {max_error:.6g}"
        )
    steps = [
        {"step": e.step, "largest": e.largest, "mean": e.mean, "range": e.range} for e in errors
    ]
    report = {"kind": quantize, "calibrate": calibrate, "rows": len(rows), "errors": steps}
    return made, json.dumps(report)
