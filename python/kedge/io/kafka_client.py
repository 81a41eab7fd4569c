"""What Kafka's source and sink share: settings, and errors as kedge's."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import KafkaError, KafkaException

from kedge._core import KedgeError
from kedge.loop.ports import Options
from kedge.loop.snapshots import Fenced

__all__ = ["PATIENCE", "BrokerError", "as_ours", "logger", "settings"]

PATIENCE = 30.0
"""Seconds that a request may take; librdkafka tries again within them."""

logger = logging.getLogger("kedge.kafka")

_FENCED = (KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED)


class BrokerError(KedgeError):
    """A broker refused, or could not be reached in time."""


def settings(options: Options) -> dict[str, object]:
    """`servers`, and all that `config` says in librdkafka's own words."""
    return {"bootstrap.servers": options.text("servers"), **options.table("config")}


@contextmanager
def as_ours(what: str) -> Iterator[None]:
    """Raise BrokerError, or Fenced, for the client's errors."""
    try:
        yield
    except KafkaException as error:
        cause = error.args[0]
        if cause.code() in _FENCED:
            raise Fenced(f"{what}: another process has taken over ({cause.str()})") from error
        raise BrokerError(f"{what}: {cause.str()}") from error
