"""The models the scoring benchmarks run: their shapes, their data and the files they are kept in.

Everything is synthetic and seeded. Rows are float32, which every engine takes; categories are the
last columns, whole numbers below 24; NaN is missing.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = [
    "LEVELS",
    "SHAPES",
    "TRAINING_ROWS",
    "Case",
    "Rows",
    "Scores",
    "Shape",
    "draw",
    "targets",
]

Rows = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float64]

LEVELS = 24
TRAINING_ROWS = 6000


@dataclass(frozen=True)
class Shape:
    """What a model is like.

    Attributes:
        name: what the works call it.
        features: columns, the `categories` last ones among them.
        rounds: of boosting, each of them one tree a class.
        leaves: of every tree.
        classes: 1 for a regression and for two classes, which `binary` tells apart.
        missing: the share of values that are.
        most: rows of the largest batch.
    """

    name: str
    features: int
    rounds: int
    leaves: int
    binary: bool = False
    classes: int = 1
    categories: int = 0
    missing: float = 0.0
    most: int = 10_000

    @property
    def numbers(self) -> int:
        """How many columns are no categories."""
        return self.features - self.categories

    @property
    def has_labels(self) -> bool:
        """Whether the model tells classes apart."""
        return self.binary or self.classes > 1


SHAPES = (
    Shape("T1", 28, 100, 31, binary=True, most=100_000),
    Shape("T2", 100, 1000, 63),
    Shape("T3", 50, 100, 127, classes=5, categories=10, missing=0.1),
)


@dataclass(frozen=True)
class Case:
    """A shape, the library that trained a model of it, and the folder with the files."""

    shape: Shape
    trainer: str
    folder: Path

    @classmethod
    def from_json(cls, text: str) -> Case:
        """What `to_json` wrote."""
        fields = json.loads(text)
        return cls(Shape(**fields["shape"]), fields["trainer"], Path(fields["folder"]))

    def to_json(self) -> str:
        """The case as one argument of a command."""
        plain = {"shape": asdict(self.shape), "trainer": self.trainer, "folder": str(self.folder)}
        return json.dumps(plain)

    def file(self, ending: str) -> Path:
        """Where something made of this case is kept."""
        return self.folder / f"{self.shape.name}.{self.trainer}.{ending}"

    @property
    def model(self) -> Path:
        """The model as its trainer saves it."""
        endings = {"lightgbm": "txt", "xgboost": "json", "catboost": "cbm", "ydf": "ydf"}
        return self.file(endings[self.trainer])

    def rows(self) -> Rows:
        """The rows to score."""
        return draw(self.shape, self.shape.most, seed=1)

    def reference(self) -> Scores:
        """The trainer's own raw scores of these rows, a column for every class."""
        scores: Scores = np.load(self.file("npy"))
        return scores


def draw(shape: Shape, rows: int, seed: int) -> Rows:
    """Rows of the shape's columns.

    >>> draw(Shape("S", 3, 1, 2, categories=1), 2, seed=0).dtype.name
    'float32'
    """
    rng = np.random.default_rng([2024, seed])
    table = rng.normal(size=(rows, shape.features)).astype(np.float32)
    table[:, shape.numbers :] = rng.integers(0, LEVELS, (rows, shape.categories))
    if shape.missing:
        table[rng.random(table.shape) < shape.missing] = np.nan
    return table


def targets(shape: Shape, table: Rows) -> Scores:
    """What a model of the shape is to learn: a straight part, products, categories and noise."""
    rng = np.random.default_rng([2024, 2])
    numbers = np.nan_to_num(table[:, : shape.numbers].astype(np.float64))
    scores = numbers @ rng.normal(size=(shape.numbers, shape.classes)) / np.sqrt(shape.numbers)
    for _ in range(8):
        a, b = rng.integers(0, shape.numbers, 2)
        scores += np.tanh(numbers[:, [a]] * numbers[:, [b]] * rng.normal(size=shape.classes))
    for column in range(shape.numbers, shape.features):
        effects = rng.normal(size=(LEVELS + 1, shape.classes)) / 2
        scores += effects[np.nan_to_num(table[:, column], nan=LEVELS).astype(int)]
    scores += rng.normal(size=scores.shape) / 2
    learnt: Scores = scores[:, 0]
    if shape.binary:
        learnt = (learnt > 0).astype(np.float64)
    elif shape.classes > 1:
        learnt = scores.argmax(axis=1).astype(np.float64)
    return learnt
