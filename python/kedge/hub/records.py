"""What is in a device's records: nothing is believed of their bytes that was not looked at."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any, Protocol

from kedge._core import InvalidArgument, Profile, ProfileShape
from kedge.hub.schema import Sketch, State

__all__ = ["SKETCH_START", "Sketches", "check_cells", "state_from", "state_of"]

SKETCH_START = 40  # behind epoch and model
_MOST_EPOCH = (1 << 63) - 1
_MOST_SLOTS = 1 << 22
_MOST_COLUMNS = 4096
_MOST_ROWS = 1 << 40  # of one sketch: a fleet's sum has 2^53 at most
_MOST_SHAPES = 8  # of one model that are remembered
_MOST_MODELS = 64
_MOST_STATE = 8192  # bytes
_MOST_TEXT = 512
_STATES = ("running", "trying", "reverted", "refused")
_NUMBERS = ("version", "slot", "candidate_version")
_TEXTS = ("model", "digest", "state", "reason", "candidate_digest")


class References(Protocol):
    """Where the references of models are."""

    def reference(self, model: bytes) -> Profile | None:
        """That of the model with this SHA-256; None when it is not here."""


class Sketches:
    """Looks at sketches; what was seen before is known by its shape, which is fast."""

    def __init__(self, references: References, most_bytes: int) -> None:
        self._references = references
        self._most_bytes = most_bytes
        self._shapes: OrderedDict[bytes, list[ProfileShape]] = OrderedDict()

    def read(self, sequence: int, record: bytes, start: int = SKETCH_START) -> Sketch:
        """A record of kind sketch: epoch, model, and a stored profile from `start` on.

        Raises:
            InvalidArgument: its numbers are none or absurd, or its cells are not those of the
                model's reference.
            CorruptData: the profile is none.
        """
        epoch = int.from_bytes(record[:8], "little")
        model = record[8:SKETCH_START]
        if len(record) <= start or epoch > _MOST_EPOCH:
            raise InvalidArgument(f"a sketch of {len(record)} bytes, epoch {epoch}")
        known = self._shapes.get(model, [])
        for i, shape in enumerate(known):
            rows = shape.rows_of(record, start)
            if rows is not None:
                if i > 0:  # what is sent most stands first, whatever comes in between
                    known.insert(0, known.pop(i))
                break
        else:
            shape = self._learn(model, record[start:])
            rows = shape.rows_of(record, start)
        if rows is None:
            raise InvalidArgument("a sketch that is not as this version writes them")
        if rows > _MOST_ROWS:
            raise InvalidArgument(f"a sketch of {rows} rows, at most {_MOST_ROWS}")
        return Sketch(model, epoch, sequence, rows, shape.digest, memoryview(record)[start:])

    def _learn(self, model: bytes, stored: bytes) -> ProfileShape:
        if len(stored) > self._most_bytes:
            raise InvalidArgument(
                f"a sketch of {len(stored)} bytes, at most {self._most_bytes} are kept"
            )
        profile = Profile.from_bytes(stored)
        if len(profile.columns) > _MOST_COLUMNS:
            raise InvalidArgument(f"a sketch of {len(profile.columns)} columns")
        reference = self._references.reference(model)
        if reference is not None:
            check_cells(profile, reference)
        shape = ProfileShape(profile)
        if shape.slots > _MOST_SLOTS:
            raise InvalidArgument(f"a sketch of {shape.slots} cells, at most {_MOST_SLOTS}")
        known = self._shapes.setdefault(model, [])
        known.insert(0, shape)
        del known[_MOST_SHAPES:]
        self._shapes.move_to_end(model)
        if len(self._shapes) > _MOST_MODELS:
            self._shapes.popitem(last=False)
        return shape


def check_cells(profile: Profile, reference: Profile) -> None:
    """Refuse a sketch whose columns are counted in other cells than the reference's.

    Raises:
        InvalidArgument: it names the column.
    """
    live, wanted = profile.like(), reference.like()
    shared = [name for name in live.columns if name in set(wanted.columns)]
    if not shared:
        raise InvalidArgument("the sketch has no column of its model's reference")
    for name in shared:
        if live.select([name]).to_bytes() != wanted.select([name]).to_bytes():
            raise InvalidArgument(f'column "{name}" has other cells than the model\'s reference')


def state_of(record: bytes) -> State:
    """A record of kind state.

    Raises:
        InvalidArgument: it is none.
    """
    if len(record) > _MOST_STATE:
        raise InvalidArgument(f"a state of {len(record)} bytes, at most {_MOST_STATE}")
    try:
        said: Any = json.loads(record)
    except (ValueError, RecursionError):
        raise InvalidArgument("a state that is no JSON") from None
    if not isinstance(said, dict):
        raise InvalidArgument("a state that is no JSON object")
    return state_from(said)


def state_from(said: dict[str, Any]) -> State:
    """The same of what was in it; what it lacks is empty.

    Raises:
        InvalidArgument: a member is of another kind, too long or too large.
    """
    values: dict[str, Any] = {}
    for name in _NUMBERS:
        value = said.get(name, 0)
        value = 0 if value is None else value
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:
            raise InvalidArgument(f"a state whose {name} is no number")
        values[name] = value
    for name in _TEXTS:
        text = said.get(name, "")
        text = "" if text is None else text
        if not isinstance(text, str) or len(text) > _MOST_TEXT:
            raise InvalidArgument(f"a state whose {name} is no text of up to {_MOST_TEXT}")
        values[name] = text.encode(errors="replace").decode()
    if values["state"] not in _STATES:
        raise InvalidArgument(f"a state that is none of {', '.join(_STATES)}")
    return State(**values)
