"""A page is well-formed, complete on its own, says what the report says, and survives any data."""

from __future__ import annotations

import datetime
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge.drift.page.axis import Axis, clean, steps, ticks
from kedge.drift.page.bins import Density, bars_of, density_of
from kedge.drift.page.cells import cells_of
from kedge.drift.words import brief, number_of, range_of
from tests.strategies import columns

MISSING = re.compile(r"\b(nan|none|inf)\b|-nan", re.IGNORECASE)


class _Texts(HTMLParser):
    """What a reader sees, and every attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in {"style", "script"}
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "script"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.texts.append(data)


def _read(page: str) -> _Texts:
    """The page's texts, once it is known to be well-formed."""
    ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>"))
    reader = _Texts()
    reader.feed(page)
    return reader


def _page(reference: object, current: object, **options: float) -> str:
    return kedge.compare(kedge.profile(reference), current, **options).to_html()


def _table(seed: int, rows: int, *, moved: bool) -> pa.Table:
    rng = np.random.default_rng(seed)
    names = [f"city {i}" for i in range(20)]
    city = rng.choice(names, rows).astype(object)
    if moved:
        city[rng.random(rows) < 0.3] = "Lisboa & <Porto>"
    start = 1_700_000_000_000_000 + 10**12 * moved
    return pa.table(
        {
            "amount": rng.lognormal(3, 1 + moved, rows),
            "age": rng.integers(18, 90, rows),
            "zeros": np.where(rng.random(rows) < 0.4, 0.0, rng.lognormal(0, 2, rows)),
            "at": pa.array(start + rng.integers(0, 10**12, rows), pa.timestamp("us", "UTC")),
            "day": pa.array(rng.integers(0, 9000, rows).astype("int32"), pa.date32()),
            "city": pa.array(city),
            "id": [f"user {i}" for i in rng.integers(0, 10**9, rows)],
            "gaps": pa.array(rng.normal(size=rows), mask=rng.random(rows) < 0.1 * moved),
            "flag": rng.random(rows) < 0.3,
            "same": rng.normal(size=rows),
        }
    )


@pytest.fixture(scope="module")
def report() -> kedge.Report:
    return kedge.compare(
        kedge.profile(_table(0, 20_000, moved=False)), _table(1, 20_000, moved=True)
    )


def test_every_column_has_a_line_and_a_card(report: kedge.Report) -> None:
    page = report.to_html()
    texts = _read(page).texts
    for row in report:
        assert texts.count(row.column) == 2
    assert page.count("<details ") == len(report)
    assert page.count('open="open"') == sum(row.drifted for row in report)


def test_the_headline_answers(report: kedge.Report) -> None:
    drifted = sum(row.drifted for row in report)
    assert f"{drifted} of {len(report)} columns drifted" in _read(report.to_html()).texts
    same = {"v": np.arange(200_000.0)}
    assert "Nothing that matters changed" in _read(_page(same, same)).texts
    few = {"v": np.arange(20.0)}
    assert "Not yet known: too few rows" in _read(_page(few, few)).texts


def test_the_page_asks_nothing_of_the_network(report: kedge.Report) -> None:
    page = report.to_html()
    assert "http" not in page
    assert "@import" not in page
    assert "url(" not in page
    assert not [value for name, value in _read(page).attributes if name in {"src", "srcset"}]


def test_the_page_is_complete_without_its_script(report: kedge.Report) -> None:
    page = report.to_html()
    assert page.count("<script>") == 1
    without = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert _read(without).texts == _read(page).texts


def test_every_picture_says_what_it_is(report: kedge.Report) -> None:
    root = ElementTree.fromstring(report.to_html().removeprefix("<!DOCTYPE html>"))
    pictures = list(root.iter("svg"))
    assert len(pictures) > 2 * len(report)
    assert all((picture.findtext("title") or "").strip() for picture in pictures)


def test_equal_reports_give_equal_pages(report: kedge.Report) -> None:
    reference = kedge.Profile.from_bytes(report.reference.to_bytes())
    current = kedge.Profile.from_bytes(report.current.to_bytes())
    assert kedge.compare(reference, current).to_html() == report.to_html()


def test_names_of_the_data_are_text_and_nothing_else() -> None:
    evil = "<script>alert('x')</script>\x01\x1b\"&" + "y" * 5000
    then = {evil: pa.array(["<b>bold</b>", "]]>"] * 100), "n": pa.array(np.arange(200.0))}
    now = {evil: pa.array(["<img src=x>\n", "]]>"] * 100), "n": pa.array(np.arange(200.0))}
    report = kedge.compare(kedge.profile(pa.table(then)), pa.table(now))
    for page in (report.to_html(), report._repr_html_()):
        reader = _read(page)
        assert "alert(" in "".join(reader.texts)
        assert page.count("<script") == (1 if page.startswith("<!DOCTYPE") else 0)
        assert "<b>bold" not in page
        assert "<img" not in page
        assert not re.search(r"[\x00-\x08\x0b-\x1f]", page)
        assert all(len(text) <= 400 for text in reader.texts)
        longest = max(len(value or "") for name, value in reader.attributes if name == "title")
        assert longest == 400


