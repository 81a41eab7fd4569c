"""Pictures of explanations: well-formed, true to the numbers, small, and safe with any name."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge.model.picture import Picture, draw
from kedge.model.row_values import RowValues, written
from tests.model import test_lightgbm as lgb
from tests.score.test_predict import TWO_LEAVES

MOST_BYTES = 300_000
SVG = "{http://www.w3.org/2000/svg}"


def explanation(values: np.ndarray, base: list[float] | None = None, **given: Any) -> Any:
    """What the core gives, of numbers of one's own."""
    names = given.get("names", [f"f{i}" for i in range(values.shape[-1])])
    many = SimpleNamespace(values=values, base=np.array(base or [0.5]), feature_names=names)
    return type("Found", (), {**vars(many), "__len__": lambda _: len(values)})()


def root(picture: Picture) -> ElementTree.Element:
    return ElementTree.fromstring(picture.to_html().removeprefix("<!DOCTYPE html>"))


def texts(element: ElementTree.Element) -> list[str]:
    return ["".join(text.itertext()) for text in element.iter("text")]


def widths(element: ElementTree.Element) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for rect in element.iter("rect"):
        found.setdefault(rect.get("class", ""), []).append(float(rect.get("width", "")))
    return found


@pytest.fixture(scope="module")
def model() -> kedge.Model:
    return kedge.compile(lgb.train(lgb.KINDS["binary"]))


@pytest.fixture(scope="module")
def classes() -> kedge.Model:
    return kedge.compile(lgb.train(lgb.KINDS["multiclass"]))


def test_a_stump_in_words() -> None:
    stump = kedge.compile(TWO_LEAVES)
    rows = np.array([[0.0, 0.25]])
    picture = stump.explain(rows).plot(rows)
    assert repr(picture) == "<Picture: What made the score>"
    shown = texts(root(picture))
    assert "From the base value 0.500 to the score -1.000" in shown
    assert "b = 0.25" in shown
    assert "-1.500" in shown
    said = root(picture).findtext(".//desc")
    assert said == (
        "The base value is 0.500. b = 0.25: -1.500. a = 0: +0.000. The score is -1.000."
    )


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40),
    st.floats(-1e6, 1e6),
    st.integers(1, 20),
)
def test_bars_lead_from_the_base_to_the_score(phi: list[float], base: float, most: int) -> None:
    page = root(draw(explanation(np.array([phi]), [base]), most=most))
    reached = base + np.cumsum([0.0, *sorted(phi, key=lambda one: -abs(one))])
    rects = [rect for rect in page.iter("rect") if rect.get("class") in {"up", "down"}]
    marks = [float(rect.get("x", "")) for rect in page.iter("rect") if rect.get("class") == "mark"]
    sign = {"up": 1.0, "down": -1.0}
    moved = sum(sign[r.get("class", "")] * float(r.get("width", "")) for r in rects)
    assert moved == pytest.approx(marks[1] - marks[0], abs=0.01 * (len(rects) + 2))
    assert len(rects) == (min(len(phi), most + 1))
    if abs(reached[-1] - base) > 1e-6 * np.abs(reached).max():
        assert np.sign(round(moved, 1)) in {0.0, np.sign(reached[-1] - base)}


def test_widths_are_to_scale() -> None:
    found = widths(root(draw(explanation(np.array([[3.0, -1.0, 0.5]])))))
    up, down = found["up"], found["down"]
    assert up[0] / down[0] == pytest.approx(3, rel=1e-3)
    assert up[0] / up[1] == pytest.approx(6, rel=1e-3)
    bars = widths(root(draw(explanation(np.array([[3.0, -1.0], [1.0, 1.0]])))))["cur"]
    assert bars[0] / bars[1] == pytest.approx(2, rel=1e-3)


def test_what_is_not_shown_is_summed_up() -> None:
    values = np.array([[4.0, 3.0, 0.5, -0.25, 0.5], [4.0, 3.0, -0.5, -0.25, 0.5]])
    one = texts(root(draw(explanation(values), row=0, most=2)))
    assert one[one.index("and 3 more") + 1] == "+0.750"
    many = texts(root(draw(explanation(values), most=2)))
    assert many[many.index("and 3 more") + 1] == "1.250"
    assert not [text for text in texts(root(draw(explanation(values), most=4))) if "more" in text]


