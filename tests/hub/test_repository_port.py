"""The repository over HTTP: known paths, ranges, and nothing else."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kedge.hub.repository_port import RepositoryPort, range_of

NAME = f"targets/{'ab' * 32}.churn-7.kedge"
DATA = bytes(range(256)) * 1000


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    folder = tmp_path / "repository"
    for name in ("metadata", "targets"):
        (folder / name).mkdir(parents=True)
    (tmp_path / "hub.sqlite").write_text("secret")
    (folder / NAME).write_bytes(DATA)
    (folder / "metadata" / "timestamp.json").write_text("{}")
    (folder / "metadata" / "1.link.json").symlink_to(tmp_path / "hub.sqlite")
    (folder / "metadata" / "1.folder.json").mkdir()
    (folder / "metadata" / ".hidden").write_text("secret")
    paused = {f"targets/{'cd' * 32}.held"}
    (folder / next(iter(paused))).write_bytes(b"x")
    served = RepositoryPort("127.0.0.1", 0, folder, lambda: paused.__contains__)
    served.start()
    yield served.port
    served.stop()


def get(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    caller = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        caller.request(method, path, headers=headers)
        answer = caller.getresponse()
        return answer.status, answer.read()
    finally:
        caller.close()


def test_files_are_served_whole_and_in_parts(port: int) -> None:
    assert get(port, f"/{NAME}") == (200, DATA)
    assert get(port, f"/{NAME}", "HEAD") == (200, b"")
    assert get(port, f"/{NAME}", Range="bytes=10-19") == (206, DATA[10:20])
    assert get(port, f"/{NAME}", Range=f"bytes={len(DATA) - 5}-") == (206, DATA[-5:])
    assert get(port, f"/{NAME}", Range="bytes=-7") == (206, DATA[-7:])
    assert get(port, f"/{NAME}", Range=f"bytes={len(DATA)}-") == (416, b"")
    assert get(port, "/metadata/timestamp.json") == (200, b"{}")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/hub.sqlite",
        "/../hub.sqlite",
        "/metadata/../../hub.sqlite",
        "/metadata/..%2f..%2fhub.sqlite",
        "//etc/passwd",
        "/metadata/1.link.json",
        "/metadata/1.folder.json",
        "/metadata/.hidden",
        "/metadata/",
        "/metadata/2.root.json",
        f"/{NAME}/",
        f"/{NAME}?a=b",
        "/metadata/timestamp.json%00",
        "http://elsewhere/metadata/timestamp.json",
    ],
)
def test_nothing_else_is(port: int, path: str) -> None:
    status, answer = get(port, path)
    assert status == 404
    assert b"secret" not in answer


def test_a_paused_target_is_held_back(port: int) -> None:
    assert get(port, f"/targets/{'cd' * 32}.held")[0] == 503


def test_only_reading_is_possible(port: int) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert get(port, f"/{NAME}", method)[0] == 501


@given(st.text(max_size=30), st.integers(0, 100))
def test_any_range_is_within_the_file_or_none(header: str, size: int) -> None:
    found = range_of(header, size)
    assert found is None or 0 <= found[0] < found[1] <= size


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 100))
def test_a_range_is_what_rfc_9110_says(first: int, last: int, size: int) -> None:
    found = range_of(f"bytes={first}-{last}", size)
    wanted = [i for i in range(size) if first <= i <= last]
    assert found == ((wanted[0], wanted[-1] + 1) if wanted else None)
