"""A hub: the accounts in a folder, and the three ports that lead to them."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path

from kedge._core import InvalidArgument
from kedge.hub.boards import BoardPort
from kedge.hub.durable import write_durable
from kedge.hub.ledger import Ledger
from kedge.hub.options import HubOptions
from kedge.hub.records import Sketches
from kedge.hub.repository import Repository
from kedge.hub.repository_port import RepositoryPort
from kedge.hub.service import HubService
from kedge.hub.teller import Teller
from kedge.serve.tokens import Tokens

__all__ = ["TOKEN_FILE", "Hub"]

TOKEN_FILE = "operator.token"


class Hub:
    """Answers boards, devices and operators until it is stopped."""

    def __init__(self, options: HubOptions) -> None:
        """Open the accounts and the ports.

        Raises:
            InvalidArgument: a place is taken, or another hub has the folder.
            CorruptData, Unsupported: the accounts are none, or of a later version.
            OSError: the folder or a certificate cannot be read.
        """
        folder = Path(options.folder)
        self._ledger = Ledger(
            folder,
            most_sketches=options.most_sketches,
            most_sketch_bytes=options.most_sketch_bytes,
            keep_scores=options.keep_scores,
        )
        self._lock = _lock(folder)
        self._repository = Repository(
            folder / "repository", Path(options.models) if options.models else None
        )
        tokens = Tokens(token_file(folder), ("operator",))
        sketches, served = (Sketches(self._repository, options.most_sketch_bytes) for _ in range(2))
        try:
            self.boards = BoardPort(options, self._ledger, sketches, Teller())
        except OSError as error:
            raise InvalidArgument(f"cannot listen for boards: {error}") from None
        self.http = RepositoryPort(
            options.http_host,
            options.http_port,
            self._repository.folder,
            lambda: self._repository.held_back(self._ledger.paused()),
        )
        self.grpc = HubService(options, self._ledger, served, self._repository, tokens)

    def start(self) -> None:
        """Answer."""
        for port in (self.boards, self.http, self.grpc):
            port.start()

    def stop(self) -> None:
        """Answer no more; what was acknowledged is kept."""
        for port in (self.grpc, self.http, self.boards):
            port.stop()
        self._ledger.close()
        os.close(self._lock)


def token_file(folder: Path) -> Path:
    """The operators' tokens, made with one of them when there are none."""
    path = folder / TOKEN_FILE
    if not path.exists():
        write_durable(path, f"operator {secrets.token_hex(20)}\n".encode(), mode=0o600)
    return path


def _lock(folder: Path) -> int:
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise InvalidArgument(f"{folder}: another hub is at work here") from None
    return lock