def test_the_sum_is_said() -> None:
    shown = " ".join(texts(root(draw(explanation(np.array([[1.0, 0.0], [2.0, -2.0]]))))))
    assert "Base value 0.500, and the mean of all contributions +0.500, make" in shown
    assert "the mean score 1.000" in shown


def test_a_dot_is_a_row_while_there_is_room() -> None:
    values = np.random.default_rng(0).normal(size=(40, 3))
    page = root(draw(explanation(values)))
    assert sum(path.get("d", "").count("M") for path in page.iter("path")) == values.size


def test_colours_follow_the_values() -> None:
    values = np.array([[-1.0], [0.0], [1.0], [2.0]])
    rows = np.array([[1.0], [2.0], [9.0], [np.nan]])
    page = root(draw(explanation(values), rows))
    drawn = [path for path in page.iter("path") if not path.get("d", "").endswith(" 13h0")]
    xs = {path.get("class"): int(path.get("d", "")[1:].split()[0]) for path in drawn}
    assert sorted(xs, key=lambda name: xs[name]) == [
        "dots v0",
        "dots v2",
        "dots v4",
        "dots missing",
    ]
    plain = root(draw(explanation(values), {"f0": ["a", "b", "a", "b"]}))
    assert "dots plain" in {path.get("class") for path in plain.iter("path")}


@given(st.lists(st.sampled_from([np.nan, 0.0, 1.0, -7.5, 1e300, np.inf]), min_size=1))
def test_levels_rise_with_the_values(column: list[float]) -> None:
    values = np.array(column)
    levels = RowValues(values[:, None], ["a"], len(values)).levels(0, 5)
    assert levels is not None
    assert ((levels == -1) == np.isnan(values)).all()
    assert levels.max(initial=-1) < 5
    known = ~np.isnan(values)
    order = np.argsort(values[known], kind="stable")
    assert (np.diff(levels[known][order]) >= 0).all()


def test_values_are_written_as_people_do() -> None:
    assert [written(value) for value in (None, float("nan"), True, 41, 2.5, "Riga")] == [
        *("missing", "missing", "true", "41", "2.5", "Riga")
    ]


def test_tables_give_their_values_by_name(model: kedge.Model) -> None:
    rows = lgb.draw(3, 3)
    names = [feature.name for feature in model.features]
    table = {name: rows[:, i] for i, name in enumerate(names)}
    turned = pa.table({name: table[name] for name in reversed(names)})
    found = model.explain(rows)
    for row in range(3):
        wanted = found.to_html(rows, row=row)
        assert found.to_html(turned, row=row) == found.to_html(table, row=row) == wanted
    assert found.to_html(rows) == found.to_html(turned)


def test_every_output_has_its_section(classes: kedge.Model) -> None:
    found = classes.explain(lgb.draw(3, 50))
    for many in (found.plot(), found.plot(row=2)):
        sections = root(many).findall(".//section")
        assert len(sections) == 4
        for k, section in enumerate(sections):
            assert all(text.startswith(f"score_{k}: ") for text in texts(section)[:1])
    assert len(root(found.plot(output=3)).findall(".//section")) == 1
    wide = draw(explanation(np.ones((1, 30, 2)), [0.0] * 30))
    assert len(root(wide).findall(".//section")) == 8
    assert "and 22 more: output= shows one" in wide.to_html()


def test_names_are_text_and_nothing_else(tmp_path: Path) -> None:
    evil = "<script>alert('x')</script>\x01\"&" + "y" * 5000
    values = np.array([[1.0, 2.0], [0.5, -1.0]])
    found = explanation(values, names=[evil, "]]>"])
    rows = {evil: ["<img src=x>", "&"], "]]>": [1.0, 2.0]}
    for row in (None, 0):
        picture = draw(found, rows, row=row)
        for text in (picture.to_html(), picture._repr_html_(), picture._repr_svg_()):
            ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>"))
            assert "<script" not in text
            assert "<img" not in text
            assert not re.search(r"[\x00-\x08\x0b-\x1f]", text)
            assert len(text) < 40_000


