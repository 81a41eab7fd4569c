"""Time on a board with a clock, without one, and with a package that was on its way for long."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tuf.api.metadata import Signed

import kedge
from kedge._core import TrustClient
from tests.trust.repository import DAY, NOW, SECONDS, Repository


def issue(role: Signed, after: timedelta) -> None:
    when = (NOW + after).isoformat().replace("+00:00", "Z")
    role.unrecognized_fields["x-kedge-issued"] = when


def refresh(folder: Path, repository: Repository, now: int | None, grace: int = 0) -> int:
    client = TrustClient(str(folder), repository.files["metadata/1.root.json"])
    client.refresh(repository.fetch, now, grace)
    return client.floor


@pytest.mark.parametrize("role", ["root", "targets"])
def test_offline_keys_raise_the_floor(tmp_path: Path, role: str) -> None:
    repository = Repository()
    issue(getattr(repository, role), 2 * DAY)
    repository.publish("root", "targets")
    assert refresh(tmp_path, repository, None) == SECONDS + 2 * 86400
    repository.timestamp.expires = NOW + DAY
    repository.bump("timestamp")
    reason = (
        "timestamp: version 2 expired at 2030-01-02T00:00:00Z, the time is 2030-01-03T00:00:00Z"
    )
    for now in (None, SECONDS):
        with pytest.raises(kedge.CorruptData, match=reason):
            refresh(tmp_path, repository, now)


def test_online_keys_do_not(tmp_path: Path) -> None:
    """Else who steals one makes all that was signed expire, for good."""
    repository = Repository()
    issue(repository.timestamp, 20 * DAY)
    issue(repository.snapshot, 20 * DAY)
    repository.publish("snapshot", "timestamp")
    assert refresh(tmp_path, repository, None) == 0


def test_the_floor_does_not_fall(tmp_path: Path) -> None:
    repository = Repository()
    issue(repository.targets, 5 * DAY)
    repository.publish("targets")
    assert refresh(tmp_path, repository, None) == SECONDS + 5 * 86400
    issue(repository.targets, 4 * DAY)
    repository.bump("targets", "snapshot", "timestamp")
    assert refresh(tmp_path, repository, None) == SECONDS + 5 * 86400


def test_a_damaged_floor_rises_again(tmp_path: Path) -> None:
    repository = Repository()
    issue(repository.targets, 5 * DAY)
    repository.publish("targets")
    refresh(tmp_path, repository, None)
    (tmp_path / "floor").write_text("12x")
    assert refresh(tmp_path, repository, None) == SECONDS + 5 * 86400


def test_without_a_clock_and_a_floor_nothing_has_expired(tmp_path: Path) -> None:
    repository = Repository()
    repository.timestamp.expires = NOW - 300 * DAY
    repository.publish("timestamp")
    assert refresh(tmp_path, repository, None) == 0


@pytest.mark.parametrize("now", [None, SECONDS])
def test_what_expired_within_the_grace_is_taken(tmp_path: Path, now: int | None) -> None:
    repository = Repository()
    issue(repository.root, timedelta(0))
    repository.publish("root")
    repository.timestamp.expires = NOW - 2 * DAY
    repository.publish("timestamp")
    with pytest.raises(kedge.CorruptData, match="the time is 2029-12-30T00:00:00Z"):
        refresh(tmp_path, repository, now, 2 * 86400)
    refresh(tmp_path, repository, now, 2 * 86400 + 1)
