"""A repository's files in one, plainly: docs/formats.md, "Update package"."""

from __future__ import annotations

import hashlib
import struct

MARK = b"KEDGEUPD"


def varint(value: int) -> bytes:
    """Seven bits a byte, low first."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def sealed(unsealed: bytes) -> bytes:
    """With the digest at the end."""
    return unsealed + hashlib.sha256(unsealed).digest()


def update_package(files: dict[str, bytes]) -> bytes:
    """The package of files by their paths in the repository."""
    names = sorted(files, key=lambda name: name.encode())
    index = b"".join(
        varint(len(name.encode())) + name.encode() + struct.pack("<Q", len(files[name]))
        for name in names
    )
    contents = b"".join(files[name] for name in names)
    size = 32 + len(index) + len(contents) + 32
    header = MARK + struct.pack("<IIQQ", 1, len(names), size, len(index))
    return sealed(header + index + contents)
