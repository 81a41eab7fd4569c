"""Who is let in over TLS; the certificates are for these tests, and their authority is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kedge
from kedge.serve import Options
from tests.serve.test_service import X

FOLDER = Path(__file__).parent / "certificates"
CA = str(FOLDER / "ca.pem")
CERT, KEY = str(FOLDER / "server.pem"), str(FOLDER / "server.key")
OURS = {"cert": str(FOLDER / "client.pem"), "key": str(FOLDER / "client.key")}


def is_let_in(server: Any, **shown: str) -> bool:
    with kedge.Client(f"127.0.0.1:{server.port}", timeout=2 if shown else 0.3, **shown) as client:
        try:
            return len(client.predict("m", X)) == 3
        except (ConnectionError, TimeoutError):
            return False


def test_tls_is_for_those_who_speak_it(serve: Any) -> None:
    server = serve(tls_cert=CERT, tls_key=KEY)
    assert is_let_in(server, ca=CA)
    assert not is_let_in(server)


def test_mutual_tls_is_for_those_with_a_certificate(serve: Any) -> None:
    server = serve(tls_cert=CERT, tls_key=KEY, client_ca=CA)
    assert is_let_in(server, ca=CA, **OURS)
    assert not is_let_in(server, ca=CA)


def test_parts_of_a_proof_are_refused() -> None:
    for part in ({"tls_cert": "c"}, {"tls_key": "k"}, {"client_ca": "a"}):
        with pytest.raises(kedge.InvalidArgument):
            Options("m", **part)
    for shown in ({"cert": "c"}, {"key": "k", "ca": CA}, OURS):
        with pytest.raises(kedge.InvalidArgument, match="go together"):
            kedge.Client("127.0.0.1:1", **shown)
