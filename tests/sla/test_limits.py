"""What a service level may say."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge.sla.limits import duration_ns, parse_limits, read_level


@pytest.mark.parametrize(
    ("text", "quantile", "most", "is_ratio"),
    [
        ("p99<2ms", 0.99, 2_000_000, False),
        (" p999 < 5 ms ", 0.999, 5_000_000, False),
        ("p99.9<1.5s", 0.999, 1_500_000_000, False),
        ("p50<800us", 0.5, 800_000, False),
        ("p99<1.5x", 0.99, 1.5, True),
        ("errors<0.01%", None, 0.0001, False),
    ],
)
def test_an_item_is_read(text: str, quantile: float | None, most: float, is_ratio: bool) -> None:
    (limit,) = parse_limits(text)
    assert (limit.quantile, limit.most, limit.is_ratio) == (quantile, most, is_ratio)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "''"),
        ("p99", "'p99'"),
        ("p99<2", "p99<2: '2': expected a number"),
        ("p99>2ms", "'p99>2ms'"),
        ("p0<2ms", "p0: expected a percentile"),
        ("p100<5ms", "p100: no sample bounds"),
        ("p1000<5ms", "p1000: no sample bounds"),
        ("p100.0<5ms", "p100.0: expected a percentile"),
        ("p99<0ms", "p99<0ms"),
        ("p99<0x", "more than 0x"),
        ("errors<2ms", "errors<2ms: expected a share"),
        ("errors<101%", "expected a share up to 100%"),
        ("p99<1ms,p99<2ms", "p99 is stated twice"),
        ("p1234567890<1ms", "at most nine digits"),
        ("p99<1ms," * 65 + "p50<1ms", "66 items, 64 at most"),
    ],
)
def test_what_is_no_level_is_refused(text: str, said: str) -> None:
    with pytest.raises(kedge.InvalidArgument) as error:
        parse_limits(text)
    assert said in str(error.value)


@given(st.text(alphabet="p9<msxe%0.,1 r", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        limits = parse_limits(text)
    except kedge.InvalidArgument:
        return
    assert all(one.most > 0 or one.quantile is None for one in limits)


def test_a_file_has_its_limits_and_what_happens_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "sla.toml"
    path.write_text('limits = "p99<3x"\nshape = "burst"\n')
    level = read_level(path)
    assert level.limits == parse_limits("p99<3x")
    assert level.scenario == {"shape": "burst"}
    path.write_text('limits = "p99<"\n')
    with pytest.raises(kedge.InvalidArgument, match=r"sla\.toml: limits: p99<: ''"):
        read_level(path)
    path.write_text("limits = 3\n")
    with pytest.raises(kedge.InvalidArgument, match="limits = 3"):
        read_level(path)


def test_durations_have_units() -> None:
    assert duration_ns("30s") == 30 * duration_ns("1000 ms") == 30_000_000_000
    for wrong in ("30", "s", "-1s", "0s", "1h", "9e9s"):
        with pytest.raises(kedge.InvalidArgument):
            duration_ns(wrong)
