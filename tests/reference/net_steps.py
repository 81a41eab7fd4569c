"""The steps of a net by NumPy, one line each, over all rows at once.

Has the methods of the core's NetBuilder; a slot's values are there as soon as it is named.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Array = np.ndarray


class PlainNet:
    """Slot 0 is `rows`."""

    def __init__(self, rows: Array) -> None:
        self.slots = [np.asarray(rows, np.float64)]

    def add(self, values: Array) -> int:
        self.slots.append(np.asarray(values, np.float64))
        return len(self.slots) - 1

    def width(self, slot: int) -> int:
        return int(self.slots[slot].shape[1])

    def affine(self, slot: int, weights: Array, bias: Array) -> int:
        total = np.tile(bias, (len(self.slots[slot]), 1))
        for column, row in zip(self.slots[slot].T, weights, strict=True):
            total = total + column[:, None] * row
        return self.add(total)

    def activate(self, slot: int, activation: str) -> int:
        x = self.slots[slot]
        with np.errstate(over="ignore"):
            return self.add(
                {
                    "relu": lambda: np.where(x < 0, 0, x),
                    "tanh": lambda: np.tanh(x),
                    "logistic": lambda: 1 / (1 + np.exp(-x)),
                    "exp": lambda: np.exp(x),
                }[activation]()
            )

    def combine(self, how: str, slot: int, other: int) -> int:
        return self.add(_combined(how, self.slots[slot], self.slots[other]))

    def combine_with(self, how: str, slot: int, constant: Array) -> int:
        return self.add(_combined(how, self.slots[slot], constant))

    def select(self, slot: int, columns: Sequence[int]) -> int:
        return self.add(self.slots[slot][:, columns])

    def concat(self, slots: Sequence[int]) -> int:
        return self.add(np.hstack([self.slots[slot] for slot in slots]))

    def softmax(self, slot: int) -> int:
        x = self.slots[slot]
        grown = np.exp(x - x.max(axis=1, keepdims=True))
        return self.add(grown / grown.sum(axis=1, keepdims=True))

    def look_up(self, slot: int, table: Array) -> int:
        places = np.nan_to_num(self.slots[slot], nan=0.0).clip(0, len(table) - 1).astype(int)
        return self.add(np.hstack([table[column] for column in places.T]))

    def fill(self, slot: int, values: Array) -> int:
        return self.add(np.where(np.isnan(self.slots[slot]), values, self.slots[slot]))

    def missing(self, slot: int) -> int:
        return self.add(np.isnan(self.slots[slot]))

    def place(self, slot: int, how: str, numbers: Array) -> int:
        return self.add(
            np.vectorize(lambda x: _placed(how, numbers, x), otypes=[float])(self.slots[slot])
        )

    def normalize(self, slot: int, norm: str) -> int:
        x = self.slots[slot]
        sizes = {
            "l1": lambda row: sum(abs(row)),
            "l2": lambda row: sum(row * row) ** 0.5,
            "max": lambda row: max(abs(row)),
        }[norm]
        norms = np.array([sizes(row) for row in x])[:, None]
        return self.add(x / np.where(norms == 0, 1, norms))

    def widen(self, slot: int) -> int:
        return slot


def _combined(how: str, a: Array, b: Array) -> Array:
    return {
        "add": np.add,
        "subtract": np.subtract,
        "multiply": np.multiply,
        "divide": np.divide,
        "min": np.minimum,
        "max": np.maximum,
    }[how](a, b)


def _placed(how: str, numbers: Array, x: float) -> float:
    if np.isnan(x):
        return x
    if how == "equal":
        return float(next((i for i, number in enumerate(numbers) if number == x), len(numbers)))
    return float(sum(number < x or (how == "at most" and number == x) for number in numbers))
