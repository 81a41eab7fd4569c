"""Hubs within the test's process, and fleets of simulated devices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import kedge
from kedge.hub import HubClient
from kedge.hub.options import HubOptions
from kedge.hub.server import Hub

MODEL = bytes(range(32))


@contextmanager
def running(folder: Path, **options: Any) -> Iterator[tuple[Hub, HubClient]]:
    """A hub and an operator's client."""
    ports = dict.fromkeys(("grpc_port", "board_port", "http_port"), 0)
    hub = Hub(HubOptions(str(folder), **{**ports, **options}))
    hub.start()
    try:
        with operator(folder, hub) as client:
            yield hub, client
    finally:
        hub.stop()


def operator(folder: Path, hub: Hub) -> HubClient:
    """With the token that the hub made."""
    token = (folder / "operator.token").read_text().split()[1]
    return HubClient(f"127.0.0.1:{hub.grpc.port}", token=token)


def reference(columns: int = 3, cells: int = 32, seed: int = 0) -> kedge.Profile:
    """Of normal columns."""
    random = np.random.default_rng(seed)
    return kedge.profile({f"f{i}": random.normal(size=2000) for i in range(columns)}, cells=cells)


def rows(count: int, seed: int, columns: int = 3, shift: float = 0.0) -> dict[str, Any]:
    """Normal ones."""
    random = np.random.default_rng(seed)
    return {f"f{i}": random.normal(shift, size=count) for i in range(columns)}
