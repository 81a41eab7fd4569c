"""Files stay small, names say something, and nothing is left for later."""

from __future__ import annotations

import re
import statistics
from pathlib import Path

ROOT = Path(__file__).parents[2]
SUFFIXES = {".h", ".cpp", ".py"}
FOLDERS = ("cpp", "python", "bench", "tests", "edge_targets")
FILES = sorted(
    path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES
)
SOURCES = [path for path in FILES if path.relative_to(ROOT).parts[0] in {"cpp", "python"}]
MOST_LINES = 400
MOST_COLUMNS = 100


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_no_file_is_long() -> None:
    long = {str(path.relative_to(ROOT)): len(lines(path)) for path in FILES}
    assert not {name: count for name, count in long.items() if count > MOST_LINES}


def test_the_median_source_file_is_short() -> None:
    assert statistics.median(len(lines(path)) for path in SOURCES) < 150


def test_no_line_is_wide() -> None:
    wide = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in FILES
        for number, line in enumerate(lines(path), 1)
        if len(line) > MOST_COLUMNS
    ]
    assert not wide


def test_names_say_something() -> None:
    empty = re.compile(r"^(utils?|common|helpers?|misc|stuff)$")
    assert not [path for path in FILES for part in path.with_suffix("").parts if empty.match(part)]


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
    assert not [path for path in FILES if later.search(path.read_text())]


def test_no_flag_breaks_the_same_bits_everywhere() -> None:
    flag = re.compile("march=" + "native|ffast" + "-math")
    builds = [ROOT / "CMakeLists.txt", ROOT / "pyproject.toml", *FILES]
    assert not [path for path in builds if flag.search(path.read_text())]


def test_memory_that_is_not_wanted_is_given_back() -> None:
    kept = re.compile(r"capacity\(\).* = \{\};")  # kedge/base/give_back.h says why
    assert not [path for path in SOURCES if kept.search(path.read_text())]
