"""Shapley values of a tree by their definition: over all sets of features, in exponential time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from math import factorial

__all__ = ["Leaf", "Node", "Tree", "expectation", "interactions", "shapley"]


@dataclass(frozen=True)
class Leaf:
    """Where a row ends, and how many training rows did."""

    value: float
    cover: float


@dataclass(frozen=True)
class Node:
    """A question about one feature: rows whose value passes go left."""

    feature: int
    goes_left: Callable[[float], bool]
    left: Tree
    right: Tree

    @property
    def cover(self) -> float:
        """How many training rows came by."""
        return self.left.cover + self.right.cover


Tree = Leaf | Node


def expectation(tree: Tree, row: Sequence[float], known: frozenset[int]) -> float:
    """What the tree is expected to say of a row of which only some features are known.

    >>> stump = Node(0, lambda value: value <= 1, Leaf(0, 30), Leaf(4, 10))
    >>> expectation(stump, [2.0], frozenset()), expectation(stump, [2.0], frozenset({0}))
    (1.0, 4.0)
    """
    if isinstance(tree, Leaf):
        return tree.value
    if tree.feature in known:
        child = tree.left if tree.goes_left(row[tree.feature]) else tree.right
        return expectation(child, row, known)
    share = tree.right.cover / tree.cover if tree.cover else 0.5
    left = expectation(tree.left, row, known)
    return left * (1 - share) + expectation(tree.right, row, known) * share


def shapley(tree: Tree, row: Sequence[float], features: int) -> list[float]:
    """What knowing each feature adds, on average over all orders in which they become known."""
    return [
        sum(
            _weight(len(known), features - 1)
            * (
                expectation(tree, row, frozenset(known) | {i})
                - expectation(tree, row, frozenset(known))
            )
            for known in _subsets(set(range(features)) - {i})
        )
        for i in range(features)
    ]


def interactions(tree: Tree, row: Sequence[float], features: int) -> list[list[float]]:
    """Each pair's half of what the two add together and not alone; the rest on the diagonal."""
    table = [[0.0] * features for _ in range(features)]
    for i, j in combinations(range(features), 2):
        for known in _subsets(set(range(features)) - {i, j}):
            base = frozenset(known)
            both, first, second, none = (
                expectation(tree, row, base | more) for more in ({i, j}, {i}, {j}, set())
            )
            table[i][j] += _weight(len(known), features - 2) / 2 * (both - first - second + none)
        table[j][i] = table[i][j]
    for i, total in enumerate(shapley(tree, row, features)):
        table[i][i] = total - sum(table[i])
    return table


def _subsets(items: set[int]) -> Iterator[tuple[int, ...]]:
    return chain.from_iterable(combinations(sorted(items), size) for size in range(len(items) + 1))


def _weight(known: int, others: int) -> float:
    return factorial(known) * factorial(others - known) / factorial(others + 1)
