"""Shapley values of a tree by their definition: over all sets of features, in exponential time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from math import factorial

__all__ = [
    "Leaf",
    "Node",
    "Tree",
    "expectation",
    "interactions",
    "shapley",
    "shapley_against",
    "shapley_of",
]


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
    return _values(lambda known: expectation(tree, row, known), features)


def shapley_against(
    tree: Tree, row: Sequence[float], sample: Sequence[Sequence[float]], features: int
) -> list[float]:
    """The same where what is not known of a row is as in each row of a sample, on average.

    >>> stump = Node(0, lambda value: value <= 1, Leaf(0, 30), Leaf(4, 10))
    >>> shapley_against(stump, [2.0], [[0.0], [2.0]], 1)
    [2.0]
    """
    everything = frozenset(range(features))

    def mean(known: frozenset[int]) -> float:
        mixed = [[row[i] if i in known else other[i] for i in range(features)] for other in sample]
        return sum(expectation(tree, values, everything) for values in mixed) / len(sample)

    return _values(mean, features)


def shapley_of(
    score: Callable[[list[list[float]]], list[float]],
    row: Sequence[float],
    sample: Sequence[Sequence[float]],
) -> list[float]:
    """That of anything that scores rows.

    >>> shapley_of(lambda rows: [a * b for a, b in rows], [2.0, 3.0], [[0.0, 0.0], [2.0, 1.0]])
    [2.0, 3.0]
    """

    def mean(known: frozenset[int]) -> float:
        mixed = [[row[i] if i in known else other[i] for i in range(len(row))] for other in sample]
        return sum(score(mixed)) / len(sample)

    return _values(mean, len(row))


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


def _values(worth: Callable[[frozenset[int]], float], features: int) -> list[float]:
    return [
        sum(
            _weight(len(known), features - 1)
            * (worth(frozenset(known) | {i}) - worth(frozenset(known)))
            for known in _subsets(set(range(features)) - {i})
        )
        for i in range(features)
    ]


def _subsets(items: set[int]) -> Iterator[tuple[int, ...]]:
    return chain.from_iterable(combinations(sorted(items), size) for size in range(len(items) + 1))


def _weight(known: int, others: int) -> float:
    return factorial(known) * factorial(others - known) / factorial(others + 1)
