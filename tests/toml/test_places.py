"""The line of each key and value is told as the text has it, however it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge.toml import Document
from kedge.toml.places import line_of, places, tomllib
from kedge.toml.text import key_text, path_text

DOCUMENT = '''\
# a comment = 1
top = 1
"quoted \\" key" = 2 # not # this
a.b . "c.d" = 3
text = """
[no.table]
x = 1
""" # """
last = """one quote of its own: """"
raw = \'\'\'
\\
\'\'\'
when = 1979-05-27 07:32:00
array = [
  1, # ]
  [2,
   3],
  { x = 4, y = "}" }, { z = 5 }
]

[table]
k = 1
  [table.deep.er]
  k = 2
[[rows]]
k = 1
[[rows]]
k = 2
[rows.sub]
k = 3
[[rows.parts]]
k = 4
[[rows.parts]]
[other.table]
[other]
k = [[], {}, ""]
'''


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every path of a document."""
    if path:
        yield path
    entries: Any = ()
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    for name, entry in entries:
        yield from leaves(entry, (*path, name))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (('quoted " key',), 3),
        (("a",), 4),
        (("a", "b", "c.d"), 4),
        (("text",), 5),
        (("last",), 9),
        (("raw",), 10),
        (("when",), 13),
        (("array",), 14),
        (("array", 0), 15),
        (("array", 1), 16),
        (("array", 1, 1), 17),
        (("array", 2, "y"), 18),
        (("array", 3, "z"), 18),
        (("table",), 21),
        (("table", "k"), 22),
        (("table", "deep"), 23),
        (("table", "deep", "er", "k"), 24),
        (("rows",), 25),
        (("rows", 0, "k"), 26),
        (("rows", 1), 27),
        (("rows", 1, "k"), 28),
        (("rows", 1, "sub", "k"), 30),
        (("rows", 1, "parts", 0, "k"), 32),
        (("rows", 1, "parts", 1), 33),
        (("other", "table"), 34),
        (("other",), 35),
        (("other", "k", 2), 36),
    ],
)
def test_a_document_with_everything(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(DOCUMENT, path) == line


def test_every_path_has_its_line_and_no_other_has_one() -> None:
    assert set(places(DOCUMENT)) == set(leaves(tomllib.loads(DOCUMENT)))
    assert line_of(DOCUMENT, ("rows", 1, "nothing", "here")) == 27
    assert line_of(DOCUMENT, ("nothing",)) is None


KEYS = st.text("abZ-_9. \"'#=\\é\n", min_size=0, max_size=3)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.integers(0, 9) | st.text("ab\"'\\\n#]},é", max_size=5) | st.booleans() | st.floats(0, 1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


class Writer:
    """Writes values in ways that the choices say, and knows on which line it was."""

    def __init__(self, choose: Any) -> None:
        self.text = ""
        self.lines: dict[tuple[str | int, ...], int] = {}
        self.choose = choose

    def say(self, text: str) -> None:
        self.text += text

    def note(self, path: tuple[str | int, ...]) -> None:
        self.lines.setdefault(path, self.text.count("\n") + 1)

    def blank(self) -> str:
        return self.choose(["", " ", "\n", " # ,]}\"'\n", "\n\n  "])

    def value(self, value: Any, path: tuple[str | int, ...]) -> None:
        if isinstance(value, list):
            self.say("[" + self.blank())
            for i, entry in enumerate(value):
                self.note((*path, i))
                self.value(entry, (*path, i))
                self.say(self.blank() + ("," if i + 1 < len(value) else "") + self.blank())
            self.say("]")
        elif isinstance(value, dict):
            self.say("{ ")
            for i, (name, entry) in enumerate(value.items()):
                self.say(", " * bool(i))
                self.note((*path, name))
                self.say(f"{key_text(name)} = ")
                self.value(entry, (*path, name))
            self.say(" }")
        elif isinstance(value, str):
            self.say(self.string(value))
        else:
            self.say(str(value).lower())

    def string(self, value: str) -> str:
        basic = key_text(" " + value)  # never bare
        basic = '"' + basic[2:]
        if self.choose([True, False]):
            return basic
        if "'" not in value and self.choose([True, False]):
            return f"'''\n{value}'''"
        return f'"""\n{basic[1:-1]}"""'

    def table(self, table: dict[str, Any], path: tuple[str | int, ...]) -> None:
        later = [k for k, v in table.items() if isinstance(v, dict) and self.choose([True, False])]
        for name, entry in table.items():
            if name in later:
                continue
            self.note((*path, name))
            self.say(f"{key_text(name)}{self.choose(['=', ' = '])}")
            self.value(entry, (*path, name))
            self.say(self.choose(["\n", " # 'a'\n", "\n\n"]))
        for name in later:
            self.note((*path, name))
            self.say(f"[{'.'.join(key_text(str(part)) for part in (*path, name))}]\n")
            self.table(table[name], (*path, name))


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.data())
def test_what_was_written_where_is_read_there(table: dict[str, Any], data: st.DataObject) -> None:
    writer = Writer(lambda ways: data.draw(st.sampled_from(ways)))
    writer.table(table, ())
    assert tomllib.loads(writer.text) == table
    assert places(writer.text) == writer.lines


def test_errors_have_the_line() -> None:
    for text, error in (
        ("a = 1\nb = \n", "^line 2: not TOML: "),
        ("a = 1\nb = [1,\n", "^line 2: not TOML: "),
        ("a = 1\na = 2\n", "^line 2: not TOML: "),
    ):
        with pytest.raises(kedge.InvalidArgument, match=error):
            Document(text)
    document = Document("a = [\n1,\n2]\n")
    assert str(document.error(("a", 1), "wrong")) == "line 3: wrong"
    assert path_text(("a b", 1, "c")) == '"a b"[1].c'