def test_every_picture_says_what_it_is(model: kedge.Model) -> None:
    rows = lgb.draw(3, 100)
    for row in (None, 1):
        pictures = [*root(model.explain(rows).plot(rows, row=row)).iter("svg")]
        assert len(pictures) == (1 if row is not None else 2)
        for picture in pictures:
            assert picture.get("role") == "img"
            assert picture.get("aria-label") == picture.findtext("title")
            assert picture.findtext("desc")


def test_pages_ask_nothing_of_anyone_and_are_dark_in_the_dark(model: kedge.Model) -> None:
    picture = model.explain(lgb.draw(3, 100)).plot()
    for text in (picture.to_html(), picture.to_svg(), picture._repr_html_()):
        assert "prefers-color-scheme: dark" in text
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
        assert "url(" not in text
        assert "<script" not in text
        drawn = text[text.index("</style>") :]
        assert not re.search(r"#[0-9a-f]{3,6}\b|style=|fill=", drawn)  # colours are the style's


def test_many_rows_do_not_make_a_large_page() -> None:
    rng = np.random.default_rng(1)
    values = rng.uniform(-1, 1, (100_000, 30))
    assert len(draw(explanation(values), values).to_html()) < MOST_BYTES
    several = rng.normal(size=(20_000, 8, 20))
    found = explanation(several, [0.0] * 8)
    assert len(draw(found, several[:, 0]).to_html()) < MOST_BYTES


def test_equal_explanations_give_equal_pages(model: kedge.Model) -> None:
    rows = lgb.draw(3, 3000)
    assert model.explain(rows).to_html(rows) == model.explain(rows, threads=2).to_html(rows)


@pytest.mark.parametrize("size", [0.0, 1e-320, 1e-9, 1e9, 1e299])
def test_any_size_can_be_drawn(size: float) -> None:
    for values in (np.array([[size, -size]]), np.array([[size, -size], [0.0, size / 2]])):
        text = draw(explanation(values, [size / 4])).to_html()
        assert not re.search(r"\b(nan|inf)\b", text[text.index("</style>") :])


def test_it_is_saved_by_its_ending(model: kedge.Model, tmp_path: Path) -> None:
    picture = model.explain(lgb.draw(3, 1)).plot()
    picture.save(tmp_path / "a.html")
    picture.save(str(tmp_path / "a.svg"))
    assert (tmp_path / "a.html").read_text() == picture.to_html()
    drawn = ElementTree.fromstring((tmp_path / "a.svg").read_text())
    assert drawn.tag == SVG + "svg"
    with pytest.raises(kedge.InvalidArgument, match=r"ends in \.html or \.svg"):
        picture.save(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"most": 0}, "most: expected at least 1 feature, got 0"),
        ({"row": 3}, "row: expected 0 to 2, got 3"),
        ({"row": -1}, "row: expected 0 to 2, got -1"),
        ({"output": 1}, "output: expected 0 to 0, got 1"),
        ({"rows": np.zeros((3, 7))}, r"rows: expected 3 rows of 8 features.* \(3, 7\)"),
        ({"rows": {"Column_0": np.zeros(3)}}, 'rows: there is no column "Column_1"'),
        ({"rows": {"Column_0": np.zeros(2)}}, "rows: expected 3, as were explained, got 2"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    model: kedge.Model, options: dict[str, Any], text: str
) -> None:
    with pytest.raises(kedge.InvalidArgument, match=text):
        model.explain(lgb.draw(3, 3)).plot(**options)


def test_nothing_to_draw_is_an_error(model: kedge.Model) -> None:
    with pytest.raises(kedge.InvalidArgument, match="there are no rows"):
        model.explain(np.empty((0, lgb.FEATURES))).plot()
    with pytest.raises(kedge.InvalidArgument, match="of all rows are NaN, or beyond"):
        draw(explanation(np.full((2, 3), np.nan)))
    with pytest.raises(kedge.InvalidArgument, match="beyond 1e\\+300"):
        draw(explanation(np.array([[1.7e308, -1.7e308]])))
    some = draw(explanation(np.array([[1.0], [np.nan], [2.0]])))
    assert "Left out: 1 row whose contributions are not finite" in some.to_html()
