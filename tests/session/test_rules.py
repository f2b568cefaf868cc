"""Rules: which cells they mean, what they would change, and how they read."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_isx.analysis.cell_metrics.definitions import Metric
from napari_isx.session.cell_table import CellTable
from napari_isx.session.rules import Rule, above, preview_text


def below(limit):
    return -np.inf, np.nextafter(limit, -np.inf)


STATUSES = ["accepted", "undecided", "undecided", "rejected", "undecided"]
SNR = [3.0, np.nan, 1.0, 2.0, 9.0]
COMPONENTS = [1, 2, 1, np.nan, 1]
METRICS = [
    Metric("snr", "SNR", "How strong."),
    Metric("num_components", "Components", "How many.", kind="integer"),
    Metric("event_rate", "Event rate", "How often.", unit="Hz"),
]
WEAK = {"snr": below(3)}
SPLIT = {"num_components": above(1)}


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


def found(changes):
    """Cells by the status they get."""
    return {status: [i for i in changes if changes[i] == status] for status in changes.values()}


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        (WEAK, [2, 3]),
        ({"snr": above(2)}, [0, 4]),
        ({"snr": (2, 3)}, [0, 3]),
        ({"snr": (9, 9)}, [4]),
        ({"snr": above(100)}, []),
        ({"event_rate": above(0)}, []),  # not computed
        ({"nothing": above(0)}, []),
        ({**WEAK, "num_components": (1, 1)}, [2]),
    ],
)
def test_ranges_are_met_by_defined_values_alone(table, ranges, expected):
    met, failed = Rule(ranges).met_and_failed(table)
    assert np.flatnonzero(met).tolist() == expected
    assert not (met & failed).any()


def test_above_leaves_out_its_limit():
    table = CellTable(["a", "b", "c"], Decided(["undecided"] * 3))
    table.set_columns(METRICS)
    table.set_values({"snr": [0.0, 1e-300, -1.0]})
    assert Rule({"snr": above(0)}).changes(table) == {1: "rejected"}


def test_changes_leave_out_cells_that_have_the_status_already(table):
    rule = Rule({**WEAK, **SPLIT}, "any")
    assert np.flatnonzero(rule.met_and_failed(table)[0]).tolist() == [1, 2, 3]
    assert rule.changes(table) == {1: "rejected", 2: "rejected"}


def test_the_rest_gets_the_other_status_where_it_is_known_to_be_the_rest(table):
    rule = Rule({"snr": above(2.5)}, then_status="accepted", else_status="rejected")
    # 1 has no SNR and stays as it is.
    assert found(rule.changes(table)) == {"accepted": [4], "rejected": [2]}


def test_one_known_value_can_settle_a_rule_with_an_unknown_one(table):
    ranges = {"snr": above(2.5), "num_components": below(2)}
    # Cell 1: SNR unknown, two components. Cell 3: SNR 2, components unknown.
    all_ = Rule(ranges, "all", "accepted", "rejected")
    assert found(all_.changes(table)) == {"accepted": [4], "rejected": [1, 2]}
    any_ = Rule(ranges, "any", "accepted", "rejected")
    assert found(any_.changes(table)) == {"accepted": [2, 4]}


def test_a_rule_can_be_kept_to_some_cells(table):
    rule = Rule({**WEAK, **SPLIT}, "any")
    assert rule.changes(table, among=[2, 4]) == {2: "rejected"}
    assert rule.changes(table, among=[]) == {}
    assert rule.changes(table, among=np.array([1])) == {1: "rejected"}


def test_both_statuses_may_be_the_same(table):
    rule = Rule(WEAK, then_status="undecided", else_status="undecided")
    assert found(rule.changes(table)) == {"undecided": [0, 3]}


def test_columns_that_are_not_there_are_told(table):
    rule = Rule({**WEAK, "event_rate": above(1), "x": above(1)})
    assert rule.missing(table) == ["event_rate", "x"]


def test_nothing_changes_where_there_is_nothing_to_decide():
    table = CellTable(["a"])
    table.set_columns(METRICS)
    table.set_values({"snr": [1.0]})
    assert Rule(WEAK).changes(table) == {}
    assert Rule(WEAK).changes(CellTable([], Decided([]))) == {}


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Rule({**WEAK, **SPLIT}, "any"), "SNR < 3 or Components > 1 → rejected"),
        (Rule({"snr": (3, np.inf), "x": (-np.inf, 0)}), "SNR ≥ 3 and x ≤ 0 → rejected"),
        (
            Rule({"event_rate": (0.01, 2), **WEAK}, "all", "accepted", "rejected"),
            "Event rate between 0.01 and 2 Hz and SNR < 3 → accepted, else rejected",
        ),
        (Rule({"num_components": (1, 1)}), "Components = 1 → rejected"),
        (Rule({"event_rate": above(0)}), "Event rate > 0 Hz → rejected"),
        (Rule({"gone": above(1e-9)}), "gone > 1e-09 → rejected"),
        (Rule({"gone": (-np.inf, 1 / 3)}), "gone ≤ 0.333333 → rejected"),
    ],
)
def test_rules_read_as_people_say_them(rule, text):
    assert rule.text(METRICS) == text


def test_previews_read_as_people_say_them():
    changes = {0: "rejected", **dict.fromkeys(range(1, 1201), "rejected")}
    statuses = ["accepted", *["undecided"] * 1200]
    text = "1 accepted → rejected, 1,200 undecided → rejected"
    assert preview_text(statuses, changes) == text
    assert preview_text(statuses, {}) == "no change"


@pytest.mark.parametrize(
    "rule",
    [
        Rule(WEAK),
        Rule({**WEAK, **SPLIT, "x": (-1.5, 2)}, "any", "accepted", "undecided"),
        Rule({"event_rate": above(0)}),
    ],
)
def test_rules_come_back_from_json(rule):
    text = json.dumps(rule.to_json(), allow_nan=False)
    assert Rule.from_json(json.loads(text)) == rule


GOOD = Rule(WEAK).to_json()


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        {},
        {**GOOD, "ranges": {}},
        {**GOOD, "ranges": None},
        {**GOOD, "ranges": [3]},
        {**GOOD, "combine": "some"},
        {**GOOD, "combine": []},
        {**GOOD, "then": "maybe"},
        {**GOOD, "then": None},
        {**GOOD, "else": "maybe"},
        {**GOOD, "else": 3},
        *(
            {**GOOD, "ranges": {"snr": limits}}
            for limits in (
                3,
                [3],
                [1, 2, 3],
                [2, 1],
                [None, None],
                [None, "3"],
                [None, True],
                [None, float("nan")],
                [None, 10**400],
                [None, []],
            )
        ),
    ],
)
def test_what_is_no_rule_is_refused(values):
    with pytest.raises(ValueError, match=r"."):
        Rule.from_json(values)


@pytest.mark.parametrize("limits", [(2, 1), (-np.inf, np.inf), (np.nan, 1), (1, np.nan)])
def test_limits_must_leave_some_values_and_not_all(limits):
    with pytest.raises(ValueError, match="lies between"):
        Rule({"snr": limits})
