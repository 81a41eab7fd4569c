"""What the readers of scikit-learn pipelines share, for very many categories."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

import kedge
from kedge._core import NetBuilder
from kedge.model.building import Building


class Counted(str):
    """Text that counts with how many others it is compared."""

    compared: ClassVar[int] = 0
    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)


def test_a_name_is_looked_up_and_not_searched_for() -> None:
    build = Building(NetBuilder(["town"], {}), {0: ["first"]})
    names = [Counted(f"town {i}") for i in range(2000)]
    assert [build.code(0, name) for name in names] == list(range(1, 2001))
    assert [build.code(0, str(name)) for name in names] == list(range(1, 2001))
    assert build.code(0, "first") == 0
    assert build.texts == {0: ["first", *names]}
    assert Counted.compared < 10 * len(names)


def test_very_many_categories_compile() -> None:
    """Minutes, were each searched for among all."""
    names = np.array([f"town {i:06}" for i in range(100_000)], object)
    table = pd.DataFrame({"town": names})
    pipeline = make_pipeline(OrdinalEncoder(), LinearRegression())
    pipeline.fit(table, np.arange(len(names)) % 7)
    model = kedge.compile(pipeline)
    few = table.iloc[[0, 7, 99_999]]
    codes = model.predict({"town": "town 000007"})
    np.testing.assert_allclose(codes, pipeline.predict(few)[1:2], rtol=1e-9)
