"""The repository over plain HTTP/1.1: GET of known paths, with ranges, and nothing else.

TUF needs no secrecy: boards check what they get. So this port knows no devices.
"""

from __future__ import annotations

import os
import re
import stat
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from kedge._core import InvalidArgument
from kedge.hub.repository import FILE

__all__ = ["RepositoryPort", "range_of"]

_PATIENCE_S = 10.0  # for one who says nothing, or takes nothing
_MOST_CALLERS = 64
_PIECE = 64 << 10
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def range_of(header: str, size: int) -> tuple[int, int] | None:
    """First byte and end of a Range header's only range; None for one that cannot be had.

    >>> range_of("bytes=2-3", 10), range_of("bytes=7-", 10), range_of("bytes=-4", 10)
    ((2, 4), (7, 10), (6, 10))
    >>> range_of("bytes=10-", 10), range_of("bytes=0-1,3-4", 10)
    (None, None)
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        first, end = max(size - int(found[2]), 0), size
    else:
        first, end = int(found[1]), min(int(found[2]) + 1 if found[2] else size, size)
    return (first, end) if first < end else None


class RepositoryPort:
    """Serves a folder until it is stopped."""

    def __init__(
        self, host: str, port: int, folder: Path, is_held_back: Callable[[], Callable[[str], bool]]
    ) -> None:
        """Listen; `is_held_back` gives what says whether a path is not served for now.

        Raises:
            InvalidArgument: the place is taken.
        """
        callers = threading.BoundedSemaphore(_MOST_CALLERS)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            server_version = "kedge"
            sys_version = ""
            timeout = _PATIENCE_S

            def do_GET(self) -> None:
                self._answer(with_body=True)

            def do_HEAD(self) -> None:
                self._answer(with_body=False)

            def _answer(self, *, with_body: bool) -> None:
                path = self.path.removeprefix("/")
                if not FILE.fullmatch(path):
                    self.send_error(404)
                elif is_held_back()(path):
                    self.send_error(503, "paused")
                else:
                    self._send(path, with_body=with_body)

            def _send(self, path: str, *, with_body: bool) -> None:
                try:
                    file = os.open(folder / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                except OSError:
                    self.send_error(404)
                    return
                try:
                    about = os.fstat(file)
                    if not stat.S_ISREG(about.st_mode):
                        self.send_error(404)
                        return
                    self._send_part(file, about.st_size, with_body=with_body)
                finally:
                    os.close(file)

            def _send_part(self, file: int, size: int, *, with_body: bool) -> None:
                asked = self.headers.get("Range")
                part = range_of(asked, size) if asked else (0, size)
                if part is None:
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{size}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                first, end = part
                self.send_response(206 if asked else 200)
                self.send_header("Content-Type", "application/octet-stream")
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(end - first))
                if asked:
                    self.send_header("Content-Range", f"bytes {first}-{end - 1}/{size}")
                self.end_headers()
                while with_body and first < end:
                    piece = os.pread(file, min(_PIECE, end - first), first)
                    if not piece:  # it became shorter: the caller must not take the next answer
                        self.close_connection = True
                        return
                    self.wfile.write(piece)
                    first += len(piece)

            def log_message(self, format: str, *args: object) -> None:
                pass  # anybody may ask for anything

        class Port(ThreadingHTTPServer):
            daemon_threads = True

            def process_request(self, request: object, client_address: object) -> None:
                if callers.acquire(blocking=False):
                    super().process_request(request, client_address)  # type: ignore[arg-type]
                else:
                    self.shutdown_request(request)  # type: ignore[arg-type]

            def process_request_thread(self, request: object, client_address: object) -> None:
                process = super().process_request_thread
                try:
                    process(request, client_address)  # type: ignore[arg-type]
                finally:
                    callers.release()

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # they went away

        try:
            self._server = Port((host, port), Handler)
        except OSError as error:
            raise InvalidArgument(f"cannot listen at {host}:{port} for HTTP: {error}") from None
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="kedge-repository", daemon=True
        )

    def start(self) -> None:
        """Answer."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
