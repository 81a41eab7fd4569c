"""An HTTP port that Prometheus scrapes: the core's text, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from kedge._core import InvalidArgument, scrape_type

__all__ = ["ScrapePort"]

_PATIENCE_S = 5.0  # for one who connects and says nothing


class ScrapePort:
    """GET /metrics on the loopback address: what a scrape tells is not for everyone."""

    def __init__(self, port: int, metrics: Callable[[str], str]) -> None:
        """Listen; port 0 takes a free one. Metrics are asked for with what the caller accepts.

        Raises:
            InvalidArgument: the port is taken.
        """

        self._metrics = metrics
        self._is_over = False
        self._lock = threading.Lock()
        text_for = self._text

        class Handler(BaseHTTPRequestHandler):
            timeout = _PATIENCE_S

            def do_GET(self) -> None:
                if self.path.partition("?")[0] != "/metrics":
                    self.send_error(404, "only /metrics is here")
                    return
                accept = self.headers.get("Accept", "")
                text = text_for(accept)
                if text is None:
                    self.send_error(503, "the server stops")
                    return
                body = text.encode()
                self.send_response(200)
                self.send_header("Content-Type", scrape_type(accept))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass  # a scrape every few seconds is no news

        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        except OSError as error:
            raise InvalidArgument(
                f"cannot listen at 127.0.0.1:{port} for metrics: {error}"
            ) from None
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="kedge-scrape", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Listen no more, and ask for metrics no more: of who still is connected, nobody waits."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with self._lock:
            self._is_over = True

    def _text(self, accept: str) -> str | None:
        with self._lock:
            return None if self._is_over else self._metrics(accept)
