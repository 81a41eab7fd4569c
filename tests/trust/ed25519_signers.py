"""A plugin for the public tuf-conformance suite, which signs by ECDSA unless told otherwise.

PYTHONPATH=tests/trust pytest -p ed25519_signers tuf_conformance --entrypoint .../tuf_client
"""

from __future__ import annotations

from tuf_conformance._internal.repository_simulator import RepositorySimulator

RepositorySimulator.new_signer.__defaults__ = ("ed25519", "ed25519")