def test_new_names_are_listed_with_their_counts() -> None:
    now = ["a"] * 600 + ["zebra"] * 300 + ["yak"] * 100
    text = " ".join(_read(_page({"c": pa.array(["a", "b"] * 500)}, {"c": pa.array(now)})).texts)
    assert "new: zebra (300), yak (100)" in text
    assert "0.0% → 40.0%" in text


def test_few_values_are_bars_and_a_frequent_one_is_a_spike() -> None:
    rng = np.random.default_rng(0)
    zeros = np.where(rng.random(9000) < 0.4, 0.0, rng.lognormal(0, 2, 9000))
    profile = kedge.profile({"few": np.arange(9000) % 5, "zeros": zeros})
    few = cells_of(profile.histogram("few"), profile.histogram("few"))
    bars = bars_of(few, number_of("int64"))
    assert bars is not None
    assert bars.labels == ["0", "1", "2", "3", "4"]
    np.testing.assert_allclose(bars.current, 0.2)
    many = cells_of(profile.histogram("zeros"), profile.histogram("zeros"))
    assert bars_of(many, number_of("float64")) is None
    drawn = density_of(many, time=False, whole=False)
    assert drawn.axis.kind == "asinh"
    assert [spike.value for spike in drawn.spikes] == [0.0]
    assert drawn.spikes[0].shares.current == pytest.approx(np.mean(zeros == 0))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.random.default_rng(0).normal(5, 1, 9000), "linear"),
        (np.random.default_rng(0).exponential(1, 9000), "linear"),
        (np.random.default_rng(0).lognormal(3, 1.5, 9000), "log"),
        (np.random.default_rng(0).standard_cauchy(9000), "asinh"),
    ],
)
def test_heavy_tails_have_another_axis_and_it_is_named(values: np.ndarray, kind: str) -> None:
    profile = kedge.profile({"v": values})
    cells = cells_of(profile.histogram("v"), profile.histogram("v"))
    assert density_of(cells, time=False, whole=False).axis.kind == kind
    text = " ".join(_read(_page({"v": values}, {"v": values})).texts)
    assert ("logarithmic axis" in text, "asinh" in text) == (kind == "log", kind == "asinh")


@given(columns(), columns())
def test_no_value_is_lost_from_a_picture(x: np.ndarray, y: np.ndarray) -> None:
    profile = kedge.profile({"v": x})
    live = profile.like()
    live.update({"v": y})
    cells = cells_of(profile.histogram("v"), live.histogram("v"))
    if not cells.larger.any():
        return
    drawn: Density = density_of(cells, time=False, whole=False)
    for side, values in (("reference", x), ("current", y)):
        parts = [drawn.below, drawn.above, *(spike.shares for spike in drawn.spikes)]
        total = getattr(drawn, side).sum() + sum(getattr(part, side) for part in parts)
        assert total == pytest.approx(1.0 if np.any(~np.isnan(values)) else 0.0)
        assert getattr(drawn, side).min() >= 0


@given(columns(), columns())
def test_any_two_columns_have_a_page(x: np.ndarray, y: np.ndarray) -> None:
    for text in _read(_page({"v": x}, {"v": y})).texts:
        assert not MISSING.search(text), text


@given(st.data())
def test_any_integers_and_times_have_a_page(data: st.DataObject) -> None:
    values = st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9), max_size=40)
    kinds = [pa.int64(), pa.timestamp("s"), pa.timestamp("ns", "UTC"), pa.date64()]
    kind = data.draw(st.sampled_from(kinds))
    sides = [pa.array(data.draw(values), pa.int64()).cast(kind, safe=False) for _ in range(2)]
    _read(_page(*({"v": side} for side in sides)))


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ([1.0, 2.0, 3.0], []),
        ([1.0], [1.0]),
        ([7.0] * 50, [7.0] * 50),
        ([7.0] * 50, [8.0] * 50),
        ([None] * 9, [None] * 9),
        ([None] * 9, [1.0, 2.0]),
        ([1.0, 2.0], [None] * 9),
        ([float("inf"), float("-inf"), float("nan"), 1.0] * 9, [float("inf")] * 4),
        ([5e-324, 0.0, 1.7e308, -1.7e308], [1.0]),
    ],
    ids=[
        "no live row",
        "one row",
        "constant",
        "constant moved",
        "null",
        "no longer null",
        "all null",
        "infinite",
        "extreme",
    ],
)
def test_thin_columns_have_a_page(then: list[float | None], now: list[float | None]) -> None:
    sides = [{"v": pa.array(side, pa.float64())} for side in (then, now)]
    page = _page(*sides)
    for text in _read(page).texts:
        assert not MISSING.search(text), text


