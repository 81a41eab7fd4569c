"""Two states of an update repository: a root that a board is shipped with, and two packages.

In the first one a thief has signed a snapshot of a high version, which the second one takes back.
"""

from __future__ import annotations

import hashlib

from tests.reference.update_package import update_package
from tests.trust.repository import Repository

__all__ = ["updates"]


def updates() -> dict[str, tuple[bytes, dict[str, str]]]:
    """Each file and the SHA-256 of what is in it, by paths in the repository."""
    repository = Repository(with_hashes=True)
    shipped = repository.files.pop("metadata/1.root.json")
    custom = {"kedge": {"groups": ["line-a"], "model": "churn", "percent": 25, "version": 7}}
    repository.add("churn.kedge", b"a model", custom)
    repository.targets.unrecognized_fields["x-kedge-issued"] = "2030-01-01T00:00:00Z"
    repository.snapshot.version = 999
    del repository.files["metadata/1.snapshot.json"]  # no package has what nobody reads
    repository.publish("targets", "snapshot", "timestamp")
    first = dict(repository.files)
    repository.files.clear()
    repository.root.version = 2
    repository.rotate("snapshot", 22)
    repository.publish("root")
    repository.snapshot.version = 1
    repository.add("churn.kedge", b"another", {"kedge": {**custom["kedge"], "version": 8}})
    repository.targets.unrecognized_fields["x-kedge-issued"] = "2030-01-02T00:00:00Z"
    repository.bump("targets", "snapshot", "timestamp")
    packages = {"first": first, "second": repository.files}
    files = {"shipped.root": (shipped, {"shipped": hashlib.sha256(shipped).hexdigest()})}
    for name, content in packages.items():
        sums = {path: hashlib.sha256(data).hexdigest() for path, data in content.items()}
        files[f"{name}.update"] = update_package(content), sums
    return files
