"""What covers are, whoever counted them: sums, all or none, and none where they do not add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge import _core
from tests.model.onnx_models import Rows, grow, regressor
from tests.reference.model_file import ModelFile

FINITE = st.floats(0, 1e9, allow_nan=False)


@st.composite
def random_trees(draw: st.DrawFn) -> dict[str, Any]:
    """Trees with leaves and nodes in any order, the root first."""
    sizes, left, right, covers = [], [], [], []
    for _ in range(draw(st.integers(1, 3))):
        inner = draw(st.integers(0, 8))
        total = 2 * inner + 1
        place = [0, *draw(st.permutations(range(1, total)))]
        ways = [(-1, -1)] * total
        open_nodes = [0]
        for i in range(inner):
            parent = open_nodes.pop(draw(st.integers(0, len(open_nodes) - 1)))
            children = (place[2 * i + 1], place[2 * i + 2])
            ways[parent] = children
            open_nodes += children
        sizes.append(total)
        left += [way[0] for way in ways]
        right += [max(way[1], 0) for way in ways]
        covers += draw(st.lists(FINITE, min_size=total, max_size=total))
    return {"sizes": sizes, "left": left, "right": right, "covers": covers}


def forest_of(trees: dict[str, Any], covers: list[float]) -> _core.Forest:
    nodes = len(trees["left"])
    zeros = np.zeros(nodes)
    return _core.Forest.from_parts(
        origin="a test",
        features=["x"],
        categories={},
        tree_sizes=np.array(trees["sizes"], np.uint32),
        tree_outputs=np.zeros(len(trees["sizes"]), np.uint32),
        left=np.array(trees["left"], np.int32),
        right=np.array(trees["right"], np.int32),
        feature=zeros.astype(np.uint32),
        threshold=zeros,
        missing_left=zeros.astype(np.uint8),
        test=zeros.astype(np.uint8),
        set=zeros.astype(np.uint32),
        values=zeros[:, None],
        covers=np.array(covers, np.float64),
        sets=[],
        start=[0.0],
        divisor=1.0,
        reads_float32=False,
        link="identity",
        link_scale=1.0,
    )


def summed(trees: dict[str, Any], first: int, at: int) -> float:
    """The cover of a place in the tree whose list begins at `first`."""
    left = trees["left"][first + at]
    if left == -1:
        return trees["covers"][first + at]
    return summed(trees, first, left) + summed(trees, first, trees["right"][first + at])


@given(random_trees())
def test_a_nodes_cover_is_the_sum_of_its_childrens(trees: dict[str, Any]) -> None:
    forest = forest_of(trees, trees["covers"])
    first = 0
    for size, (nodes, leaves) in zip(trees["sizes"], forest.covers, strict=True):
        sums = [summed(trees, first, at) for at in range(size)]
        is_leaf = [left == -1 for left in trees["left"][first : first + size]]
        assert leaves == [cover for cover, leaf in zip(sums, is_leaf, strict=True) if leaf]
        inner = [cover for cover, leaf in zip(sums, is_leaf, strict=True) if not leaf]
        assert sorted(nodes) == sorted(inner)
        assert nodes[:1] == inner[:1]
        first += size
    file = ModelFile(kedge.Model(forest).to_bytes())
    assert file.covers.tolist() == [cover for _, leaves in forest.covers for cover in leaves]


@given(random_trees(), st.sampled_from([-1.0, np.nan, np.inf, 1e201]), st.randoms())
def test_what_is_no_cover_is_dropped_for_all_trees(
    trees: dict[str, Any], odd: float, random: Any
) -> None:
    covers = list(trees["covers"])
    leaves = [i for i, left in enumerate(trees["left"]) if left == -1]
    at = random.choice(leaves)
    covers[at] = odd
    forest = forest_of(trees, covers)
    sizes = np.cumsum(trees["sizes"])
    is_alone = trees["sizes"][int(np.searchsorted(sizes, at, side="right"))] == 1
    if is_alone:  # its cover weighs nothing
        assert all(len(leaves) for _, leaves in forest.covers)
    else:
        assert forest.covers == [([], [])] * len(trees["sizes"])
        assert kedge.Model(forest).info()["covers"] is False


def hits_of(rows: Rows) -> list[float]:
    """How many of some training rows came by each node; each tree had others."""
    nodes = rows.nodes
    place = {key: i for i, key in enumerate(zip(nodes["treeids"], nodes["nodeids"], strict=True))}
    hits = [0.0] * len(place)
    for i in reversed(range(len(hits))):
        if nodes["modes"][i] == "LEAF":
            hits[i] = float(i % 7)
        else:
            ways = (nodes["truenodeids"][i], nodes["falsenodeids"][i])
            hits[i] = sum(hits[place[nodes["treeids"][i], way]] for way in ways)
    return hits


def test_hit_rates_of_onnx_that_add_up_are_covers() -> None:
    rows = grow(np.random.default_rng(5), trees=3)
    hits = hits_of(rows)
    forest = _core.Forest.from_onnx(regressor(rows, nodes_hitrates=hits))
    roots = [hit for hit, node in zip(hits, rows.nodes["nodeids"], strict=True) if node == 0]
    assert [nodes[0] for nodes, _ in forest.covers] == roots
    told = zip(hits, rows.nodes["modes"], strict=True)
    leaves = sorted(hit for hit, mode in told if mode == "LEAF")
    assert sorted(cover for _, covers in forest.covers for cover in covers) == leaves
    assert kedge.Model(forest).info()["covers"] is True


def test_hit_rates_of_onnx_that_do_not_add_up_are_no_covers() -> None:
    rows = grow(np.random.default_rng(5), trees=3)
    ones = [1.0] * len(rows.nodes["modes"])  # as converters write them
    wrong = hits_of(rows)
    wrong[0] += 5
    for hits in (ones, wrong):
        forest = _core.Forest.from_onnx(regressor(rows, nodes_hitrates=hits))
        assert forest.covers == [([], [])] * 3
    with pytest.raises(kedge.CorruptData, match='"nodes_hitrates" has 2 values'):
        _core.Forest.from_onnx(regressor(rows, nodes_hitrates=[1.0, 2.0]))
