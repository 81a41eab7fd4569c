"""Model.reasons: conditions that the row meets, and beyond which some tree goes another way."""

from __future__ import annotations

import re

import lightgbm
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge import _core
from tests.model import test_lightgbm as lgb
from tests.model.rows import same_bits
from tests.reference.reasons import same_ways
from tests.reference.shapley import Tree
from tests.score.test_explain import CATEGORY, FEATURES, VALUES, compiled, trees

CUTS = [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
NUMBERS = [*CUTS, *np.nextafter(CUTS, 9), *np.nextafter(CUTS, -9), -np.inf, np.inf, np.nan]
CATEGORIES = [0.0, 1.0, 2.0, 3.0, 7.0, np.nan]


def fulfils(reason: _core.Reason, value: float) -> bool:
    """By the parts of a reason; what is missing has no interval."""
    if np.isnan(value) or reason.is_missing:
        return bool(np.isnan(value)) and reason.is_missing
    if reason.categories is not None:
        return (int(value) in reason.categories) != reason.is_outside
    low = -np.inf if reason.low is None else reason.low
    return low <= value <= (np.inf if reason.high is None else reason.high)


def fulfils_text(text: str, value: float) -> bool:
    """By its words, as a reader takes them."""
    name = r"f\d"
    if text.endswith("not missing"):
        return not np.isnan(value)
    if text.endswith("missing") or np.isnan(value):
        return text.endswith(" missing") and bool(np.isnan(value))
    if found := re.fullmatch(rf"{name} (not )?in \{{(.*)\}}", text):
        return (value in map(float, found[2].split(", "))) != bool(found[1])
    chain = re.sub(name, "value", text).replace("value = ", "value == ").replace("inf", "np.inf")
    return bool(eval(chain, {"value": value, "np": np}))


@settings(max_examples=120)
@given(
    st.lists(trees(), min_size=1, max_size=4),
    st.lists(st.lists(VALUES, min_size=FEATURES, max_size=FEATURES), min_size=1, max_size=4),
    st.integers(1, 2),
    st.sampled_from([None, "up", "down"]),
)
def test_reasons_are_the_largest_values_that_a_tree_asks_for(
    forest: list[Tree], rows: list[list[float]], outputs: int, toward: str | None
) -> None:
    rows = [[*row[:CATEGORY], *(abs(value) // 1 for value in row[CATEGORY:])] for row in rows]
    rows = [[np.nan if np.isinf(value) else value for value in row] for row in rows]
    model, x = compiled(forest, outputs), np.array(rows)
    phi = model.explain(x).values.reshape(len(rows), outputs, FEATURES)
    found = model.reasons(x, top=FEATURES, toward=toward)
    for i, row in enumerate(rows):
        for k in range(outputs):
            reasons = found[i] if outputs == 1 else found[i][k]
            wanted = []
            for feature in sorted(range(FEATURES), key=lambda j: (-abs(phi[i, k, j]), j)):
                values = NUMBERS if feature < CATEGORY else CATEGORIES
                same = same_ways(forest[k::outputs], row, feature, values)
                sign = {"up": 1, "down": -1, None: np.sign(phi[i, k, feature])}[toward]
                if phi[i, k, feature] * sign <= 0 or all(same):
                    continue
                wanted.append(f"f{feature}")
                reason = reasons[len(wanted) - 1]
                holds_what_it_says(reason, row[feature], dict(zip(values, same, strict=True)))
            assert [reason.feature for reason in reasons] == wanted
            assert [reason.amount for reason in reasons] == [
                phi[i, k, int(name[1:])] for name in wanted
            ]


def holds_what_it_says(reason: _core.Reason, own: float, same: dict[float, bool]) -> None:
    assert fulfils(reason, own)
    assert fulfils_text(reason.condition, own)
    for value, is_same in same.items():
        if fulfils(reason, value):
            assert is_same
        elif np.isnan(value):
            assert reason.or_missing == is_same
        elif reason.categories is not None:
            assert not is_same
        assert fulfils(reason, value) == fulfils_text(reason.condition, value)
    for end, way in ((reason.low, -np.inf), (reason.high, np.inf)):
        if end is not None:
            assert not same[float(np.nextafter(end, way))]


def test_amounts_others_and_base_add_up() -> None:
    for kind in ("binary", "multiclass", "zero", "none"):
        model = kedge.compile(lgb.train(lgb.KINDS[kind], rounds=10))
        rows = lgb.draw(3, 90)
        found = model.reasons(rows, top=2)
        raw = model.predict(rows, raw=True)
        np.testing.assert_allclose(
            found.base + found.amounts.sum(axis=-1) + found.others, raw, atol=1e-12
        )
        assert found.names.shape == found.conditions.shape == found.amounts.shape
        again = model.reasons(rows[7:8], top=2, threads=2)
        assert same_bits(again.amounts, found.amounts[7:8])
        assert (again.conditions == found.conditions[7:8]).all()


def named_model() -> tuple[kedge.Model, pd.DataFrame]:
    rng = np.random.default_rng(5)
    countries = np.array(["DE", "FR", "US"])[rng.integers(0, 3, 3000)]
    frame = pd.DataFrame({"income": rng.integers(0, 90, 3000) * 1000.0})
    frame["country"] = pd.Categorical(countries)
    frame["age"] = np.where(rng.random(3000) < 0.2, np.nan, rng.integers(18, 90, 3000))
    target = (frame["income"] > 31000) * 2.0 + (countries == "US") + frame["age"].isna() * 0.5
    params = {"verbosity": -1, "num_leaves": 8, "num_threads": 1, "min_data_per_group": 1}
    params |= {"cat_smooth": 0.0}
    booster = lightgbm.train(params, lightgbm.Dataset(frame, target), 3)
    return kedge.compile(booster), frame


def test_conditions_have_the_schemas_names() -> None:
    model, frame = named_model()
    row = pa.table(
        {"income": [12000.0], "country": ["US"], "age": [None]},
        pa.schema([("income", pa.float64()), ("country", pa.string()), ("age", pa.float64())]),
    )
    income, country, age = sorted(
        model.reasons(row)[0], key=lambda one: ["income", "country", "age"].index(one.feature)
    )
    assert re.fullmatch(r"income <=? 3\d+(\.\d+)?", income.condition)
    assert income.amount < 0 < country.amount
    assert country.condition in ("country = US", "country not in {DE, FR}")
    assert age.condition == "age missing"
    assert repr(age) == f"age missing (+{age.amount!r})"
    abroad = frame[frame.country != "US"]
    (other,) = [one for one in model.reasons(abroad)[0] if one.feature == "country"]
    excluded = (["US"], True) if other.is_outside else (["DE", "FR"], False)
    assert (other.categories, other.is_outside) == excluded
    assert other.condition in ("country in {DE, FR}", "country != US")


def test_reasons_are_columns_null_where_there_are_fewer() -> None:
    model, frame = named_model()
    table = pa.table(model.reasons(frame.head(50), top=3, toward="up"))
    assert table.column_names[:4] == ["feature_1", "reason_1", "amount_1", "feature_2"]
    assert table.column_names[-2:] == ["others", "base"]
    for name in ("feature_2", "reason_2", "amount_2"):
        assert 0 < table[name].null_count < 50
    assert table["amount_1"].drop_null().to_numpy().min() > 0
    sums = sum(
        table[name].fill_null(0).to_numpy()
        for name in ("amount_1", "amount_2", "amount_3", "others", "base")
    )
    raw = pa.table(model.predict(frame.head(50), raw=True))["score"].to_numpy()
    np.testing.assert_allclose(sums, raw, atol=1e-12)
    several = kedge.compile(lgb.train(lgb.KINDS["multiclass"], rounds=3))
    names = pa.table(several.reasons(lgb.draw(3, 5), top=1)).column_names
    assert names[:3] == ["score_0.feature_1", "score_0.reason_1", "score_0.amount_1"]
    assert pa.table(several.reasons(np.empty((0, lgb.FEATURES)))).num_rows == 0


def test_against_a_background_amounts_are_its_own() -> None:
    model, frame = named_model()
    found = model.reasons(frame.head(20), background=frame.tail(50))
    values = model.explain(frame.head(20), background=frame.tail(50))
    assert found.base == list(values.base)
    np.testing.assert_allclose(
        found.amounts.sum(axis=1) + found.others, values.values.sum(axis=1), atol=1e-12
    )


def test_what_is_no_reason_is_refused() -> None:
    model, frame = named_model()
    with pytest.raises(kedge.InvalidArgument, match=r'toward: .* got "left"'):
        model.reasons(frame.head(2), toward="left")  # type: ignore[arg-type]
    with pytest.raises(IndexError, match="row 2 of 2"):
        model.reasons(frame.head(2))[2]
    with pytest.raises(kedge.Unsupported, match="linear leaves"):
        kedge.compile(lgb.train(lgb.KINDS["linear"])).reasons(lgb.draw(3, 2))
    assert model.reasons(frame.head(2), top=0)[1] == []
