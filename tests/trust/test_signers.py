"""Who may sign what: thresholds, roots one by one, and keys that are taken back."""

from __future__ import annotations

import pytest
from securesystemslib.signer import CryptoSigner, SSlibKey

from tests.trust.board import Board
from tests.trust.repository import DAY, NOW, Repository, signer


def threshold_of_two(repository: Repository) -> list[CryptoSigner]:
    repository.rotate("snapshot", 11, 12, 13)
    repository.root.roles["snapshot"].threshold = 2
    repository.root.version += 1
    repository.publish("root")
    return repository.signers["snapshot"]


@pytest.mark.parametrize(("keys", "counted"), [([11], 1), ([11, 99], 1), ([99, 98], 0)])
def test_threshold(board: Board, repository: Repository, keys: list[int], counted: int) -> None:
    threshold_of_two(repository)
    repository.signers["snapshot"] = [signer(key) for key in keys]
    repository.bump("snapshot", "timestamp")
    board.refused(f"snapshot: signed by {counted} of its keys, 2 must sign")
    repository.signers["snapshot"] = [signer(12), signer(99), signer(13)]
    repository.publish("snapshot", "timestamp")
    board.refresh()


def test_one_key_with_two_names_counts_once(board: Board, repository: Repository) -> None:
    key = threshold_of_two(repository)[0].public_key
    twin = SSlibKey("twin", key.keytype, key.scheme, dict(key.keyval))
    repository.root.add_key(twin, "snapshot")
    repository.root.version += 1
    repository.publish("root")
    repository.signers["snapshot"] = [signer(11), CryptoSigner(signer(11)._private_key, twin)]
    repository.bump("snapshot", "timestamp")
    board.refused("snapshot: signed by 1 of its keys, 2 must sign")
    repository.signers["snapshot"] = [CryptoSigner(signer(11)._private_key, twin), signer(12)]
    repository.publish("snapshot", "timestamp")
    board.refresh()


def test_second_signatures_are_refused(board: Board, repository: Repository) -> None:
    path = "metadata/timestamp.json"
    repository.spoil(path, lambda md: md["signatures"].append(md["signatures"][0]))
    board.refused(r'timestamp: signatures\[1\]: a second signature by "')


@pytest.mark.parametrize("place", ["whole", "signature"])
def test_what_nobody_signs_may_not_be_there(
    board: Board, repository: Repository, place: str
) -> None:
    def add(metadata: dict[str, object]) -> None:
        (metadata if place == "whole" else metadata["signatures"][0])["more"] = 1

    repository.spoil("metadata/timestamp.json", add)
    board.refused("timestamp: .* has 3 members, ")


def test_keys_of_other_kinds_are_named(board: Board, repository: Repository) -> None:
    other = CryptoSigner.generate_ecdsa()
    repository.root.add_key(other.public_key, "targets")
    repository.root.revoke_key(repository.signers["targets"][0].public_key.keyid, "targets")
    repository.signers["targets"] = [other]
    repository.root.version += 1
    repository.publish("root")
    repository.bump("targets", "snapshot", "timestamp")
    board.refused("targets: signed by 0 of its keys, 1 must sign; that by .* is of kind ecdsa/")


def test_roots_follow_one_by_one(board: Board, repository: Repository) -> None:
    """Those on the way may have expired, and each needs both its own keys and those before it."""
    good = repository.root.expires
    for number in range(2, 6):
        repository.rotate("root", 20 + number)
        repository.signers["root"] = [signer(20 + number), signer(19 + number if number > 2 else 1)]
        repository.root.version = number
        repository.root.expires = NOW - DAY if number < 5 else good
        repository.publish("root")
    board.refresh()
    assert board.version("root") == 5
    last = repository.files.pop("metadata/5.root.json")
    fresh = Board(board.folder / "fresh", repository)
    fresh.refused("root: version 4 expired at 2029-12-31T00:00:00Z, the time is 2030-01-01")
    assert fresh.version("root") == 4
    repository.files["metadata/5.root.json"] = last
    fresh.refresh()


@pytest.mark.parametrize(
    ("keys", "whose"), [([31], "the keys before it"), ([1], "its own keys"), ([], "the keys")]
)
def test_a_root_needs_both(
    board: Board, repository: Repository, keys: list[int], whose: str
) -> None:
    repository.rotate("root", 31)
    repository.signers["root"] = [signer(key) for key in keys]
    repository.root.version = 2
    repository.publish("root")
    board.refused(f"root, by {whose}.*: signed by 0 of its keys, 1 must sign")


@pytest.mark.parametrize("version", [1, 3])
def test_a_root_is_the_very_next(board: Board, repository: Repository, version: int) -> None:
    repository.root.version = version
    repository.files["metadata/2.root.json"] = repository.signed(repository.root)
    board.refused(f"root: version {version}, 2 comes next")


def test_only_so_many_roots_are_read_at_once(board: Board, repository: Repository) -> None:
    for version in range(2, 300):
        repository.root.version = version
        repository.publish("root")
    board.refresh()
    assert board.version("root") == 257
    board.refresh()
    assert board.version("root") == 299


@pytest.mark.parametrize("role", ["timestamp", "snapshot"])
def test_new_keys_take_back_what_a_thief_signed(
    board: Board, repository: Repository, role: str
) -> None:
    repository.timestamp.version = repository.snapshot.version = 999
    repository.publish("snapshot", "timestamp")
    board.refresh()
    repository.rotate(role, 41)
    repository.root.version = 2
    repository.publish("root")
    repository.timestamp.version = 5
    repository.snapshot.version = 5
    repository.publish("snapshot", "timestamp")
    board.refresh()
    assert (board.version("timestamp"), board.version("snapshot")) == (5, 5)


def test_another_root_key_takes_back_nothing(board: Board, repository: Repository) -> None:
    repository.timestamp.version = 9
    repository.publish("timestamp")
    board.refresh()
    repository.rotate("root", 1, 42)
    repository.root.version = 2
    repository.publish("root")
    repository.timestamp.version = 8
    repository.publish("timestamp")
    board.refused("timestamp: version 8 is below 9, which is trusted")
