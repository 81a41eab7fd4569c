"""Who wrote records of Avro: one schema for all, or one for each id that stands before a record.

    [source]
    format = "avro"
    schema = "order.avsc"              # bare records, all of this writer
    registry = "http://registry:8081"  # or: framed ones; a URL, or a folder with 7.avsc and so on

That the writers' fields can be the columns is checked when the run begins, of a registry's URL with
the newest schema of each topic ("orders-value"); an id that comes later and cannot be, or that the
registry does not have, costs the records that bear it. A snapshot has the fingerprints of all
writers, and a run refuses to go on where one of them has another.

A registry that does not answer ends the run: nothing is wrong with the records.
"""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from kedge._core import (
    AvroRecords,
    CorruptData,
    InvalidArgument,
    KedgeError,
    ResourceExhausted,
    Unsupported,
    avro_fingerprint,
    schema_id,
)
from kedge.loop.ports import Options

__all__ = ["AvroWriters", "FolderRegistry", "HttpRegistry", "Registry", "RegistryError"]

_WRONG = (CorruptData, InvalidArgument, ResourceExhausted, Unsupported)
_BARE = -1  # the id of the writer of all records
_MOST_REFUSED = 1000  # ids; a stream of noise has four billion
_PATIENCE = 10.0  # seconds for an answer
_TRIES = 3
_PAUSE = 0.5  # seconds between them


class RegistryError(KedgeError):
    """A schema registry could not be reached, or failed."""


class Registry(Protocol):
    """Schemas by their ids."""

    def find(self, id: int) -> str | None:
        """The schema of an id; None when there is none."""

    def newest(self, topics: Sequence[str]) -> dict[int, str]:
        """Those that the records of topics are likely to have, as far as it knows."""


class FolderRegistry:
    """Files that are called by the ids: "7.avsc"."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, id: int) -> str | None:
        """Looked for each time."""
        path = self._folder / f"{id}.avsc"
        return path.read_text() if path.is_file() else None

    def newest(self, topics: Sequence[str]) -> dict[int, str]:
        """All of them."""
        found = sorted(self._folder.glob("*.avsc"))
        return {int(it.stem): it.read_text() for it in found if it.stem.isdigit()}


class HttpRegistry:
    """A schema registry by its REST interface; "http://user:password@host" signs in."""

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        signed, _, host = parts.netloc.rpartition("@")
        self._url = parts._replace(netloc=host).geturl().rstrip("/")
        self._headers = {"Accept": "application/vnd.schemaregistry.v1+json, application/json"}
        if signed:
            held = base64.b64encode(urllib.parse.unquote(signed).encode()).decode()
            self._headers["Authorization"] = f"Basic {held}"

    def find(self, id: int) -> str | None:
        """Raises Unsupported for a schema that is not of Avro, or refers to others."""
        found = self._ask(f"/schemas/ids/{id}")
        return None if found is None else _schema_in(found)

    def newest(self, topics: Sequence[str]) -> dict[int, str]:
        """The latest version of each topic's subject, where it has one."""
        subjects = [f"{urllib.parse.quote(topic, safe='')}-value" for topic in topics]
        answers = [self._ask(f"/subjects/{it}/versions/latest") for it in subjects]
        return {int(it["id"]): _schema_in(it) for it in answers if it is not None}

    def _ask(self, path: str) -> dict[str, Any] | None:
        request = urllib.request.Request(self._url + path, headers=self._headers)
        for left in reversed(range(_TRIES)):
            try:
                with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
                    return dict(json.load(answer))
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    return None
                if left == 0 or error.code < 500:
                    raise RegistryError(f"{self._url}{path}: {error}") from None
            except (OSError, ValueError) as error:
                if left == 0:
                    raise RegistryError(f"{self._url}{path}: {error}") from None
            time.sleep(_PAUSE)
        raise AssertionError


