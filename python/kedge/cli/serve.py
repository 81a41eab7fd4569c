"""`kedge serve`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from kedge._core import InvalidArgument
from kedge.cli.answer import PASS, Answer, to_json, whole
from kedge.cli.stopping import told_to_stop
from kedge.drift.words import printable
from kedge.serve.events import event
from kedge.serve.native import arguments, chosen_program
from kedge.serve.options import Options, read_config
from kedge.serve.traces import Exporting

__all__: list[str] = []

_TRANSPORT = "grpcio"


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes; what is not given is the configuration's."""
    own = parser.add_argument
    own("models", nargs="?", metavar="DIR", help="holds name/version.kedge")
    own("--config", type=Path, metavar="FILE.toml", help="sets what the options below do not")
    own("--host", metavar="ADDRESS", help=f"to listen at ({Options.host})")
    own("--port", type=whole, help=f"of TCP ({Options.port}), 0 for a free one")
    own("--unix", metavar="PATH", help="a socket to listen at instead, for its owner alone")
    own("--tls-cert", metavar="FILE", help="a chain of certificates, PEM")
    own("--tls-key", metavar="FILE", help="its private key")
    own("--client-ca", metavar="FILE", help="whose certificates callers must show")
    own("--token-file", metavar="FILE", help="lines of SCOPE TOKEN: infer, feedback, admin")
    own("--most-bytes", type=whole, metavar="N", help=f"of a message ({Options.most_bytes})")
    own("--threads", type=whole, metavar="N", help="that answer")
    own("--state", metavar="DIR", help="keeps labels, and what trials of candidates came to")
    own("--transport", metavar="NAME", help="grpc++, grpcio, or auto: the first if it was built")
    own("--metrics-port", type=whole, metavar="PORT", help="of HTTP, for Prometheus; 0 a free one")
    own(
        "--insecure-public",
        action="store_true",
        default=None,
        help="let other machines in without encryption, or without knowing who they are",
    )


def run(options: argparse.Namespace) -> Answer:
    """Serve until told to stop, then let calls that have begun come to their end."""
    set_ = read_config(options.config) if options.config is not None else {}
    given = vars(options)
    names = Options.__dataclass_fields__
    set_ |= {name: given[name] for name in names if given.get(name) is not None}
    if "models" not in set_:
        raise InvalidArgument("which models? Name a folder, or set models in the configuration")
    chosen = Options(**set_)
    program = chosen_program(chosen)
    if program is not None:
        json = ["--json"] if options.json else []
        traced = Exporting(chosen.traces) if chosen.traces.endpoint else None
        os.execv(program, [str(program), *arguments(chosen, traced), *json])

    # What gRPC says on its own account is said by the errors below.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from kedge.serve.server import Server  # grpcio takes a tenth of a second to load

    with told_to_stop() as told:
        server = Server(chosen)
        _say(server, chosen, options.json)
        told.wait()
        print(event("stopping"), file=sys.stderr)
        server.stop()
    return Answer(PASS, to_json({"event": "stopped"}) if options.json else "stopped")


def _say(server: Any, options: Options, is_json: bool) -> None:
    where = options.target if options.unix else f"{options.target.rpartition(':')[0]}:{server.port}"
    served = server.served()
    port = server.metrics_port
    scraped = f"127.0.0.1:{port}" if port is not None else None
    if is_json:
        models = [one._asdict() for one in served]
        place = {"target": where, "transport": _TRANSPORT, "metrics": scraped}
        print(to_json({"event": "serving", **place, "models": models}), flush=True)
        return
    tls = "mutual TLS" if options.client_ca else "TLS" if options.tls_cert else "no TLS"
    tokens = "tokens" if options.token_file else "no tokens"
    print(f"serving {options.models} at {where} by {_TRANSPORT}, {tls}, {tokens}")
    if scraped is not None:
        print(f"  metrics at http://{scraped}/metrics")
    for one in served:
        reason = f": {printable(one.reason, 200)}" if one.reason else ""
        print(f"  {printable(one.name)} {printable(one.version)} {one.state}{reason}")
    print("" if served else "  no model yet: the folder is watched\n", end="", flush=True)
