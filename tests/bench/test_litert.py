"""The nets that LiteRT is given are those that the others are given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.score.bench_dense import draw, layers_of, plain
from bench.score.litert import Scale, litert_call, ranges_of

ENDS = st.floats(-1000, 1000, width=32)


@given(ENDS, ENDS)
def test_a_scale_holds_all_values_and_zero(a: float, b: float) -> None:
    values = np.array([a, b, 1], np.float32)
    scale = Scale.over(values)
    again = scale.to_floats(scale.to_bytes(values))
    np.testing.assert_allclose(again, values, atol=scale.step, rtol=1e-5)
    assert scale.to_floats(scale.to_bytes(np.zeros(1)))[0] == 0


def test_there_is_a_range_for_the_rows_and_for_each_layer() -> None:
    layers = layers_of((3, 4, 2))
    rows = draw(50, 3)
    scales = ranges_of(layers, rows)
    assert len(scales) == 3
    assert scales[1].zero == -128  # what is not below zero begins with the lowest byte
    assert scales[2] == Scale.over(plain(layers, rows))


@pytest.mark.parametrize("form", ["float32", "int8", "bytes"])
def test_a_file_scores_as_the_net(form: str) -> None:
    pytest.importorskip("ai_edge_litert")
    layers = layers_of((3, 4, 2))
    rows = draw(50, 3)
    scales = ranges_of(layers, rows) if form != "float32" else []
    _, call = litert_call(layers, len(rows), scales, is_bytes=form == "bytes")
    found = call(scales[0].to_bytes(rows) if form == "bytes" else rows)
    if form == "bytes":
        found = scales[-1].to_floats(found)
    expected = plain(layers, rows.astype(np.float64))
    most = float(np.abs(expected).max()) * (1e-6 if form == "float32" else 0.03)
    np.testing.assert_allclose(found, expected, atol=most)
