"""What a row's ways through trees ask of a feature: tried out, value by value."""

from __future__ import annotations

from collections.abc import Sequence

from tests.reference.shapley import Leaf, Tree

__all__ = ["same_ways", "ways"]


def ways(tree: Tree, row: Sequence[float]) -> str:
    """Which way a row goes at each node.

    >>> from tests.reference.shapley import Node
    >>> ways(Node(0, lambda value: value <= 1, Leaf(0, 30), Leaf(4, 10)), [2.0])
    'r'
    """
    gone = ""
    while not isinstance(tree, Leaf):
        is_left = tree.goes_left(row[tree.feature])
        gone += "l" if is_left else "r"
        tree = tree.left if is_left else tree.right
    return gone


def same_ways(
    trees: Sequence[Tree], row: Sequence[float], feature: int, values: Sequence[float]
) -> list[bool]:
    """Whether the row would go as it does with each of these values of a feature."""
    gone = [ways(tree, row) for tree in trees]
    others = [[*row[:feature], value, *row[feature + 1 :]] for value in values]
    return [[ways(tree, other) for tree in trees] == gone for other in others]
