"""What the fuzzers of updates begin with: `python -m tests.trust.fuzz_seeds` makes them."""

from __future__ import annotations

from pathlib import Path

from tuf.api.metadata import DelegatedRole, Delegations, Targets

from tests.golden.updates import updates
from tests.trust.repository import NOW, Repository, signer

FOLDER = Path(__file__).parents[1] / "fuzz" / "corpus"
ANSWERS = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nServer: x\r\n\r\n",
    "none": b"HTTP/1.0 404\r\n\r\n",
    "coded": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n",
}


def metadata() -> dict[str, bytes]:
    """One of each role, with a delegation by each of its ways."""
    repository = Repository(with_hashes=True)
    repository.add("a/churn.kedge", b"a model", {"kedge": {"version": 7}})
    roles = {
        "line": DelegatedRole("line", [], 1, False, ["a/*", "b-?"]),
        "bins": DelegatedRole("bins", [], 1, True, None, ["0a", "ff"]),
    }
    repository.targets.delegations = Delegations({}, roles)
    for number, name in enumerate(roles):
        repository.targets.add_key(signer(60 + number).public_key, name)
    repository.signers["line"] = [signer(60)]
    repository.write("line", Targets(expires=NOW))
    repository.publish("targets", "snapshot", "timestamp")
    names = ("1.root", "timestamp", "1.snapshot", "1.targets", "1.line")
    return {name: repository.files[f"metadata/{name}.json"] for name in names}


def main() -> None:
    """Write all of them."""
    packages = {name: content for name, (content, _) in updates().items() if "update" in name}
    for target, seeds in (
        ("metadata", metadata()),
        ("update_package", packages),
        ("http_answer", ANSWERS),
    ):
        (FOLDER / target).mkdir(parents=True, exist_ok=True)
        for name, content in seeds.items():
            (FOLDER / target / name).write_bytes(content)


if __name__ == "__main__":
    main()
