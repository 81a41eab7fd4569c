"""A policy becomes what it says, and what it cannot mean is refused with its place."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge import Policy
from kedge.decide import policy as module
from kedge.toml.text import value_text

assert module.__doc__ is not None
TEXT = inspect.cleandoc(
    module.__doc__.partition("\n\n")[2].partition("\n\nAn `error`")[0].replace("\n\n", "\n\n    ")
)
LINES = TEXT.split("\n")


def line_of(start: str) -> int:
    return next(i for i, line in enumerate(LINES, 1) if line.strip().startswith(start))


@pytest.fixture
def policy() -> Policy:
    return Policy.from_toml(TEXT)


def test_each_table_becomes_what_holds_it(policy: Policy) -> None:
    profile = kedge.profile({"x": np.arange(1000.0)})
    monitor = kedge.Monitor(profile, min_effect=0.02, false_alarms="1/30d", window="7d")
    assert policy.monitor(profile) == monitor
    performance = kedge.Performance("binary", prediction="score", target="paid")
    assert policy.performance() == performance
    late = policy.late_labels()
    late.predict({"id": [1], "score": [0.5]})
    assert (late.waiting, late.counted()) == (1, performance)
    same = kedge.Calibration(score="score", target="paid", alpha=0.01)
    assert policy.calibration() == same
    assert policy.protected == ["sex"]
    assert policy.fairness("sex") == kedge.Fairness(
        decision="approved", group="sex", groups=["f", "m"], minimum=0.8, alpha=0.01
    )
    shadow = kedge.Shadow(live="a", candidate="b", bound=0.2, alpha=0.05, min_rows=1000)
    assert policy.shadow(live="a", candidate="b") == shadow
    canary = policy.canary(arm="arm", error="failed", latency="ms")
    assert canary.__reduce__() == (
        kedge.Canary(
            arm="arm", error="failed", latency="ms", latency_limit=50.0, alpha=0.02
        ).__reduce__()
    )


def test_the_checked_form_is_plain_data(policy: Policy) -> None:
    plain = policy.definition
    assert json.loads(json.dumps(plain)) == plain
    plain["shadow"]["min_rows"] = 7
    assert policy.definition["shadow"]["min_rows"] == 1000
    assert policy == Policy.from_toml(TEXT.replace("\n", "\r\n")) != Policy.from_toml("")
    assert repr(policy) == "Policy of drift, quality, fairness, shadow, canary"
    assert repr(Policy.from_toml("")) == "Policy of nothing"


def test_a_shadow_is_promoted_after_its_rows(policy: Policy) -> None:
    shadow = policy.shadow(live="old", candidate="new")
    shadow.update({"old": [0.2] * 600, "new": [0.1] * 600})
    decision = shadow.decision()
    assert (decision.verdict, decision.rows_needed) == ("not yet known", 400)
    assert decision.evidence_yes > 20
    shadow.update({"old": [0.2] * 400, "new": [0.1] * 400})
    assert shadow.decision().verdict == "yes"
    with pytest.raises(kedge.InvalidArgument, match="min_rows = -1 is negative"):
        kedge.Shadow(live="a", candidate="b", bound=1, min_rows=-1)


def test_a_no_of_the_shadow_waits_for_nothing(policy: Policy) -> None:
    shadow = policy.shadow(live="old", candidate="new")
    shadow.update({"old": [0.1] * 600, "new": [0.2] * 600})
    assert shadow.decision().verdict == "no"


def test_what_follows_from_fairness(policy: Policy) -> None:
    fairness = policy.fairness("sex")
    assert policy.fairness_action("sex", fairness) == "allow"
    fairness.update({"approved": [0] * 400 + [1] * 400, "sex": ["f"] * 400 + ["m"] * 400})
    assert policy.fairness_action("sex", fairness) == "rollback"
    by_truth = Policy.from_toml(
        "[fairness.sex]\nmetric = 'equal_opportunity'\ndecision = 'd'\ntarget = 't'\n"
        "groups = ['f', 'm']\non_unknown = 'hold'\n"
    )
    fairness = by_truth.fairness("sex")
    assert by_truth.fairness_action("sex", fairness) == "hold"
    rows = {"d": [1] * 4000, "t": [1] * 4000, "sex": ["f", "m"] * 2000}
    fairness.update(rows)
    assert by_truth.fairness_action("sex", fairness) == "allow"


def test_the_canary_takes_its_share_by_the_key(policy: Policy) -> None:
    keys = [str(i) for i in range(4000)]
    arms = policy.canary_arms({"customer_id": keys, "other": keys})
    assert arms.tolist() == kedge.decide.split(keys, [0.05], salt="canary").tolist()
    assert policy.canary_arms(keys).tolist() == arms.tolist()
    assert 150 < arms.sum() < 250


def test_what_is_not_there_is_said(policy: Policy) -> None:
    nothing = Policy.from_toml("")
    profile = kedge.profile({"x": [1.0, 2.0]})
    for call, error in (
        (lambda: nothing.monitor(profile), r"there is no \[trigger.drift\]"),
        (lambda: nothing.shadow(live="a", candidate="b"), r"there is no \[shadow\]"),
        (lambda: nothing.fairness("sex"), r"there is no \[fairness.sex\]"),
        (lambda: policy.fairness("age"), r"there is no \[fairness.age\]"),
        (lambda: policy.shadow(live="a"), "shadow: no candidate is named, there or in the call"),
        (lambda: policy.canary(arm="a", error="e"), "latency_over_ms: no column is named"),
        (
            lambda: Policy.from_toml("[fairness.x]\ndecision = 'd'\n").fairness("x"),
            "fairness.x: no groups is named",
        ),
    ):
        with pytest.raises(kedge.InvalidArgument, match=error):
            call()


SHADOW = "promote_if"
RULE = '{ what = "errors"'


@pytest.mark.parametrize(
    ("start", "wrong", "error"),
    [
        ("[trigger]", "[triger]", r": triger: there is no such key, did you mean 'trigger'\?"),
        ("drift =", "drift = { min_efect = 1 }", "trigger.drift.min_efect: there is no such key, "),
        ("drift =", "drift = { min_effect = 1 }", r"min_effect = 1: expected a number from 0 and "),
        ("drift =", "drift = { false_alarms = '1/x' }", '= "1/x": expected a rate such as "1/30d"'),
        ("drift =", "drift = { false_alarms = 0 }", "= 0: expected a number above 0 and up to 1"),
        ("drift =", "drift = { fdr = nan }", "fdr = nan: expected a number above 0 and below 1"),
        ("drift =", "drift = { group = 1.0 }", "group = 1.0: expected a whole number from 1 to"),
        ("drift =", "drift = { test = 'kss' }", "test = \"kss\": .* did you mean 'ks'"),
        ("drift =", "drift = 3", "trigger.drift = 3: expected a table"),
        ("kind", "kind = 'binnary'", "quality.kind = .*did you mean 'binary'"),
        ("kind", "kind = 'regression'", "quality.calibration: only scores"),
        ("prediction", "prediction = ''", 'quality.prediction = "": expected a string that is not'),
        ("target", "target = 'paid'\nclasses = ['a']", "quality: classes"),
        ("late", "late = { id = 'id' }", "quality.late: most_waiting is missing"),
        ("late", "late = { id = 'id', most_waiting = 0 }", "most_waiting = 0: expected a whole"),
        ("late", "late = { id = 'id', most_waiting = 9, time = 't' }", "time and horizon go toge"),
        ("metric", "metric = 'parity'", "fairness.sex.metric = .parity.: there is no such word"),
        ("metric", "metric = 'equal_opportunity'", "a target is needed"),
        ("groups", "groups = ['f']", "fairness.sex: "),
        ("groups", "groups = ['f', 1.5]", r'groups = \["f", 1.5\]: expected a list of strings'),
        ("floor", "floor = true", "fairness.sex.floor = true: expected a number above 0 and up to"),
        ("on_unknown", "on_unknown = 7", "= 7: expected one of allow, alert, hold, rollback"),
        (SHADOW, "promote_if = {}", "shadow.promote_if: loss_bound is missing"),
        (SHADOW, "promote_if = { loss_bound = 0.2, loss_better_by = 0.3 }", "between -0.2 and 0.2"),
        ("min_rows", "min_rows = -1", "shadow.min_rows = -1: expected a whole number from 0"),
        ("share", "share = 1.0", "canary.share = 1.0: expected a number above 0 and below 1"),
        (RULE, "{ what = 'latency' },", r"rollback_if\[0\].what = .*mean 'latency_over_ms'"),
        (RULE, "{ what = 'latency_over_ms' },", r"rollback_if\[0\]: limit is missing"),
        (RULE, "{ what = 'errors', limit = 3 },", "errors have no limit"),
        (RULE, "{ what = 'errors', error = 1.5 },", r"\[0\].error = 1.5: expected a number"),
        (RULE, "7,", r"canary.rollback_if\[0\] = 7: expected a table"),
    ],
)
def test_an_error_names_file_line_key_value_and_bound(
    start: str, wrong: str, error: str, tmp_path: Path
) -> None:
    lines = list(LINES)
    line = line_of(start)
    lines[line - 1] = wrong
    file = tmp_path / "policy.toml"
    file.write_text("\n".join(lines))
    with pytest.raises(kedge.InvalidArgument, match=error) as raised:
        Policy.load(file)
    said = str(raised.value)
    assert said.startswith(f"{file}:")
    at = int(said.removeprefix(f"{file}:").partition(":")[0])
    near = {
        "kind = 'regression'": line_of("calibration"),
        "groups = ['f']": at,
        "target = 'paid'\nclasses = ['a']": line_of("[quality]"),
    }
    assert at == near.get(wrong, line)


RULES = (
    "[canary]\nshare = 0.1\nrollback_if = [\n{ what = 'errors', error = 0.2 },\n"
    "{ what = 'latency_over_ms', limit = 5"
)
ENTRY = "[[canary.rollback_if]]\nwhat = 'errors'\n"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[trigger]\ndrift = {tumbling = true}\n", "line 2: .*tumbling = true: there is no window"),
        (
            '[trigger]\ndrift = {fdr = 0.1, false_alarms = "1/7d"}\n',
            "line 2: .*false_alarms = .*: fdr is instead of it",
        ),
        ("[trigger]\ndrift = {window = 0}\n", "line 2: trigger.drift.window = 0: expected a whole"),
        ("[trigger]\ndrift = {window = '7y'}\n", 'line 2: .*: expected a length such as "7d"'),
        ("[canary]\nshare = 0.1\n", "line 1: canary: rollback_if is missing"),
        ("[canary]\nshare = 0.1\nrollback_if = []\n", r"line 3: .* = \[\]: expected a list of ta"),
        ("shadow = 3\n", "line 1: shadow = 3: expected a table"),
        ("fairness = 3\n", r"line 1: fairness = 3: expected tables such as \[fairness.sex\]"),
        ("[fairness]\nsex = 3\n", "line 2: fairness.sex = 3: expected a table"),
        ("[trigger]\n", "line 1: trigger: drift is missing"),
        ("[approve.production]\n", "line 1: approve: there is no such key"),
        ("a = " + "1" * 5000, "not TOML"),
        (
            "[quality]\nkind = 'regression'\nprediction = 'p'\ntarget = 't'\nquantiles = [1"
            + "0" * 400
            + "]\n",
            "line 5: quality.quantiles",
        ),
        (RULES + ",\nerror = 0.1 }]\n", "line 5: not TOML"),
        (RULES + ", error = 0.1 }]\n", r"line 5: .*\[1\].error = 0.1"),
        ("[canary]\nshare = 0.1\n" + 2 * ENTRY, r"line 6: .*: it is listed twice"),
        ("[canary]\nshare = 0.1\npromote_if = { margin = -2 }\n" + ENTRY, "line 3: .*above -1 and"),
    ],
)
def test_documents_that_mean_nothing_are_refused(text: str, error: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=error):
        Policy.from_toml(text)


WORDS = st.sampled_from(
    [
        *("trigger", "drift", "quality", "fairness", "sex", "shadow", "canary", "promote_if"),
        *("share", "rollback_if", "error", "late", "what", "min_effect", "false_alarms", "kind"),
        *("binary", "ks", "loss_bound", "groups", "id", "1/30d", "errors"),
    ]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    WORDS | st.integers(-2, 3) | st.floats() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=150)
@given(st.dictionaries(WORDS, VALUES, max_size=3))
def test_any_document_is_a_policy_or_an_error_with_its_line(document: dict[str, Any]) -> None:
    text = "".join(f"{name} = {value_text(value)}\n" for name, value in document.items())
    said = ""
    try:
        Policy.from_toml(text)
    except kedge.InvalidArgument as error:
        said = str(error)
    assert said == "" or said.startswith("line ")
