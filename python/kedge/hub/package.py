"""A repository's files in one, for a stick that is carried to a board: docs/formats.md, "Update
package".
"""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

from kedge._core import InvalidArgument
from kedge.hub.repository import FILE
from kedge.serve.wire import varint

__all__ = ["files_of", "package"]

_MARK = b"KEDGEUPD"
_VERSION = 1
_HEADER = struct.Struct("<8sIIQQ")  # mark, version, files, bytes of all, bytes of the index


def files_of(repository: Path, targets: list[str] | None = None) -> dict[str, Path]:
    """What a board asks for, by path: all roots, the current metadata, the targets (or some).

    Raises:
        InvalidArgument: there is no repository, or it has no such target.
    """
    metadata = repository / "metadata"
    try:
        number = _meta(metadata / "timestamp.json", "snapshot.json")
        names = ["timestamp.json", f"{number}.snapshot.json"]
        number = _meta(metadata / names[1], "targets.json")
        names.append(f"{number}.targets.json")
        signed = json.loads((metadata / names[2]).read_bytes())["signed"]["targets"]
    except (KeyError, OSError, ValueError) as error:
        raise InvalidArgument(f"{repository}: no repository: {error!r}") from None
    names += [path.name for path in metadata.glob("*.root.json")]
    found = {f"metadata/{name}": metadata / name for name in names}
    for name in signed if targets is None else targets:
        if name not in signed:
            raise InvalidArgument(f"{repository} has no target {name!r}")
        path = f"targets/{signed[name]['hashes']['sha256']}.{name}"
        found[path] = repository / path
    for path in found:
        if not FILE.fullmatch(path):
            raise InvalidArgument(f"{path!r} is no path that a hub serves")
    return dict(sorted(found.items()))


def package(files: dict[str, Path]) -> bytes:
    """The bytes of a package of these files."""
    contents = {path: files[path].read_bytes() for path in sorted(files, key=str.encode)}
    index = b"".join(
        varint(len(path.encode())) + path.encode() + struct.pack("<Q", len(data))
        for path, data in contents.items()
    )
    body = index + b"".join(contents.values())
    size = _HEADER.size + len(body) + hashlib.sha256().digest_size
    out = _HEADER.pack(_MARK, _VERSION, len(contents), size, len(index)) + body
    return out + hashlib.sha256(out).digest()


def _meta(path: Path, name: str) -> int:
    return int(json.loads(path.read_bytes())["signed"]["meta"][name]["version"])
