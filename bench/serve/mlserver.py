"""MLServer with its LightGBM runtime, in a process of its own: bench.environments "serve"."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc

from bench.peers import MissingPeer

__all__ = ["VERSION", "mlserver"]

VERSION = "1.7.1"
_READY = "/inference.GRPCInferenceService/ServerReady"
_PATIENCE_S = 120


@contextmanager
def mlserver(peers_dir: Path | None, booster: Path) -> Iterator[str]:
    """Its address, serving the model as "m": of its environment, or the one on the PATH.

    It runs without its worker processes, with which a call takes longer.

    Raises:
        MissingPeer: it has no environment, or does not come up.
    """
    program = _program(peers_dir)
    folder = booster.parent / "mlserver"
    folder.mkdir(exist_ok=True)
    http, port, metrics = _free_ports(3)
    _write(
        folder / "settings.json",
        {
            "debug": False,
            "host": "127.0.0.1",
            "http_port": http,
            "grpc_port": port,
            "metrics_port": metrics,
            "parallel_workers": 0,
        },
    )
    _write(
        folder / "model-settings.json",
        {
            "name": "m",
            "implementation": "mlserver_lightgbm.LightGBMModel",
            "parameters": {"uri": str(booster), "version": "1"},
        },
    )
    command = [str(program), "start", str(folder)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    ) as process:
        try:
            _await(process, f"127.0.0.1:{port}")
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


def _program(peers_dir: Path | None) -> Path:
    if peers_dir is not None:
        program = peers_dir / "mlserver" / "bin" / "mlserver"
        if program.exists():
            return program.absolute()
    found = shutil.which("mlserver")
    if found is None:
        raise MissingPeer(
            "MLServer sits out: not installed (python -m bench.environments DIR serve)"
        )
    return Path(found)


def _write(path: Path, values: object) -> None:
    path.write_text(json.dumps(values))


def _free_ports(many: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(many)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _await(process: subprocess.Popen[bytes], target: str) -> None:
    end = time.monotonic() + _PATIENCE_S
    with grpc.insecure_channel(target) as channel:
        while time.monotonic() < end and process.poll() is None:
            try:
                if channel.unary_unary(_READY)(b"", timeout=1) == b"\x08\x01":
                    return
            except grpc.RpcError:
                pass
            time.sleep(0.1)
    raise MissingPeer(f"mlserver: not ready, exit code {process.poll()}")