def _schema_in(answer: Mapping[str, Any]) -> str:
    kind = answer.get("schemaType", "AVRO")
    if kind != "AVRO":
        raise Unsupported(f"the registry has a schema of {kind}, expected AVRO")
    if answer.get("references"):
        raise Unsupported("the registry's schema refers to others")
    return str(answer["schema"])


class AvroWriters:
    """See the module's text.

    Args:
        bare: the schema of all records; None: they are framed.
        registry: of those that are framed.
        topics: whose newest schemas are checked at once.
    """

    def __init__(
        self, bare: str | None, registry: Registry | None = None, topics: Sequence[str] = ()
    ) -> None:
        self._registry = registry
        self._schemas: dict[int, str] = {} if bare is None else {_BARE: bare}
        if registry is not None:
            self._schemas |= registry.newest(topics)
        self._refused: dict[int, str] = {}

    @classmethod
    def of(cls, options: Options, topics: Sequence[str]) -> AvroWriters:
        """As `[source]` describes them."""
        schema, registry = options.text("schema", ""), options.text("registry", "")
        if bool(schema) == bool(registry):
            raise options.error("schema", "expected either schema or registry")
        if registry.startswith(("http://", "https://")):
            return cls(None, HttpRegistry(registry), topics)
        path = Path(options.path("registry" if registry else "schema"))
        if registry and not path.is_dir():
            raise options.error("registry", "expected http://, https:// or a folder")
        try:
            return cls(None, FolderRegistry(path)) if registry else cls(path.read_text())
        except OSError as error:
            raise options.error("schema", str(error)) from None

    @property
    def fingerprints(self) -> dict[str, str]:
        """Of all writers so far, by their ids."""
        return {str(id): f"{avro_fingerprint(it):016x}" for id, it in self._schemas.items()}

    def check(self, fingerprints: Mapping[str, str]) -> None:
        """Raises InvalidArgument where a writer is not what it was."""
        for id in map(int, fingerprints):
            if id not in self._schemas:
                self._look_for(id)
        own = self.fingerprints
        for name, wanted in fingerprints.items():
            if own.get(name, wanted) != wanted:
                which = "schema" if int(name) == _BARE else f"schema {name}"
                raise InvalidArgument(
                    f"{which}: its fingerprint is {own[name]}, that of the snapshot {wanted}: "
                    "another writer wants another state"
                )

    def records(self, columns: pa.Schema) -> AvroRecords:
        """A decoder; raises InvalidArgument where a writer's fields cannot be the columns."""
        if _BARE in self._schemas:
            return AvroRecords(columns, self._schemas[_BARE])
        made = AvroRecords(columns, {})
        for id, schema in self._schemas.items():
            try:
                made.add_writer(id, schema)
            except InvalidArgument as error:
                raise InvalidArgument(f"schema {id}: {error}") from None
        return made

    def meet(self, records: AvroRecords, refused: Sequence[bytes]) -> bool:
        """Look for the writers of records that a decoder refused; whether it knows more then."""
        found = False
        ids = {schema_id(it) for it in refused}
        for id in sorted(id for id in ids if id is not None):
            if id in self._schemas or not self._look_for(id):
                continue
            try:
                records.add_writer(id, self._schemas[id])
                found = True
            except _WRONG as error:
                del self._schemas[id]
                self._refused[id] = f"schema {id}: {error}"
        return found

    def reason(self, record: bytes) -> str | None:
        """Why its writer cannot be read; None when that is not what is wrong with it."""
        id = schema_id(record)
        return None if id is None else self._refused.get(id)

    def _look_for(self, id: int) -> bool:
        if self._registry is None or id in self._refused or len(self._refused) >= _MOST_REFUSED:
            return False
        try:
            schema = self._registry.find(id)
        except _WRONG as error:
            self._refused[id] = f"schema {id}: {error}"
            return False
        if schema is None:
            self._refused[id] = f"schema {id} is not in the registry"
            return False
        self._schemas[id] = schema
        return True