@pytest.mark.parametrize("kind", [pa.string(), pa.bool_(), pa.date32(), pa.timestamp("ms")])
def test_nothing_but_nulls_of_any_type_has_a_page(kind: pa.DataType) -> None:
    side = {"v": pa.array([None, None], kind)}
    assert "v" in _read(_page(side, side)).texts


def test_a_table_without_columns_has_a_page() -> None:
    rng = np.random.default_rng(0)
    profile = kedge.profile(pa.table({"v": rng.normal(size=9)}).select([]))
    assert "No column to compare" in _read(kedge.compare(profile, profile).to_html()).texts


def test_the_notebook_gets_the_overview_only(report: kedge.Report) -> None:
    page = report._repr_html_()
    texts = _read(page).texts
    assert all(row.column in texts for row in report)
    assert "<details" not in page
    assert "<script" not in page
    assert "href" not in page
    # It stands among other people's elements.
    style = re.sub(
        r"@(media|container)[^{]*\{", "", page[page.index("<style>") + 7 : page.index("</style>")]
    )
    selectors = re.findall(r"([^{}]+)\{", style)
    assert selectors
    assert all(".kedge" in part for one in selectors for part in one.split(","))


def test_the_notebook_gets_forty_lines_and_hears_of_the_rest() -> None:
    data = {f"v{i}": np.arange(300.0) for i in range(50)}
    page = kedge.compare(kedge.profile(data), {**data, "v7": np.zeros(300)})._repr_html_()
    texts = _read(page).texts
    assert page.count("<tr>") == 41
    assert "v7" in texts
    assert "10 more columns, 0 of them drifted: to_html() shows all." in texts


def test_times_are_written_as_times(report: kedge.Report) -> None:
    text = " ".join(_read(report.to_html()).texts)
    assert re.search(r"2023-11-\d\d", text)
    assert "1.7e+15" not in text
    noon = datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc)
    assert number_of("timestamp[ms, UTC]")(noon.timestamp() * 1000) == "2024-02-29 12:00:00"
    assert number_of("date32")(0.0) == "1970-01-01"
    assert number_of("bool")(1.0) == "true"


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_marks_are_few_and_inside(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    for mark in steps(low, high, 6):
        assert low - (high / 2 - low / 2) * 1e-9 <= mark <= high + (high / 2 - low / 2) * 1e-9
    assert len(steps(low, high, 6)) <= 6
    for kind in ("float64", "timestamp[us]", "date32"):
        places = [tick.at for tick in ticks(Axis("linear", low, high), kind)]
        assert places == sorted(places)
        assert len(places) <= 8
        assert all(0 <= place <= 1 for place in places)


def test_a_day_is_written_once() -> None:
    noon, hour = 1_700_049_600.0, 3600.0
    labels = [tick.label for tick in ticks(Axis("linear", noon, noon + 3 * hour), "timestamp[s]")]
    assert labels == ["2023-11-15 12:00", "13:00", "14:00", "15:00"]


def test_what_is_beyond_is_named_by_the_range_not_by_the_bins() -> None:
    values = np.repeat(np.arange(100), 50)
    texts = _read(_page({"v": values}, {"v": values + 9})).texts
    assert "> 99" in texts
    assert "9.0%" in texts


def test_numbers_are_written_short() -> None:
    assert [clean(v) for v in (0.0, 0.1, 20_000.0, 2.5e6, 1e-9, 1e15)] == [
        "0", "0.1", "20k", "2.5M", "1e-9", "1e15",
    ]  # fmt: skip
    assert [brief(v) for v in (0.0, 5e-324, 123456.0, 0.123456, 1e9)] == [
        "0", "0+", "123456", "0.1235", "1e+09",
    ]  # fmt: skip
    assert range_of(5e-324, float("inf")) == "> 0"
    assert range_of(3.0, 3.0, unit=" bytes") == "= 3 bytes"


def test_slices_have_their_table() -> None:
    rng = np.random.default_rng(3)
    rows = 20_000

    def data(shift: float) -> dict[str, np.ndarray]:
        region = rng.choice(["<b>north", "south"], rows)
        return {"region": region, "v": rng.normal(size=rows) + (region == "south") * shift}

    report = kedge.compare(kedge.profile(data(0), slices=["region"]), data(1))
    page = report.to_html()
    assert "region = south" in page
    assert "<b>north" not in page
    assert "Slices" not in kedge.compare(kedge.profile(data(0)), data(1)).to_html()
