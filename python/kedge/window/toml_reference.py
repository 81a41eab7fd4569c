"""The reference of `profile_of` in a TOML document: where it is stored, or itself in base64."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedge._core import InvalidArgument, Profile

__all__ = ["read_reference", "reference_items"]

_IN_PLACE = "base64:"


def read_reference(like: str, folder: Path) -> Profile | Path:
    """What `like` is to `profile_of`; a path is seen from the document's folder."""
    if not like.startswith(_IN_PLACE):
        return folder / like
    try:
        return Profile.from_bytes(base64.b64decode(like.removeprefix(_IN_PLACE), validate=True))
    except binascii.Error as error:
        raise InvalidArgument(f"like: {error}") from None


def reference_items(made: Mapping[str, Any], path: str) -> dict[str, str]:
    """`like`, and `name` where the reference's column has another name than ours."""
    items = {"like": path or _IN_PLACE + base64.b64encode(made["reference"]).decode()}
    (name,) = Profile.from_bytes(made["reference"]).columns
    return items if name == made["input"] else {**items, "name": name}
