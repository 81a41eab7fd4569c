"""`kedge hub`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from kedge._core import InvalidArgument
from kedge.cli.answer import PASS, Answer, to_json, whole
from kedge.cli.stopping import told_to_stop
from kedge.hub.options import HubOptions
from kedge.serve.events import event

__all__: list[str] = []


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    own = parser.add_argument
    own("folder", metavar="DIR", help="keeps the accounts, the repository, the operators' tokens")
    own("--enrol", metavar="NAME", help="make a device known, print its key, and end")
    own("--group", default="", metavar="G", help="of the device that is enrolled")
    own("--keyless", action="store_true", help="it shows no key: anyone may speak for it")
    own("--host", metavar="ADDRESS", help=f"of gRPC and boards ({HubOptions.host})")
    own("--grpc-port", type=whole, metavar="PORT", help=f"{HubOptions.grpc_port}; 0 for a free one")
    own("--board-port", type=whole, metavar="PORT", help=f"boards upload ({HubOptions.board_port})")
    own("--board-unix", metavar="PATH", help="a socket for boards instead")
    own("--http-host", metavar="ADDRESS", help=f"of the repository ({HubOptions.http_host})")
    own("--http-port", type=whole, metavar="PORT", help=f"of it ({HubOptions.http_port})")
    own("--tls-cert", metavar="FILE", help="a chain of certificates for gRPC, PEM")
    own("--tls-key", metavar="FILE", help="its private key")
    own("--models", metavar="DIR", help="further .kedge files that boards run")
    own("--keep-scores", type=whole, metavar="BYTES", help="of each device's newest; 0 counts them")
    own(
        "--insecure-public",
        action="store_true",
        default=None,
        help="let other machines reach --host, which boards' records cross unencrypted",
    )


def run(options: argparse.Namespace) -> Answer:
    """Enrol a device, or answer until told to stop."""
    if options.enrol is not None:
        return _enrol(options)
    if options.group or options.keyless:
        raise InvalidArgument("--group and --keyless are of a device that is enrolled")
    given = vars(options)
    names = HubOptions.__dataclass_fields__
    set_ = {name: given[name] for name in names if given.get(name) is not None}
    chosen = HubOptions(**set_)

    from kedge.hub.extra import need_tuf
    from kedge.hub.server import Hub

    need_tuf("kedge hub")
    with told_to_stop() as told:
        hub = Hub(chosen)
        hub.start()
        _say(hub, chosen, options.json)
        told.wait()
        print(event("stopping"), file=sys.stderr)
        hub.stop()
    return Answer(PASS, to_json({"event": "stopped"}) if options.json else "stopped")


def _enrol(options: argparse.Namespace) -> Answer:
    from kedge.hub.ledger import Ledger

    ledger = Ledger(Path(options.folder))
    try:
        key = ledger.enrol(options.enrol, options.group, keyless=options.keyless)
    finally:
        ledger.close()
    said = {"device": options.enrol, "group": options.group, "key": key}
    return Answer(PASS, to_json(said) if options.json else key or f"{options.enrol}: no key")


def _say(hub: Any, options: HubOptions, is_json: bool) -> None:
    from kedge.hub.server import TOKEN_FILE

    places = {
        "grpc": f"{options.host}:{hub.grpc.port}",
        "boards": hub.boards.place,
        "repository": f"http://{options.http_host}:{hub.http.port}/",
        "token_file": str(Path(options.folder) / TOKEN_FILE),
    }
    if is_json:
        print(to_json({"event": "serving", **places}), flush=True)
        return
    print(f"hub of {options.folder}", *(f"  {k}: {v}" for k, v in places.items()), sep="\n")
    print(end="", flush=True)
