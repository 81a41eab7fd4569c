"""A server in a process of its own: it says its port, and ends when its standard input does."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from kedge.serve import Options
from kedge.serve.server import Server

__all__: list[str] = []

_THREADS = 8


class Echo:
    """What grpcio alone takes for a call: the request's own bytes are the answer."""

    def service(self, details: Any) -> Any:
        """Who answers a call; grpcio asks."""
        return grpc.unary_unary_rpc_method_handler(lambda request, context: request)


def _echo(folder: str) -> tuple[int, Callable[[], object]]:
    server = grpc.server(ThreadPoolExecutor(_THREADS), handlers=[Echo()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return port, lambda: server.stop(0).wait()


def _kedge(folder: str) -> tuple[int, Callable[[], object]]:
    server = Server(Options(folder, port=0, threads=_THREADS))
    return server.port, lambda: server.stop(0)


def _main(engine: str, folder: str) -> None:
    port, stop = {"grpcio echo": _echo, "kedge": _kedge}[engine](folder)
    print(json.dumps({"port": port}), flush=True)
    sys.stdin.read()
    stop()


if __name__ == "__main__":
    _main(*sys.argv[1:])
