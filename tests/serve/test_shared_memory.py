"""The table [shared_memory] of a configuration."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kedge
from kedge._core import Service
from kedge.serve.native import arguments
from kedge.serve.options import Options, read_config
from kedge.serve.shared_memory import SharedMemory


@pytest.mark.parametrize("prefix", ["", "a/b", "/a", "ü", "a b", "x" * 65])
def test_a_prefix_that_no_object_has_is_refused(models: Path, prefix: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=re.escape(f'prefix = "{prefix}"')):
        Service(str(models)).share_memory(prefix, 1, 1)


def test_the_configuration_says_it(tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    file.write_text('models = "m"\n[shared_memory]\nprefix = "k-"\nmost_regions = 3\n')
    options = Options(**read_config(str(file)))
    assert options.shared_memory == SharedMemory("k-", 3)
    told = arguments(options)
    at = told.index("--shared-memory")
    assert told[at + 1 : at + 4] == ["k-", "3", str(256 << 20)]
    assert "--shared-memory" not in arguments(Options("m"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("most_regions = 1", "prefix is missing"),
        ('prefix = "k"\nmost = 1', "most"),
        ("prefix = 1", "prefix = 1: expected a text"),
        ('prefix = "k"\nmost_bytes = 1.5', "most_bytes = 1.5: expected a whole number"),
        ('prefix = "k"\nmost_bytes = true', "most_bytes = True: expected a whole number"),
        ('prefix = "k"\nmost_bytes = -1', "most_bytes = -1: expected at least 1"),
    ],
)
def test_a_wrong_configuration_is_refused_with_its_line(
    tmp_path: Path, line: str, says: str
) -> None:
    file = tmp_path / "serve.toml"
    file.write_text(f'models = "m"\n[shared_memory]\n{line}\n')
    with pytest.raises(kedge.InvalidArgument, match=re.escape(says)) as refused:
        read_config(str(file))
    assert "serve.toml:" in str(refused.value)
