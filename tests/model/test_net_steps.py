"""Steps of a net against one line of NumPy each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import kedge
from kedge._core import NetBuilder
from tests.reference.net_steps import PlainNet

WIDTH = 5
VALUES = st.sampled_from([0.0, -0.0, 1.0, 2.5, -3.0, 1e-3, 40.0, float("nan")]) | st.floats(
    -1e6, 1e6
)
ROWS = hnp.arrays(np.float64, st.tuples(st.integers(1, 130), st.just(WIDTH)), elements=VALUES)
RISING = np.array([-3.0, 0.0, 1.0, 2.5])
EACH = np.arange(1.0, WIDTH + 1)

STEPS: dict[str, Callable[[Any], int]] = {
    "fill": lambda net: net.fill(0, EACH),
    "missing": lambda net: net.missing(0),
    "equal": lambda net: net.place(0, "equal", RISING),
    "at most": lambda net: net.place(0, "at most", RISING),
    "below": lambda net: net.place(0, "below", RISING),
    "no edges": lambda net: net.place(0, "at most", np.zeros(0)),
    "l1": lambda net: net.normalize(net.fill(0, EACH), "l1"),
    "l2": lambda net: net.normalize(net.fill(0, EACH), "l2"),
    "max": lambda net: net.normalize(net.fill(0, EACH), "max"),
    "look up": lambda net: net.look_up(0, np.arange(12.0).reshape(4, 3)),
    "select": lambda net: net.select(0, [4, 0, 0, 2]),
    "affine": lambda net: net.affine(0, np.outer(EACH, RISING), RISING),
    "scale": lambda net: net.combine_with(
        "divide", net.combine_with("subtract", 0, EACH), RISING[3:]
    ),
    "concat": lambda net: net.concat([net.missing(0), 0, net.select(0, [1])]),
}


@pytest.mark.parametrize("name", STEPS)
@settings(max_examples=15, deadline=None)
@given(rows=ROWS)
def test_a_step_is_its_line_of_numpy(name: str, rows: np.ndarray) -> None:
    builder = NetBuilder([f"x{i}" for i in range(WIDTH)], {})
    slot = STEPS[name](builder)
    model = kedge.Model(builder.finish(slot, "test"))
    plain = PlainNet(rows)
    wanted = plain.slots[STEPS[name](plain)]
    np.testing.assert_array_equal(model.predict(rows).reshape(wanted.shape), wanted)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda net: net.select(9, [0]), "slot 9 of 0"),
        (lambda net: net.activate(0, "cosine"), 'activation "cosine"'),
        (lambda net: net.concat([]), "no slots"),
    ],
)
def test_a_wrong_call_is_refused(wrong: Callable[[NetBuilder], int], text: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=text):
        wrong(NetBuilder(["x"], {}))


def test_a_graph_that_does_not_fit_is_refused() -> None:
    for wrong, text in (
        (lambda net: net.select(0, [1]), "column 1 of 1"),
        (lambda net: net.fill(0, np.zeros(2)), "tensor 0 has 2"),
        (lambda net: net.place(0, "below", np.array([2.0, 1.0])), "do not rise"),
        (lambda net: net.place(0, "below", np.array([np.nan])), "do not rise"),
    ):
        net = NetBuilder(["x"], {})
        with pytest.raises(kedge.CorruptData, match=text):
            net.finish(wrong(net), "test")


def test_trees_that_do_not_fit_are_refused() -> None:
    net = NetBuilder(["x"], {})
    slot = net.link(net.select(0, [0]))
    with pytest.raises(kedge.CorruptData, match="does not fit a forest of 0 trees"):
        kedge.Model(net.finish(slot, "test"))
