"""Rules: which cells they mean, what they would change, and how they read."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from napari_isx.analysis.cell_metrics.definitions import Metric
from napari_isx.session.cell_table import CellTable
from napari_isx.session.rules import Condition, Rule, preview_text

STATUSES = ["accepted", "undecided", "undecided", "rejected", "undecided"]
SNR = [3.0, np.nan, 1.0, 2.0, 9.0]
COMPONENTS = [1, 2, 1, np.nan, 1]
METRICS = [
    Metric("snr", "SNR", "How strong."),
    Metric("num_components", "Components", "How many.", kind="integer"),
    Metric("event_rate", "Event rate", "How often.", unit="Hz"),
]
WEAK = Condition("snr", "<", high=3)
SPLIT = Condition("num_components", ">", low=1)


class Decided:
    """A curation of which only the statuses count."""

    def __init__(self, statuses):
        from psygnal import SignalInstance

        self.statuses = statuses
        self.changed = SignalInstance((tuple,))


@pytest.fixture
def table():
    table = CellTable([f"C{i}" for i in range(5)], Decided(STATUSES))
    table.set_columns(METRICS)
    table.set_values({"snr": SNR, "num_components": COMPONENTS})
    return table


def met(rule, table):
    """The cells it decides about, whatever status they have."""
    rules = {status: replace(rule, then_status=status) for status in STATUSES}
    changes = [rule.changes(table).get(status, ()) for status, rule in rules.items()]
    return sorted({int(cell) for cells in changes for cell in cells})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition("snr", "<", high=3), [2, 3]),
        (Condition("snr", ">", low=2), [0, 4]),
        (Condition("snr", "between", 2, 3), [0, 3]),
        (Condition("snr", "between", 9, 9), [4]),
        (Condition("snr", ">", low=100), []),
        (Condition("event_rate", ">", low=0), []),  # not computed
        (Condition("nothing", ">", low=0), []),
    ],
)
def test_a_condition_holds_for_defined_values_alone(table, condition, expected):
    assert met(Rule((condition,)), table) == expected


def test_conditions_are_met_all_or_any(table):
    single = Condition("num_components", "between", 1, 1)
    assert met(Rule((WEAK, single), "all"), table) == [2]
    assert met(Rule((WEAK, SPLIT), "any"), table) == [1, 2, 3]


def test_changes_leave_out_cells_that_have_the_status_already(table):
    changes = Rule((WEAK, SPLIT), "any").changes(table)
    assert {status: found.tolist() for status, found in changes.items()} == {"rejected": [1, 2]}
    preview = Rule((WEAK, SPLIT), "any").preview(table)
    assert preview == {("undecided", "rejected"): 2}


def test_the_rest_gets_the_other_status_where_it_is_known_to_be_the_rest(table):
    rule = Rule((Condition("snr", ">", low=2.5),), then_status="accepted", else_status="rejected")
    changes = {status: found.tolist() for status, found in rule.changes(table).items()}
    assert changes == {"accepted": [4], "rejected": [2]}  # 1 has no SNR and stays as it is
    assert rule.preview(table) == {("undecided", "accepted"): 1, ("undecided", "rejected"): 1}


def test_one_known_value_can_settle_a_rule_with_an_unknown_one(table):
    def decided(*args):
        changes = Rule(*args, "accepted", "rejected").changes(table)
        return {status: found.tolist() for status, found in changes.items()}

    strong = Condition("snr", ">", low=2.5)
    single = Condition("num_components", "<", high=2)
    # Cell 1: SNR unknown, two components. Cell 3: SNR 2, components unknown.
    assert decided((strong, single), "all") == {"accepted": [4], "rejected": [1, 2]}
    assert decided((strong, single), "any") == {"accepted": [2, 4]}


def test_a_rule_can_be_kept_to_some_cells(table):
    rule = Rule((WEAK, SPLIT), "any")
    assert rule.changes(table, among=[2, 4])["rejected"].tolist() == [2]
    assert rule.changes(table, among=[]) == {}
    assert rule.preview(table, among=np.array([1])) == {("undecided", "rejected"): 1}


def test_both_statuses_may_be_the_same(table):
    rule = Rule((WEAK,), then_status="undecided", else_status="undecided")
    assert rule.changes(table)["undecided"].tolist() == [0, 3]


def test_columns_that_are_not_there_are_told(table):
    rule = Rule((WEAK, Condition("event_rate", ">", low=1), Condition("x", ">", low=1)))
    assert rule.missing(table) == ["event_rate", "x"]


def test_nothing_changes_where_there_is_nothing_to_decide():
    table = CellTable(["a"])
    table.set_columns(METRICS)
    table.set_values({"snr": [1.0]})
    rule = Rule((WEAK,))
    assert rule.changes(table) == {}
    assert rule.preview(table) == {}
    assert Rule((WEAK,)).changes(CellTable([], Decided([]))) == {}


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Rule((WEAK, SPLIT), "any"), "SNR < 3 or Components > 1 → rejected"),
        (
            Rule(
                (Condition("event_rate", "between", 0.01, 2), WEAK), "all", "accepted", "rejected"
            ),
            "Event rate between 0.01 and 2 Hz and SNR < 3 → accepted, else rejected",
        ),
        (Rule((Condition("num_components", "between", 1, 1),)), "Components = 1 → rejected"),
        (Rule((Condition("gone", ">", low=1e-9),)), "gone > 1e-09 → rejected"),
    ],
)
def test_rules_read_as_people_say_them(rule, text):
    assert rule.text(METRICS) == text


def test_previews_read_as_people_say_them():
    counts = {("undecided", "rejected"): 1200, ("accepted", "rejected"): 1}
    assert preview_text(counts) == "1,200 undecided → rejected, 1 accepted → rejected"
    assert preview_text({}) == "no change"


@pytest.mark.parametrize(
    "rule",
    [
        Rule((WEAK,)),
        Rule((WEAK, SPLIT, Condition("snr", "between", -1.5, 2)), "any", "accepted", "undecided"),
    ],
)
def test_rules_come_back_from_json(rule):
    assert Rule.from_json(json.loads(json.dumps(rule.to_json()))) == rule


GOOD = Rule((WEAK,)).to_json()
CONDITION = GOOD["conditions"][0]


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        {},
        {**GOOD, "conditions": []},
        {**GOOD, "conditions": None},
        {**GOOD, "conditions": [3]},
        {**GOOD, "combine": "some"},
        {**GOOD, "combine": []},
        {**GOOD, "then": "maybe"},
        {**GOOD, "then": None},
        {**GOOD, "else": "maybe"},
        {**GOOD, "else": 3},
        {**GOOD, "conditions": [{**CONDITION, "op": "="}]},
        {**GOOD, "conditions": [{**CONDITION, "op": []}]},
        {**GOOD, "conditions": [{**CONDITION, "high": "3"}]},
        {**GOOD, "conditions": [{**CONDITION, "high": True}]},
        {**GOOD, "conditions": [{**CONDITION, "high": float("nan")}]},
        {**GOOD, "conditions": [{**CONDITION, "high": None}]},
        {**GOOD, "conditions": [{**CONDITION, "low": 1}]},
        {**GOOD, "conditions": [{**CONDITION, "column": 3}]},
        {**GOOD, "conditions": [{**CONDITION, "high": 10**400}]},
    ],
)
def test_what_is_no_rule_is_refused(values):
    with pytest.raises(ValueError, match=r"."):
        Rule.from_json(values)


@pytest.mark.parametrize(
    ("op", "low", "high"),
    [
        ("<", 1, None),
        (">", None, 1),
        ("between", 1, None),
        ("between", 2, 1),
        ("<", None, np.inf),
        ("=", 1, 1),
    ],
)
def test_limits_must_fit_the_comparison(op, low, high):
    with pytest.raises(ValueError, match=r"limits|lies between|condition is"):
        Condition("snr", op, low, high)
